/** Rule: an event is known by the id of its envelope, or by one made of all that tells it from others, and the id fits its column. */
import { expect } from 'chai'
import { deriveId, Fact, isDerived, MAX_EVENT_ID, readId } from '../src/event'
import { openid, seconds, wrongIds } from './gateway/payloads'

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
