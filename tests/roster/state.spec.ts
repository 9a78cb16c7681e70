import { expect } from 'chai'
import * as fc from 'fast-check'
import { UserEvent } from '../../src/event'
import { EventSource, EventType, QQUser, QQUserEntry } from '../../src/model'
import { isDeed, isToggle, isTwin, transition } from '../../src/roster/state'

const start = Date.UTC(2026, 0, 1)

type Kind = readonly [type: EventType, source: EventSource]

const kinds = {
  add: ['friend-added', 'friend-add'],
  del: ['friend-deleted', 'friend-del'],
  reject: ['friend-push-rejected', 'msg-reject'],
  receive: ['friend-push-allowed', 'msg-receive'],
  authorizeOff: ['friend-push-rejected', 'authorize'],
  authorizeOn: ['friend-push-allowed', 'authorize'],
  message: ['friend-added', 'message'],
  refusedByUser: ['friend-push-rejected', 'send-error'],
  notFriends: ['friend-deleted', 'send-error'],
} as const satisfies Record<string, Kind>

const types: EventType[] = ['friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed']
const entered = types.flatMap(type => (['operator', 'import'] as const).map(source => [type, source] as const))
const allKinds: Kind[] = [...Object.values(kinds), ...entered]

/** An event at a second. */
function event(kind: Kind, second: number, rest: Partial<UserEvent> = {}): UserEvent {
  const [type, source] = kind
  return {
    id: `${source}:${type}:${second}`,
    type,
    source,
    selfId: '100',
    userId: 'U',
    occurredAt: start + second * 1000,
    receivedAt: start + second * 1000 + 50,
    ...rest,
  }
}

/** What comes of a stream of events, one user's, as they are put on record. */
function replay(events: readonly UserEvent[], observe?: (event: UserEvent, before: QQUser | undefined, after: QQUser) => void) {
  const ids = new Set<string>()
  const toggles: Pick<QQUserEntry, 'type' | 'source' | 'occurredAt'>[] = []
  const applied: boolean[] = []
  const twins: boolean[] = []
  let user: QQUser | undefined
  for (const event of events) {
    if (ids.has(event.id)) continue
    ids.add(event.id)
    const twin = isTwin(event, toggles)
    const before = user
    const result = transition(user, event, twin)
    user = result.user
    applied.push(result.applied)
    twins.push(twin)
    if (isToggle(event.type) && (isDeed(event.source) || result.applied)) {
      toggles.push({ ...event, occurredAt: new Date(event.occurredAt) })
    }
    observe?.(event, before, user)
  }
  return { user: user!, applied, twins }
}

const at = (second: number) => new Date(start + second * 1000)
const state = (...events: UserEvent[]) => replay(events).user
const applied = (...events: UserEvent[]) => replay(events).applied
const twins = (...events: UserEvent[]) => replay(events).twins

const { add, del, reject, receive, authorizeOff, authorizeOn, message, refusedByUser, notFriends } = kinds

describe('the state of a user', () => {
  describe('relation', () => {
    it('is unknown while only the switch was seen', () => {
      expect(state(event(reject, 1))).to.include({ relation: 'unknown', relationAt: null })
    })

    it('is that of a friend after the bot was added', () => {
      expect(state(event(add, 1))).to.deep.include({ relation: 'friend', relationAt: at(1) })
    })

    it('ends when the bot is deleted', () => {
      expect(state(event(add, 1), event(del, 2))).to.deep.include({ relation: 'deleted', relationAt: at(2) })
    })

    it('begins again when the bot is added again', () => {
      expect(state(event(add, 1), event(del, 2), event(add, 3))).to.deep.include({ relation: 'friend', relationAt: at(3) })
    })

    it('is known to be over for a user of whom only the deletion was seen', () => {
      expect(state(event(del, 1))).to.deep.include({ relation: 'deleted', relationAt: at(1) })
    })
  })

  describe('consent', () => {
    it('is unknown, and not allowed, while the switch was never seen', () => {
      expect(state(event(add, 1), event(message, 2))).to.include({ consent: 'unknown', consentAt: null })
    })

    for (const [channel, on, off] of [['messages', receive, reject], ['interactions', authorizeOn, authorizeOff]] as const) {
      it(`follows the switch that is told of by ${channel}`, () => {
        expect(state(event(off, 1))).to.deep.include({ consent: 'rejected', consentAt: at(1) })
        expect(state(event(off, 1), event(on, 20))).to.deep.include({ consent: 'allowed', consentAt: at(20) })
        expect(state(event(off, 1), event(on, 20), event(off, 40))).to.deep.include({ consent: 'rejected', consentAt: at(40) })
      })
    }

    it('outlives the deletion of the bot', () => {
      expect(state(event(reject, 1), event(del, 2), event(add, 3))).to.deep.include({ consent: 'rejected', consentAt: at(1) })
      expect(state(event(receive, 1), event(del, 2))).to.deep.include({ consent: 'allowed', consentAt: at(1) })
    })
  })

  describe('the two move separately', () => {
    it('a toggle does not touch the relation', () => {
      const before = state(event(add, 1))
      const after = state(event(add, 1), event(reject, 2))
      expect(after).to.deep.equal({ ...before, consent: 'rejected', consentAt: at(2) })
    })

    it('a newer toggle does not make an older deletion late', () => {
      expect(state(event(add, 1), event(reject, 5), event(del, 3))).to.deep.include({
        relation: 'deleted', relationAt: at(3), consent: 'rejected', consentAt: at(5),
      })
    })
  })

  describe('the newest event decides', () => {
    it('whatever comes late changes nothing but what was seen first', () => {
      expect(state(event(add, 5), event(del, 3))).to.deep.equal({ ...state(event(add, 5)), firstSeen: at(3) })
      expect(state(event(receive, 25), event(reject, 3))).to.deep.equal({ ...state(event(receive, 25)), firstSeen: at(3) })
    })

    it('of two at the same time the later arrival', () => {
      expect(state(event(add, 1), event(del, 1)).relation).to.equal('deleted')
      expect(state(event(del, 1), event(add, 1)).relation).to.equal('friend')
      expect(state(event(receive, 1), event(reject, 1)).consent).to.equal('rejected')
      expect(state(event(reject, 1), event(receive, 1)).consent).to.equal('allowed')
    })

    it('a duplicate changes nothing', () => {
      const events = [event(add, 1), event(reject, 1), event(receive, 1), event(message, 4)]
      const before = replay(events)
      expect(replay([...events, ...events])).to.deep.equal(before)
    })
  })

  describe('what counts as applied', () => {
    it('everything that the user did, even if it leaves all as it was', () => {
      expect(applied(event(add, 1), event(add, 2))).to.deep.equal([true, true])
      expect(applied(event(message, 1), event(add, 2))).to.deep.equal([true, true])
      expect(applied(event(receive, 1), event(receive, 2))).to.deep.equal([true, true])
      expect(applied(event(refusedByUser, 1), event(reject, 2))).to.deep.equal([true, true])
    })

    it('nothing that came too late', () => {
      expect(applied(event(add, 5), event(del, 3))).to.deep.equal([true, false])
      expect(applied(event(receive, 5), event(reject, 3))).to.deep.equal([true, false])
    })

    it('what is concluded, if it is news', () => {
      expect(applied(event(message, 1), event(message, 2))).to.deep.equal([true, false])
      expect(applied(event(add, 1), event(message, 2))).to.deep.equal([true, false])
      expect(applied(event(add, 1), event(notFriends, 2), event(notFriends, 3))).to.deep.equal([true, true, false])
      expect(applied(event(refusedByUser, 1), event(refusedByUser, 2))).to.deep.equal([true, false])
      expect(applied(event(reject, 1), event(refusedByUser, 2))).to.deep.equal([true, false])
    })

    it('no permission that is not the user\'s own', () => {
      expect(applied(event(['friend-push-allowed', 'operator'], 1))).to.deep.equal([false])
      expect(applied(event(['friend-push-allowed', 'import'], 1))).to.deep.equal([false])
    })
  })

  describe('messages teach too', () => {
    it('put somebody unknown on the roster', () => {
      expect(state(event(message, 1))).to.deep.include({
        relation: 'friend', relationAt: at(1), consent: 'unknown', firstSeen: at(1), lastMessageAt: at(1),
      })
    })

    it('make somebody who deleted the bot a friend again', () => {
      expect(state(event(add, 1), event(del, 2), event(message, 3))).to.deep.include({ relation: 'friend', relationAt: at(3) })
      expect(applied(event(del, 2), event(message, 3))).to.deep.equal([true, true])
    })

    it('leave deleted who deleted the bot afterwards', () => {
      expect(state(event(del, 4), event(message, 3))).to.deep.include({ relation: 'deleted', lastMessageAt: at(3) })
    })

    it('say nothing about the switch', () => {
      expect(state(event(reject, 1), event(message, 2))).to.deep.include({ consent: 'rejected', consentAt: at(1) })
    })

    it('are remembered by the last one', () => {
      expect(state(event(message, 1), event(message, 9), event(message, 5)).lastMessageAt).to.deep.equal(at(9))
    })

    it('are all that is remembered as one', () => {
      expect(state(event(add, 1), event(reject, 2), event(notFriends, 3)).lastMessageAt).to.equal(null)
    })

    it('tell the name, the newest counts', () => {
      const events = [event(message, 1, { name: 'Ada' }), event(message, 9, { name: 'Grace' }), event(message, 5, { name: 'Joan' })]
      expect(state(...events)).to.deep.include({ name: 'Grace', nameAt: at(9) })
    })

    it('do not take the name away', () => {
      expect(state(event(message, 1, { name: 'Ada' }), event(message, 2))).to.deep.include({ name: 'Ada', nameAt: at(1) })
    })
  })

  describe('where the user came from', () => {
    it('is what the newest event that knows says', () => {
      const events = [event(add, 1, { scene: 1001 }), event(add, 9, { scene: 2003, sceneParam: 'poster' }), event(add, 5, { scene: 1003 })]
      expect(state(...events)).to.deep.include({ scene: 2003, sceneParam: 'poster', sceneAt: at(9) })
    })

    it('takes its data along', () => {
      const user = state(event(add, 1, { scene: 2003, sceneParam: 'poster' }), event(add, 2, { scene: 1001 }))
      expect(user).to.deep.include({ scene: 1001, sceneParam: null, sceneAt: at(2) })
    })

    it('stays when a user comes back, of which the platform does not say from where', () => {
      const user = state(event(add, 1, { scene: 2003, sceneParam: 'poster' }), event(del, 2), event(add, 3))
      expect(user).to.deep.include({ scene: 2003, sceneParam: 'poster', sceneAt: at(1) })
    })
  })

  describe('when the user was first seen', () => {
    it('is the time of the oldest event, whenever it arrives', () => {
      expect(state(event(add, 5)).firstSeen).to.deep.equal(at(5))
      expect(state(event(add, 5), event(message, 9)).firstSeen).to.deep.equal(at(5))
      expect(state(event(add, 5), event(reject, 2)).firstSeen).to.deep.equal(at(2))
    })
  })

  describe('a refused send', () => {
    it('teaches that the switch is off', () => {
      expect(state(event(receive, 1), event(refusedByUser, 2))).to.deep.include({ consent: 'rejected', consentAt: at(2) })
    })

    it('teaches that they are not friends', () => {
      expect(state(event(add, 1), event(notFriends, 2))).to.deep.include({ relation: 'deleted', relationAt: at(2) })
    })

    it('is overruled by the user\'s own doing in the same second', () => {
      expect(state(event(refusedByUser, 2), event(receive, 2)).consent).to.equal('allowed')
      expect(state(event(notFriends, 2), event(add, 2)).relation).to.equal('friend')
    })
  })

  describe('a rejection', () => {
    for (const lift of [receive, authorizeOn]) {
      it(`is lifted by ${lift[1]}`, () => {
        for (const cause of [reject, authorizeOff, refusedByUser, ['friend-push-rejected', 'operator'], ['friend-push-rejected', 'import']] as const) {
          expect(state(event(cause, 1), event(lift, 2)).consent).to.equal('allowed')
        }
      })
    }

    for (const source of ['operator', 'import', 'message', 'send-error', 'friend-add', 'friend-del'] as const) {
      it(`is not lifted by ${source}`, () => {
        const before = state(event(reject, 1))
        for (const type of types) {
          expect(transition(before, event([type, source], 2)).user.consent).to.equal('rejected')
        }
        const { user, applied } = transition(before, event(['friend-push-allowed', source], 2))
        expect(user).to.deep.include({ consent: 'rejected', consentAt: at(1) })
        expect(applied).to.equal(false)
      })
    }

    it('can be entered by an operator, and not by an import', () => {
      expect(state(event(receive, 1), event(['friend-push-rejected', 'operator'], 2)).consent).to.equal('rejected')
      expect(state(event(receive, 1), event(['friend-push-rejected', 'import'], 2)).consent).to.equal('allowed')
    })

    it('is lifted by nothing but msg-receive and authorize, whatever happens in whichever order', () => {
      const stream = fc.array(fc.tuple(fc.constantFrom(...allKinds), fc.integer({ min: 0, max: 30 })), { maxLength: 30 })
      fc.assert(fc.property(stream, (stream) => {
        const events = stream.map(([kind, second], index) => event(kind, second, { id: `${index}` }))
        replay(events, ({ type, source }, before, after) => {
          if (before?.consent !== 'rejected' || after.consent === 'rejected') return
          expect(type).to.equal('friend-push-allowed')
          expect(source).to.be.oneOf(['msg-receive', 'authorize'])
        })
      }), { numRuns: 1000 })
    })
  })

  it('is a new object for each event; the old one stays as it was', () => {
    const before = state(event(add, 5))
    const copy = structuredClone(before)
    for (const kind of allKinds) transition(before, event(kind, 3, { scene: 1, name: 'x' }))
    for (const kind of allKinds) transition(before, event(kind, 9, { scene: 1, name: 'x' }))
    expect(before).to.deep.equal(copy)
  })
})

describe('one toggle through both channels', () => {
  const pairs = [['off', reject, authorizeOff], ['on', receive, authorizeOn]] as const

  for (const [what, plain, interaction] of pairs) {
    for (const [first, second] of [[plain, interaction], [interaction, plain]]) {
      it(`turned ${what}: ${first[1]}, then ${second[1]}`, () => {
        for (const distance of [-10, -3, 0, 3, 10]) {
          const events = [event(first, 100), event(second, 100 + distance)]
          expect(twins(...events), `${distance} s`).to.deep.equal([false, true])
          expect(applied(...events), `${distance} s`).to.deep.equal([true, false])
        }
      })

      it(`turned ${what}: ${first[1]}, then ${second[1]} more than ten seconds apart, are two`, () => {
        for (const distance of [-11, 11, 3600]) {
          expect(twins(event(first, 100), event(second, 100 + distance)), `${distance} s`).to.deep.equal([false, false])
        }
        expect(applied(event(first, 100), event(second, 111))).to.deep.equal([true, true])
      })
    }
  }

  it('ends in the same state, whichever comes first', () => {
    const [one, other] = [event(reject, 100), event(authorizeOff, 103)]
    expect(state(one, other)).to.deep.equal(state(other, one))
    expect(state(one, other)).to.deep.include({ consent: 'rejected', consentAt: at(103), firstSeen: at(100) })
  })

  it('from the same channel is two', () => {
    const again = event(reject, 102)
    expect(twins(event(reject, 100), again)).to.deep.equal([false, false])
    expect(applied(event(reject, 100), again)).to.deep.equal([true, true])
  })

  it('with another outcome is two', () => {
    expect(twins(event(reject, 100), event(authorizeOn, 100))).to.deep.equal([false, false])
  })

  it('is two when the user has changed their mind in between', () => {
    const events = [event(reject, 100), event(receive, 102), event(authorizeOff, 104)]
    expect(twins(...events)).to.deep.equal([false, false, false])
    expect(applied(...events)).to.deep.equal([true, true, true])
    expect(state(...events).consent).to.equal('rejected')
  })

  it('is two when the change of mind arrived late, and lies in between', () => {
    const events = [event(receive, 102), event(reject, 100), event(authorizeOff, 104)]
    expect(twins(...events)).to.deep.equal([false, false, false])
    expect(state(...events).consent).to.equal('rejected')
  })

  it('is two when the change of mind shares the second of the later one, and arrived before it', () => {
    const events = [event(receive, 105), event(reject, 100), event(authorizeOff, 105)]
    expect(state(...events).consent).to.equal('rejected')
    expect(twins(...events)).to.deep.equal([false, false, false])
    expect(applied(...events)).to.deep.equal([true, false, true])
  })

  it('is one when the user has changed their mind before or after', () => {
    expect(twins(event(receive, 98), event(reject, 100), event(authorizeOff, 102))).to.deep.equal([false, false, true])
    expect(twins(event(reject, 100), event(receive, 104), event(authorizeOff, 102))).to.deep.equal([false, false, true])
    expect(state(event(reject, 100), event(receive, 104), event(authorizeOff, 102)).consent).to.equal('allowed')
  })

  it('is told apart within one second by the order of arrival', () => {
    expect(twins(event(receive, 100), event(reject, 100), event(authorizeOff, 100))).to.deep.equal([false, false, true])
    expect(twins(event(reject, 100), event(receive, 100), event(authorizeOff, 100))).to.deep.equal([false, false, false])
    expect(state(event(receive, 100), event(reject, 100), event(authorizeOff, 100)).consent).to.equal('rejected')
    expect(state(event(reject, 100), event(receive, 100), event(authorizeOff, 100)).consent).to.equal('rejected')
  })

  it('follows a toggle to and fro, each with its twin', () => {
    const events = [
      event(reject, 100), event(authorizeOff, 100),
      event(receive, 102), event(authorizeOn, 102),
      event(reject, 104), event(authorizeOff, 105),
    ]
    expect(twins(...events)).to.deep.equal([false, true, false, true, false, true])
    expect(state(...events)).to.deep.include({ consent: 'rejected', consentAt: at(105) })
  })

  it('is no twin of what was concluded or entered', () => {
    expect(twins(event(refusedByUser, 100), event(reject, 100))).to.deep.equal([false, false])
    expect(applied(event(refusedByUser, 100), event(reject, 100))).to.deep.equal([true, true])
    for (const source of ['operator', 'import'] as const) {
      expect(twins(event(['friend-push-rejected', source], 100), event(reject, 101))).to.deep.equal([false, false])
    }
  })

  it('concerns the switch only', () => {
    expect(isTwin(event(message, 100), [{ type: 'friend-added', source: 'friend-add', occurredAt: at(100) }])).to.equal(false)
    expect(twins(event(add, 100), event(message, 100), event(del, 100), event(notFriends, 100))).to.deep.equal([false, false, false, false])
  })
})

describe('any order and any duplication of the same events', () => {
  const details = fc.record({
    scene: fc.option(fc.integer({ min: 1000, max: 2004 }), { nil: undefined }),
    sceneParam: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    name: fc.option(fc.constantFrom('Ada', 'Grace'), { nil: undefined }),
  })
  const events = fc.uniqueArray(fc.tuple(fc.constantFrom(...allKinds), fc.integer({ min: 0, max: 40 }), details), {
    minLength: 1,
    maxLength: 16,
    selector: ([, second]) => second,
  }).map(list => list.map(([kind, second, details]) => event(kind, second, details)))

  const shuffled = events.chain(events => fc.tuple(
    fc.constant(events),
    fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 }),
  ))

  it('ends in one and the same state', () => {
    fc.assert(fc.property(shuffled, ([events, stream]) => {
      expect(state(...stream)).to.deep.equal(state(...events))
    }), { numRuns: 2000 })
  })

  it('ends in what the newest event of each kind says', () => {
    fc.assert(fc.property(shuffled, ([events, stream]) => {
      const sorted = [...events].sort((a, b) => a.occurredAt - b.occurredAt)
      const newest = (filter: (event: UserEvent) => unknown) => sorted.filter(filter).at(-1)
      const time = (event?: UserEvent) => event ? new Date(event.occurredAt) : null

      const relation = newest(({ type, source }) => source !== 'import' && (type === 'friend-added' || type === 'friend-deleted'))
      const consent = newest(({ type, source }) => type === 'friend-push-rejected' && source !== 'import'
        || type === 'friend-push-allowed' && (source === 'msg-receive' || source === 'authorize'))
      const scene = newest(({ scene }) => scene !== undefined)
      const name = newest(({ name }) => name)

      expect(state(...stream)).to.deep.equal({
        selfId: '100',
        userId: 'U',
        relation: !relation ? 'unknown' : relation.type === 'friend-added' ? 'friend' : 'deleted',
        relationAt: time(relation),
        consent: !consent ? 'unknown' : consent.type === 'friend-push-allowed' ? 'allowed' : 'rejected',
        consentAt: time(consent),
        firstSeen: time(sorted[0]),
        lastMessageAt: time(newest(({ source }) => source === 'message')),
        scene: scene?.scene ?? null,
        sceneParam: scene?.sceneParam ?? null,
        sceneAt: time(scene),
        name: name?.name ?? null,
        nameAt: time(name),
      })
    }), { numRuns: 2000 })
  })
})
