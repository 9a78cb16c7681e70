/** Rule: recall is open once in each of four periods within thirty days after the user wrote; no way leads to who said no or left. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { findNextRecall, findRecallEnd, judgeRecall, RecallReason, Spent } from '../../src/push/recall'
import { findWays, Situation, toVias, Via, vias } from '../../src/push/ways'
import { blank } from '../../src/roster/state'

const { hour, day } = Time

/** The middle of a day on the platform's calendar, which is at UTC+8. */
const noon = Date.UTC(2026, 2, 10, 4)
const midnight = noon - 12 * hour

describe('recall', () => {
  const spend = (spentAt: number, { wroteAt = noon, reason = 'recall-used' as RecallReason } = {}): Spent => {
    return { wroteAt: new Date(wroteAt), spentAt: new Date(spentAt), reason }
  }
  const judge = (now: number, spent?: Spent, wroteAt: number | null = noon) => {
    return judgeRecall(wroteAt === null ? null : new Date(wroteAt), spent, now)
  }

  describe('is open from when the user writes until the thirtieth day, by the calendar and by length', () => {
    const cases: [string, number, RecallReason | undefined][] = [
      ['at once', noon, undefined],
      ['by a clock that is behind', noon - hour, undefined],
      ['in the last moment of the last day', midnight + 30 * day - 1, undefined],
      ['on the thirtieth day of the calendar', midnight + 30 * day, 'recall-closed'],
      ['after thirty times 24 hours', noon + 30 * day, 'recall-closed'],
    ]
    for (const [what, now, expected] of cases) it(what, () => expect(judge(now)).to.equal(expected))

    it('but not for somebody who never wrote', () => expect(judge(noon, undefined, null)).to.equal('recall-closed'))
  })

  describe('once in each period', () => {
    const edges = [0, 1, 3, 7, 30]
    for (const [index, end] of edges.slice(1, -1).entries()) {
      // late enough in the period to be within it by both counts
      const spent = spend(noon + edges[index] * day)
      it(`of days ${edges[index]} to ${end}: used until both counts are beyond it`, () => {
        expect(judge(noon + edges[index] * day, spent)).to.equal('recall-used')
        expect(judge(midnight + end * day - 1, spent), 'calendar').to.equal('recall-used')
        expect(judge(midnight + end * day, spent), 'length').to.equal('recall-used')
        expect(judge(noon + end * day - 1, spent), 'length').to.equal('recall-used')
        expect(judge(noon + end * day, spent)).to.equal(undefined)
      })
    }

    it('of days 7 to 30: used until the end', () => {
      const spent = spend(noon + 7 * day)
      expect(judge(midnight + 30 * day - 1, spent)).to.equal('recall-used')
      expect(judge(midnight + 30 * day, spent)).to.equal('recall-closed')
    })

    it('spends both periods where the counts disagree', () => {
      // the next day of the calendar, and not yet 24 hours
      const spent = spend(midnight + day + hour)
      expect(judge(noon + day, spent)).to.equal('recall-used')
      expect(judge(midnight + 3 * day - 1, spent)).to.equal('recall-used')
      expect(judge(midnight + 3 * day, spent)).to.equal(undefined)
    })

    it('whatever a clock that was set back says', () => {
      expect(judge(noon + hour, spend(noon + 4 * day))).to.equal('recall-used')
    })

    it('as the platform says it is closed', () => {
      const spent = spend(noon, { reason: 'recall-closed' })
      expect(judge(noon + hour, spent)).to.equal('recall-closed')
      expect(judge(noon + day, spent)).to.equal(undefined)
    })
  })

  describe('begins anew', () => {
    it('when the user writes on a later day', () => {
      expect(judge(noon + day, spend(midnight + day + hour), midnight + day + 2 * hour)).to.equal(undefined)
    })

    it('but not when they write again on the same day', () => {
      expect(judge(noon + 3 * hour, spend(noon + hour), noon + 2 * hour)).to.equal('recall-used')
    })

    it('where a day begins at midnight of UTC+8', () => {
      expect(judge(midnight + hour, spend(midnight - hour, { wroteAt: midnight - 2 * hour }), midnight)).to.equal(undefined)
      expect(judge(midnight + hour, spend(midnight - hour, { wroteAt: midnight - 2 * hour }), midnight - 1)).to.equal('recall-used')
    })

    it('and not by an older message than the one that it was spent on', () => {
      expect(judge(noon + hour, spend(noon), noon - 5 * day)).to.equal('recall-used')
    })
  })

  describe('tells when the next one is to be had', () => {
    it('which is when it is', () => {
      for (const at of [noon, midnight + day + hour, noon + day, midnight + 3 * day + hour, noon + 4 * day]) {
        const next = findNextRecall(new Date(noon), spend(at), at)!
        expect(judge(next - 1, spend(at))).to.equal('recall-used')
        expect(judge(next, spend(at))).to.equal(undefined)
      }
    })

    it('or that there is none', () => {
      expect(findNextRecall(new Date(noon), spend(noon + 8 * day), noon + 8 * day)).to.equal(undefined)
      expect(findNextRecall(new Date(noon), spend(noon), noon + 2 * day), 'in the past').to.equal(undefined)
      expect(findNextRecall(null, undefined, noon)).to.equal(undefined)
      expect(findRecallEnd(new Date(noon))).to.equal(midnight + 30 * day)
    })
  })
})

describe('the ways to a user', () => {
  const friend = { ...blank({ selfId: '1', userId: 'U', occurredAt: noon }), lastMessageAt: new Date(noon) }
  const find = (situation: Partial<Situation>, allowed: readonly Via[] = vias) => {
    const ways = findWays({ user: friend, assumeAllowed: true, blocked: false, repliesLeft: 0, recall: undefined, parts: 1, ...situation }, allowed)
    return ways.ok ? ways.ways.join() : ways.reason
  }

  const cases: [string, Partial<Situation>, readonly Via[] | undefined, string][] = [
    ['everything is open', { repliesLeft: 2 }, undefined, 'proactive,reply,recall'],
    ['the bot may not push', { blocked: true, repliesLeft: 2 }, undefined, 'reply,recall'],
    ['only the last reply is left', { blocked: true, repliesLeft: 1 }, undefined, 'recall'],
    ['the recall was used', { blocked: true, recall: 'recall-used' }, undefined, 'recall-used'],
    ['the recall is closed', { blocked: true, recall: 'recall-closed' }, undefined, 'recall-closed'],
    ['the user never wrote', { blocked: true, recall: 'recall-closed', user: { ...friend, lastMessageAt: null } }, undefined, 'no-permission'],
    ['nobody is recalled', { blocked: true, recall: 'off' }, undefined, 'no-permission'],
    ['only proactively', { repliesLeft: 4 }, ['proactive'], 'proactive'],
    ['only proactively, which is not open', { repliesLeft: 4, blocked: true }, ['proactive'], 'no-permission'],
    ['only as a reply', { repliesLeft: 4 }, ['reply'], 'reply'],
    ['only as a reply, and none is open', { repliesLeft: 1 }, ['reply'], 'no-permission'],
    ['only as a recall', { repliesLeft: 4 }, ['recall'], 'recall'],
    ['only as a recall, and nobody is recalled', { recall: 'off' }, ['recall'], 'recall-closed'],
    ['several messages, and as many replies and one more', { blocked: true, repliesLeft: 4, parts: 3 }, undefined, 'reply'],
    ['several messages, and not as many replies and one more', { blocked: true, repliesLeft: 3, parts: 3 }, undefined, 'no-permission'],
    ['several messages, only as a reply, and not enough are left', { repliesLeft: 3, parts: 3 }, ['reply', 'recall'], 'no-permission'],
    ['more messages than there are replies', { repliesLeft: 4, parts: 4 }, ['reply', 'recall'], 'refused'],
    ['several messages, only as a recall', { repliesLeft: 4, parts: 2 }, ['recall'], 'refused'],
    ['in the usual order, whatever the list says', { repliesLeft: 4 }, ['recall', 'proactive'], 'proactive,recall'],
  ]
  for (const [what, situation, allowed, expected] of cases) it(`${what}: ${expected}`, () => expect(find(situation, allowed)).to.equal(expected))

  it('none for somebody who said no, left, or was never heard of', () => {
    for (const blocked of [true, false]) {
      const situation = { blocked, repliesLeft: 4 }
      expect(find({ ...situation, user: { ...friend, consent: 'rejected' } })).to.equal('rejected')
      expect(find({ ...situation, user: { ...friend, relation: 'deleted' } })).to.equal('deleted')
      expect(find({ ...situation, user: undefined })).to.equal('unknown-user')
      expect(find({ ...situation, assumeAllowed: false })).to.equal('unconfirmed')
    }
  })

  it('are named in a list', () => {
    expect(toVias(undefined)).to.deep.equal(vias)
    expect(toVias(['reply'])).to.deep.equal(['reply'])
    for (const value of [null, [], 'reply', ['push'], ['reply', 1], {}, 1]) expect(() => toVias(value)).to.throw(TypeError, /^via: /)
  })
})
