/** Rule: a payload tells who did what, when, and where they came from; one that cannot be read is malformed, but a no needs no time. */
import { expect } from 'chai'
import { decode, MalformedError, readGroup, UnknownError, WireType } from '../../src/gateway/decode'
import { authorize, day, message, now, openid, plain, plainTypes, seconds, types, wrongIds, wrongTimes } from './payloads'

/** The type and the field that a payload is malformed in. */
function fault(type: WireType, d: unknown) {
  try {
    decode(type, d, now)
  } catch (error) {
    expect(error).to.be.instanceOf(MalformedError)
    const { type, field, message } = error as MalformedError
    expect(message).to.equal(`malformed ${type}: ${field}`)
    return `${type} ${field}`
  }
}

describe('reading a payload', () => {
  describe('the four user events', () => {
    for (const type of plainTypes) {
      it(`${type} tells who and when`, () => {
        const [name, source] = plain[type]
        expect(decode(type, { openid, timestamp: seconds }, now)).to.deep.equal({
          type: name,
          source,
          userId: openid,
          occurredAt: seconds * 1000,
        })
      })

      it(`${type} is read whatever else it carries`, () => {
        const d = { openid, timestamp: seconds, short_code: 'x', author: { union_openid: '' }, unheard_of: [null] }
        expect(decode(type, d, now)).to.include({ userId: openid, occurredAt: seconds * 1000 })
      })
    }
  })

  describe('where a user came from', () => {
    const scene = (d: object) => decode('FRIEND_ADD', { openid, timestamp: seconds, ...d }, now)!

    it('is the scene and the data on the link', () => {
      expect(scene({ scene: 2003, scene_param: 'from=poster' })).to.include({ scene: 2003, sceneParam: 'from=poster' })
    })

    it('has its data by itself or within the JSON that was sent for the link', () => {
      const param = (value: string) => scene({ scene: 2003, scene_param: value }).sceneParam
      for (const data of ['poster', 'x'.repeat(32), '{"a":1}', '海报 "1"']) {
        expect(param(JSON.stringify({ callbackData: data }))).to.equal(data)
        expect(param(` ${JSON.stringify({ callbackData: data, more: [1] }, undefined, 40)}`)).to.equal(data)
      }
      expect(param('{"callbackData": ""}')).to.equal(undefined)
      for (const other of ['{poster}', '{"callbackData":5}', '{"callback":"a"}', '{"callbackData":"a"', '"a"', '[{"callbackData":"a"}]']) {
        expect(param(other)).to.equal(other)
      }
    })

    it('may be a scene alone', () => {
      for (const value of [undefined, null, '', ' ', 42, {}]) {
        expect(scene({ scene: 1001, scene_param: value }).scene).to.equal(1001)
        expect(scene({ scene: 1001, scene_param: value }).sceneParam).to.equal(undefined)
      }
    })

    it('is unknown after a user came back', () => {
      expect(scene({})).to.have.keys('type', 'source', 'userId', 'occurredAt')
    })

    it('is unknown, and the event still good, when the scene is no number that fits its column', () => {
      for (const value of [null, '1001', 10.5, 2 ** 31, -(2 ** 31) - 1, NaN, [], {}, true]) {
        expect(scene({ scene: value, scene_param: 'x' })).to.have.keys('type', 'source', 'userId', 'occurredAt')
      }
    })

    it('is told by no other event', () => {
      for (const type of plainTypes.filter(type => type !== 'FRIEND_ADD')) {
        const fact = decode(type, { openid, timestamp: seconds, scene: 1001, scene_param: 'x' }, now)
        expect(fact).to.have.keys('type', 'source', 'userId', 'occurredAt')
      }
    })
  })

  describe('the switch, as an interaction', () => {
    it('is on when it says true', () => {
      expect(decode('INTERACTION_CREATE', authorize({ switch: true }), now)).to.deep.equal({
        type: 'friend-push-allowed',
        source: 'authorize',
        userId: openid,
        occurredAt: seconds * 1000,
      })
    })

    it('is off when it is absent', () => {
      expect(decode('INTERACTION_CREATE', authorize(), now)).to.deep.equal({
        type: 'friend-push-rejected',
        source: 'authorize',
        userId: openid,
        occurredAt: seconds * 1000,
        weak: true,
      })
    })

    it('is off when it says false, and that is no weak word', () => {
      const fact = decode('INTERACTION_CREATE', authorize({ switch: false }), now)!
      expect(fact.type).to.equal('friend-push-rejected')
      expect(fact.weak).to.equal(undefined)
    })

    it('counts wherever it was toggled', () => {
      for (const place of ['setting', 'dialog', 'a new place', undefined]) {
        expect(decode('INTERACTION_CREATE', authorize({ opt_scene: place, switch: true }), now)!.type).to.equal('friend-push-allowed')
      }
    })

    it('is malformed when it says anything else', () => {
      for (const value of ['true', 'on', '', 1, 0, [], {}]) {
        expect(fault('INTERACTION_CREATE', authorize({ switch: value }))).to.equal('INTERACTION_CREATE switch')
      }
    })

    it('is malformed without its data', () => {
      for (const data of [undefined, null, 'x', [], {}, { resolved: null }, { resolved: {} }, { resolved: { authorize_data: [] } }]) {
        expect(fault('INTERACTION_CREATE', authorize({}, { data }))).to.equal('INTERACTION_CREATE authorize_data')
      }
    })
  })

  describe('interactions that are not about proactive messages', () => {
    const ignored: [what: string, d: object][] = [
      ['a button', { type: 11, user_openid: openid, data: { resolved: { button_id: '1' } } }],
      ['a menu', { type: 12 }],
      ['one without a type', {}],
      ['one whose type is a string', authorize({}, { type: '18' })],
      ['the switch of a group', authorize({ scope: 'group_push', switch: true })],
      ['what comes along when the user deletes the bot', authorize({ opt_scene: 'friend_del' })],
      ['what comes along when the user deletes the bot, with a switch', authorize({ opt_scene: 'friend_del', switch: true })],
    ]

    for (const [what, d] of ignored) {
      it(`${what} is ignored`, () => {
        expect(decode('INTERACTION_CREATE', d, now)).to.equal(undefined)
      })
    }

    it('whose scope is new are unknown', () => {
      for (const [scope, kind] of [['guild_push', 'guild_push'], [' x\n'.repeat(99), ' x'.repeat(99).trim().slice(0, 64)]]) {
        expect(() => decode('INTERACTION_CREATE', authorize({ scope }), now)).to.throw(UnknownError, `unknown INTERACTION_CREATE: ${kind}`)
      }
    })

    it('without a scope are malformed', () => {
      for (const scope of [undefined, null, '', 1, {}]) expect(fault('INTERACTION_CREATE', authorize({ scope }))).to.equal('INTERACTION_CREATE scope')
    })
  })

  describe('messages', () => {
    it('tell of a friend', () => {
      expect(decode('C2C_MESSAGE_CREATE', message(), now)).to.deep.equal({
        type: 'friend-added',
        source: 'message',
        userId: openid,
        occurredAt: seconds * 1000,
        name: undefined,
      })
    })

    it('may tell the name', () => {
      expect(decode('C2C_MESSAGE_CREATE', message({ id: openid, username: 'Ada' }), now)!.name).to.equal('Ada')
    })

    it('name their author in one of two ways', () => {
      expect(decode('C2C_MESSAGE_CREATE', message({ id: openid }), now)!.userId).to.equal(openid)
      expect(decode('C2C_MESSAGE_CREATE', message({ user_openid: openid }), now)!.userId).to.equal(openid)
      expect(decode('C2C_MESSAGE_CREATE', message({ id: '', user_openid: openid }), now)!.userId).to.equal(openid)
    })

    for (const [what, timestamp] of wrongTimes) {
      it(`are news of right now when their timestamp is ${what}`, () => {
        expect(decode('C2C_MESSAGE_CREATE', message({ id: openid }, { timestamp }), now)!.occurredAt).to.equal(now)
      })
    }

    it('are malformed without an author', () => {
      for (const author of [null, 'x', 5, [], [{ id: openid }]]) {
        expect(fault('C2C_MESSAGE_CREATE', message(author))).to.equal('C2C_MESSAGE_CREATE author')
      }
      expect(fault('C2C_MESSAGE_CREATE', { id: 'x' })).to.equal('C2C_MESSAGE_CREATE author')
    })
  })

  describe('a malformed user', () => {
    for (const [what, value] of wrongIds) {
      it(what, () => {
        for (const type of plainTypes) {
          expect(fault(type, { openid: value, timestamp: seconds })).to.equal(`${type} openid`)
        }
        expect(fault('INTERACTION_CREATE', authorize({}, { user_openid: value }))).to.equal('INTERACTION_CREATE user_openid')
        expect(fault('C2C_MESSAGE_CREATE', message({ id: value }))).to.equal('C2C_MESSAGE_CREATE author.id')
      })
    }

    it('is none for an id that just fits', () => {
      const longest = 'A'.repeat(100)
      for (const type of plainTypes) {
        expect(decode(type, { openid: longest, timestamp: seconds }, now)!.userId).to.equal(longest)
      }
    })
  })

  describe('a malformed time', () => {
    for (const [what, value] of wrongTimes) {
      it(what, () => {
        for (const type of plainTypes.filter(type => type !== 'C2C_MSG_REJECT')) {
          expect(fault(type, { openid, timestamp: value })).to.equal(`${type} timestamp`)
        }
        expect(fault('INTERACTION_CREATE', authorize({ switch: true }, { timestamp: value }))).to.equal('INTERACTION_CREATE timestamp')
      })

      it(`${what}, on a rejection, which counts as of now`, () => {
        const rejection = { type: 'friend-push-rejected', userId: openid, occurredAt: now, unread: 'timestamp' }
        expect(decode('C2C_MSG_REJECT', { openid, timestamp: value }, now)).to.deep.equal({ ...rejection, source: 'msg-reject' })
        for (const off of [{}, { switch: false }]) {
          const fact = decode('INTERACTION_CREATE', authorize(off, { timestamp: value }), now)
          expect(fact).to.deep.include({ ...rejection, source: 'authorize' })
        }
      })
    }
  })

  describe('a time', () => {
    const forms: [what: string, value: unknown, expected: number][] = [
      ['a number of seconds', seconds, seconds * 1000],
      ['a string of seconds', `${seconds}`, seconds * 1000],
      ['a number with a fraction', seconds + 0.5, seconds * 1000 + 500],
      ['a date in UTC', '2026-10-31T08:30:15Z', seconds * 1000],
      ['a date in another zone', '2026-10-31T16:30:15+08:00', seconds * 1000],
      ['a date in a zone to the west', '2026-10-31T01:00:15-07:30', seconds * 1000],
      ['a date with a fraction', '2026-10-31T08:30:15.250Z', seconds * 1000 + 250],
      ['a date with nanoseconds', '2026-10-31T16:30:15.250999999+08:00', seconds * 1000 + 250],
      ['a date in small letters', '2026-10-31t08:30:15z', seconds * 1000],
      ['milliseconds', seconds * 1000 + 250, seconds * 1000 + 250],
      ['a string of milliseconds', `${seconds * 1000 + 250}`, seconds * 1000 + 250],
      ['a date in a zone without a colon', '2026-10-31T16:30:15+0800', seconds * 1000],
      ['a date without a zone, which is the platform\'s', '2026-10-31T16:30:15', seconds * 1000],
      ['a date with a space for the T', '2026-10-31 08:30:15Z', seconds * 1000],
      ['a date with a space for the T and no zone', '2026-10-31 16:30:15', seconds * 1000],
      ['a date at a leap second', '2026-10-31T23:59:60+08:00', Date.UTC(2026, 9, 31, 16)],
      ['now', now / 1000, now],
      ['a day ahead, for clocks that differ', now / 1000 + 86_400, now + day],
    ]

    for (const [what, timestamp, expected] of forms) {
      it(`may be ${what}`, () => {
        for (const type of plainTypes) {
          expect(decode(type, { openid, timestamp }, now)!.occurredAt).to.equal(expected)
        }
        expect(decode('INTERACTION_CREATE', authorize({}, { timestamp }), now)!.occurredAt).to.equal(expected)
        expect(decode('C2C_MESSAGE_CREATE', message({ id: openid }, { timestamp }), now)!.occurredAt).to.equal(expected)
      })
    }
  })

  describe('a payload that is no object', () => {
    for (const d of [undefined, null, 'text', '', 0, 1, true, [], [{ openid, timestamp: seconds }]]) {
      it(JSON.stringify(d) ?? 'undefined', () => {
        for (const type of types) expect(fault(type, d)).to.equal(`${type} d`)
      })
    }
  })

  describe('text that a user chose', () => {
    const name = (username: unknown) => decode('C2C_MESSAGE_CREATE', message({ id: openid, username }), now)!.name
    const param = (value: unknown) => decode('FRIEND_ADD', { openid, timestamp: seconds, scene: 2003, scene_param: value }, now)!.sceneParam

    const texts: [rule: string, value: unknown, expected: string | undefined][] = [
      ['stays as it is', '小明 <b>{user.id}</b> 😀 O\'Neil', '小明 <b>{user.id}</b> 😀 O\'Neil'],
      ['loses its control characters', 'a\0b\u0007c\r\nd\te\u007ff\u0085g', 'abcdefg'],
      ['loses halves of surrogate pairs', 'a\ud83db\ude00c', 'abc'],
      ['keeps whole surrogate pairs', '\ud83d\ude00', '😀'],
      ['loses the space around it', '  Ada  ', 'Ada'],
      ['loses the space that control characters hid', '\0  Ada \n ', 'Ada'],
      ['is cut at 64 characters', 'x'.repeat(70), 'x'.repeat(64)],
      ['is cut between characters, never within one', '😀'.repeat(70), '😀'.repeat(64)],
      ['is unknown when nothing is left', ' \0\n\ud83d ', undefined],
      ['is unknown when empty', '', undefined],
      ['is unknown when it is no text', 12, undefined],
      ['is unknown when null', null, undefined],
    ]

    for (const [rule, value, expected] of texts) {
      it(rule, () => {
        expect(name(value)).to.equal(expected)
        expect(param(value)).to.equal(expected)
      })
    }
  })
})

describe('the group of a message', () => {
  it('is named in one of two ways', () => {
    expect(readGroup({ group_openid: 'G', group_id: 'H' })).to.equal('G')
    expect(readGroup({ group_id: 'H' })).to.equal('H')
  })

  it('is none when nothing names it', () => {
    for (const d of [undefined, null, 'G', [], {}, { group_id: '' }, { group_openid: 5 }]) expect(readGroup(d)).to.equal(undefined)
  })
})
