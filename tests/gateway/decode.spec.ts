import { expect } from 'chai'
import * as fc from 'fast-check'
import { decode, MalformedError, WireType } from '../../src/gateway/decode'
import { deriveId, Fact, isDerived, MAX_EVENT_ID, readId } from '../../src/event'

const now = Date.UTC(2026, 10, 1, 12)
const day = 86_400_000
const earliest = Date.UTC(2001, 8, 9)
const seconds = Date.UTC(2026, 9, 31, 8, 30, 15) / 1000
const openid = 'E4F4AEA33253A2797FB897C50B81D7ED'

const plain = {
  FRIEND_ADD: ['friend-added', 'friend-add'],
  FRIEND_DEL: ['friend-deleted', 'friend-del'],
  C2C_MSG_REJECT: ['friend-push-rejected', 'msg-reject'],
  C2C_MSG_RECEIVE: ['friend-push-allowed', 'msg-receive'],
} as const

const plainTypes = Object.keys(plain) as (keyof typeof plain)[]
const types: WireType[] = [...plainTypes, 'INTERACTION_CREATE', 'C2C_MESSAGE_CREATE']

function authorize(data: object = {}, rest: object = {}) {
  return {
    type: 18,
    scene: 'c2c',
    user_openid: openid,
    timestamp: '2026-10-31T16:30:15+08:00',
    data: { resolved: { authorize_data: { scope: 'c2c_push', opt_scene: 'setting', ...data } } },
    ...rest,
  }
}

function message(author: unknown = { id: openid, user_openid: openid }, rest: object = {}) {
  return { id: 'ROBOT1.0_abc', content: 'hi', timestamp: '2026-10-31T16:30:15+08:00', author, ...rest }
}

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

const wrongIds: [what: string, value: unknown][] = [
  ['missing', undefined],
  ['null', null],
  ['empty', ''],
  ['a number', 10001],
  ['an object', { id: openid }],
  ['a list', [openid]],
  ['longer than its column', 'A'.repeat(101)],
  ['carrying a NUL', 'ABC\0DEF'],
  ['carrying a line break', 'ABC\n'],
  ['carrying a space', 'ABC DEF'],
  ['nothing but a space', ' '],
  ['led by a space', ' ABC'],
  ['carrying a letter that databases compare in their own ways', 'ÅBC'],
  ['half of a surrogate pair', '\ud83d'],
]

const wrongTimes: [what: string, value: unknown][] = [
  ['missing', undefined],
  ['null', null],
  ['empty', ''],
  ['true', true],
  ['a list', [seconds]],
  ['an object', { seconds }],
  ['zero', 0],
  ['negative', -seconds],
  ['a negative string', `-${seconds}`],
  ['from before there was a platform', 999_000_000],
  ['in milliseconds', seconds * 1000],
  ['in milliseconds, as a string', `${seconds * 1000}`],
  ['more than a day ahead', now / 1000 + 86_401],
  ['more than a day ahead, as a date', '2026-11-02T12:00:01Z'],
  ['beyond all numbers', Infinity],
  ['a string beyond all numbers', '9'.repeat(400)],
  ['not a number', NaN],
  ['hexadecimal', '0x6904733f'],
  ['in scientific notation', '1.7e9'],
  ['a string with spaces', ` ${seconds} `],
  ['a date without a time', '2026-10-31'],
  ['a date without a zone', '2026-10-31T08:30:15'],
  ['a date with a space for the T', '2026-10-31 08:30:15Z'],
  ['a date in words', 'Sat, 31 Oct 2026 08:30:15 GMT'],
  ['a date in a month that does not exist', '2026-13-31T08:30:15Z'],
  ['a date at an hour that does not exist', '2026-10-31T25:30:15Z'],
]

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
      })
    })

    it('is off when it says false', () => {
      expect(decode('INTERACTION_CREATE', authorize({ switch: false }), now)!.type).to.equal('friend-push-rejected')
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
      ['a scope that is new', authorize({ scope: 'guild_push' })],
      ['one without a scope', authorize({ scope: undefined })],
      ['what comes along when the user deletes the bot', authorize({ opt_scene: 'friend_del' })],
      ['what comes along when the user deletes the bot, with a switch', authorize({ opt_scene: 'friend_del', switch: true })],
    ]

    for (const [what, d] of ignored) {
      it(`${what} is ignored`, () => {
        expect(decode('INTERACTION_CREATE', d, now)).to.equal(undefined)
      })
    }
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
        for (const type of plainTypes) {
          expect(fault(type, { openid, timestamp: value })).to.equal(`${type} timestamp`)
        }
        expect(fault('INTERACTION_CREATE', authorize({}, { timestamp: value }))).to.equal('INTERACTION_CREATE timestamp')
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

  describe('whatever comes in', () => {
    const fields: Record<WireType, string[]> = {
      FRIEND_ADD: ['d', 'openid', 'timestamp'],
      FRIEND_DEL: ['d', 'openid', 'timestamp'],
      C2C_MSG_REJECT: ['d', 'openid', 'timestamp'],
      C2C_MSG_RECEIVE: ['d', 'openid', 'timestamp'],
      INTERACTION_CREATE: ['d', 'authorize_data', 'switch', 'user_openid', 'timestamp'],
      C2C_MESSAGE_CREATE: ['d', 'author', 'author.id'],
    }

    const outcomes: Record<WireType, string[]> = {
      FRIEND_ADD: ['friend-added friend-add'],
      FRIEND_DEL: ['friend-deleted friend-del'],
      C2C_MSG_REJECT: ['friend-push-rejected msg-reject'],
      C2C_MSG_RECEIVE: ['friend-push-allowed msg-receive'],
      INTERACTION_CREATE: ['friend-push-rejected authorize', 'friend-push-allowed authorize'],
      C2C_MESSAGE_CREATE: ['friend-added message'],
    }

    // any UTF-16, with surrogates and control characters in plenty
    const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff }), fc.integer({ min: 0, max: 0x9f }))
    const text = fc.oneof(fc.array(unit, { maxLength: 120 }).map(units => String.fromCharCode(...units)), fc.string({ unit: 'grapheme' }))
    const wrong = [...wrongIds, ...wrongTimes].map(([, value]) => value)
    const anything = fc.oneof(fc.jsonValue(), text, fc.double(), fc.constantFrom(...wrong))
    const mostly = (value: fc.Arbitrary<unknown>) => fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: anything })
    const record = (model: Record<string, fc.Arbitrary<unknown>>) => mostly(fc.record(model, { requiredKeys: [] }))

    const id = mostly(fc.constant(openid))
    const time = mostly(fc.oneof(
      fc.integer({ min: 1e9, max: now / 1000 }),
      fc.integer({ min: 1e9, max: now / 1000 }).map(String),
      fc.date({ min: new Date(earliest), max: new Date(now), noInvalidDate: true }).map(date => date.toISOString()),
      fc.double({ min: 1e9, max: now / 1000, noNaN: true }),
    ))
    const scope = mostly(fc.constantFrom('c2c_push', 'group_push'))
    const place = mostly(fc.constantFrom('setting', 'dialog', 'friend_del'))
    const data = record({ resolved: record({ authorize_data: record({ scope, opt_scene: place, switch: mostly(fc.boolean()) }) }) })
    const payload = record({
      openid: id,
      user_openid: id,
      timestamp: time,
      scene: mostly(fc.integer()),
      scene_param: mostly(text),
      type: mostly(fc.constant(18)),
      author: record({ id, user_openid: id, username: mostly(text) }),
      data,
    })

    function verify(type: WireType, fact: Fact) {
      expect(outcomes[type]).to.include(`${fact.type} ${fact.source}`)
      expect(fact.userId).to.match(/^[!-~]{1,100}$/)
      expect(Number.isSafeInteger(fact.occurredAt)).to.equal(true)
      expect(fact.occurredAt).to.be.within(earliest, now + day)
      if (fact.scene !== undefined) {
        expect(Number.isInteger(fact.scene)).to.equal(true)
        expect(fact.scene).to.be.within(-(2 ** 31), 2 ** 31 - 1)
      }
      for (const text of [fact.sceneParam, fact.name]) {
        if (text === undefined) continue
        expect(text).to.not.equal('')
        expect(text).to.not.match(/[\p{Cc}\p{Cs}]/u)
        expect([...text].length).to.be.at.most(64)
      }
      expect(['type', 'source', 'userId', 'occurredAt', 'scene', 'sceneParam', 'name']).to.include.members(Object.keys(fact))
    }

    it('is a fact by the rules, or nothing, or malformed', () => {
      fc.assert(fc.property(fc.constantFrom(...types), payload, (type, d) => {
        const before = structuredClone(d)
        try {
          const fact = decode(type, d, now)
          if (fact) verify(type, fact)
          else expect(type).to.equal('INTERACTION_CREATE')
        } catch (error) {
          if (!(error instanceof MalformedError)) throw error
          expect(error.type).to.equal(type)
          expect(fields[type]).to.include(error.field)
        }
        expect(d).to.deep.equal(before)
      }), { numRuns: 2000 })
    })

    it('is well-formed often enough for this to mean something', () => {
      const seen = new Set<string>()
      for (const [type, d] of fc.sample(fc.tuple(fc.constantFrom(...types), payload), { numRuns: 2000, seed: 1 })) {
        try {
          seen.add(decode(type, d, now)?.type ?? 'ignored')
        } catch {
          seen.add('malformed')
        }
      }
      expect([...seen]).to.have.members([
        'friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed', 'ignored', 'malformed',
      ])
    })
  })
})

describe('the id of an envelope', () => {
  it('is taken as it is', () => {
    const id = 'FRIEND_ADD:ec2769d0-f3d5-4315-a000-3d8e6fa4a0d4'
    expect(readId(id, MAX_EVENT_ID)).to.equal(id)
    expect(readId('x'.repeat(MAX_EVENT_ID), MAX_EVENT_ID)).to.have.length(MAX_EVENT_ID)
  })

  it('is unknown when no key column could hold it', () => {
    for (const [, value] of wrongIds.filter(([, value]) => typeof value !== 'string' || value.length < 101)) {
      expect(readId(value, MAX_EVENT_ID)).to.equal(undefined)
    }
    expect(readId('x'.repeat(MAX_EVENT_ID + 1), MAX_EVENT_ID)).to.equal(undefined)
  })
})

describe('an id for an event without an envelope', () => {
  const fact: Fact = { type: 'friend-added', source: 'friend-add', userId: openid, occurredAt: seconds * 1000 }

  it('is the same for the same event', () => {
    expect(deriveId('100', fact)).to.equal(deriveId('100', { ...fact, scene: 1001 }))
  })

  it('differs in all that makes another event', () => {
    const ids = [
      deriveId('100', fact),
      deriveId('101', fact),
      deriveId('100', { ...fact, type: 'friend-deleted' }),
      deriveId('100', { ...fact, source: 'message' }),
      deriveId('100', { ...fact, userId: 'OTHER' }),
      deriveId('100', { ...fact, occurredAt: fact.occurredAt + 1000 }),
    ]
    expect(new Set(ids).size).to.equal(ids.length)
  })

  it('is known for what it is', () => {
    expect(isDerived(deriveId('100', fact))).to.equal(true)
    expect(isDerived('FRIEND_ADD:ec2769d0-f3d5-4315-a000-3d8e6fa4a0d4')).to.equal(false)
  })

  it('fits its column, however long its parts', () => {
    const longest = 'x'.repeat(100)
    const id = deriveId(longest, { ...fact, type: 'friend-push-rejected', source: 'msg-receive', userId: longest })
    expect(readId(id, MAX_EVENT_ID)).to.equal(id)
  })
})
