/** Rule: every entry says why there was no notice, wherever an operator looks. */
import { expect } from 'chai'
import { EventSource, EventType, NoticeState, QQUserEntry } from '../../src'
import { explain } from '../../src/notices/explain'

const entry = (type: EventType, source: EventSource, values: Partial<QQUserEntry> = {}) => {
  return { type, source, applied: true, notice: 'none' as NoticeState, noticeReason: '', ...values }
}

describe('what became of a notice, as operators are told', () => {
  const silences: [string, EventType, EventSource, boolean, string][] = [
    ['a user who was met by a message', 'friend-added', 'message', true, 'concluded'],
    ['a user who was imported', 'friend-added', 'import', true, 'concluded'],
    ['a no that an answer taught', 'friend-push-rejected', 'send-error', true, 'concluded'],
    ['a deletion', 'friend-deleted', 'friend-del', true, 'deletion'],
    ['what the other channel told before', 'friend-push-allowed', 'authorize', false, 'counted'],
    ['a notice that is turned off', 'friend-added', 'friend-add', true, 'switched-off'],
  ]
  for (const [title, type, source, applied, reason] of silences) {
    it(`none, for ${title}: ${reason}`, () => {
      expect(explain(entry(type, source, { applied }))).to.deep.equal({ notice: 'none', reason })
    })
  }

  it('is what is on record', () => {
    for (const [notice, noticeReason] of [['sent', ''], ['pending', ''], ['skipped', 'stale'], ['failed', 'unknown-outcome']] as const) {
      expect(explain(entry('friend-added', 'friend-add', { notice, noticeReason }))).to.deep.equal({ notice, reason: noticeReason })
    }
  })

  it('is not lost while it is being sent, and ends with its outcome', () => {
    const given = (notice: NoticeState, noticeReason = '') => explain(entry('friend-added', 'friend-add', { notice, noticeReason }), true)
    expect(given('failed', 'unknown-outcome')).to.deep.equal({ notice: 'pending', reason: 'under-way' })
    expect(given('pending')).to.deep.equal({ notice: 'pending', reason: 'under-way' })
    expect(given('sent')).to.deep.equal({ notice: 'sent', reason: '' })
  })
})
