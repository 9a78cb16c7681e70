/** Rule: a refused send teaches that its user said no or left, and yields to what the user did in the same second. */
import { expect } from 'chai'
import { listMeanings, Meaning } from '../../src/delivery/codes'
import { MAX_EVENT_ID, readId } from '../../src/event'
import { EventType } from '../../src/model'
import { toConclusion } from '../../src/delivery/refusals'
import { canReply } from '../../src/delivery/route'
import { transition } from '../../src/roster/state'

const now = Date.UTC(2026, 0, 1, 12)

describe('what a refused send teaches', () => {
  const at = now + 789
  const conclude = (meaning: Meaning, time = at) => toConclusion('100', 'U', { meaning, undelivered: true }, time)

  const types: Partial<Record<Meaning, EventType>> = { rejected: 'friend-push-rejected', deleted: 'friend-deleted' }

  for (const meaning of listMeanings()) {
    it(`${meaning}: ${types[meaning] ?? 'nothing'}`, () => {
      expect(conclude(meaning)?.type).to.equal(types[meaning])
    })
  }

  it('is about this user of this bot, and known from sending', () => {
    expect(conclude('rejected')).to.deep.include({ source: 'send-error', selfId: '100', userId: 'U', receivedAt: at })
  })

  it('is learned once a second', () => {
    expect(conclude('rejected')!.id).to.equal(conclude('rejected', now)!.id)
    expect(conclude('rejected')!.id).to.not.equal(conclude('rejected', now + 1000)!.id)
    expect(conclude('rejected')!.id).to.not.equal(conclude('deleted')!.id)
  })

  it('has an id that fits and cannot be replied to', () => {
    const longest = 'x'.repeat(100)
    const event = toConclusion(longest, longest, { meaning: 'rejected', undelivered: true }, at)!
    expect(readId(event.id, MAX_EVENT_ID)).to.equal(event.id)
    expect(canReply({ ...event, occurredAt: new Date(event.occurredAt) })).to.equal(false)
  })

  it('yields to what the user did in the same second', () => {
    const { user } = transition(undefined, conclude('rejected')!)
    expect(user.consent).to.equal('rejected')
    const toggle = { ...conclude('rejected')!, id: 'x', type: 'friend-push-allowed', source: 'msg-receive' } as const
    expect(transition(user, toggle).user.consent).to.equal('allowed')
  })
})
