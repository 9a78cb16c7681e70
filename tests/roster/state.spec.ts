/** Rule: relation and consent are each as the newest event says, and only the user's own switch lifts a rejection. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { eventTypes } from '../../src/model'
import { isReturning, transition } from '../../src/roster/state'
import { allKinds, applied, at, event, kinds, replay, state } from './replay'

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

    it('what the user did, though something newer was concluded or entered', () => {
      expect(applied(event(message, 5), event(add, 3))).to.deep.equal([true, true])
      expect(applied(event(message, 5), event(del, 3))).to.deep.equal([true, true])
      expect(applied(event(notFriends, 5), event(add, 3))).to.deep.equal([true, true])
      expect(applied(event(refusedByUser, 5), event(receive, 3))).to.deep.equal([true, true])
      expect(applied(event(['friend-push-rejected', 'operator'], 5), event(reject, 3))).to.deep.equal([true, true])
    })

    it('nothing that came later than what the user did next, whatever was concluded since', () => {
      expect(applied(event(del, 5), event(message, 9), event(add, 3))).to.deep.equal([true, true, false])
      expect(applied(event(receive, 50), event(refusedByUser, 90), event(reject, 3))).to.deep.equal([true, true, false])
    })

    it('what the user did about the one, whatever they did about the other', () => {
      expect(applied(event(reject, 5), event(add, 3))).to.deep.equal([true, true])
      expect(applied(event(add, 5), event(reject, 3))).to.deep.equal([true, true])
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

  describe('who adds the bot comes back', () => {
    const returning = (...events: Parameters<typeof state>) => {
      const before = events.length > 1 ? state(...events.slice(0, -1)) : undefined
      return isReturning(state(...events), before, events.at(-1)!.occurredAt)
    }

    it('if they had left', () => {
      expect(returning(event(add, 1), event(del, 2), event(add, 3))).to.equal(true)
      expect(returning(event(del, 2), event(add, 3))).to.equal(true)
    })

    it('if they were there an hour before', () => {
      expect(returning(event(add, 0), event(add, 3600))).to.equal(true)
      expect(returning(event(message, 0), event(add, 3600))).to.equal(true)
      expect(returning(event(message, 0), event(add, 3599))).to.equal(false)
    })

    it('not if they are new, and wrote or chose a moment before', () => {
      expect(returning(event(add, 1))).to.equal(false)
      expect(returning(event(message, 1), event(add, 2))).to.equal(false)
      expect(returning(event(reject, 1), event(add, 2))).to.equal(false)
      expect(returning(event(message, 3), event(add, 2))).to.equal(false)
    })

    it('not if they left afterwards', () => {
      expect(returning(event(notFriends, 3), event(add, 2))).to.equal(false)
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
        for (const type of eventTypes) {
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
