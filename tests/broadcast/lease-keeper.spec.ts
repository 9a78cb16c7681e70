/** Rule: a process that cannot show any more that a broadcast is its own writes to nobody else, before another one takes it over. */
import { expect } from 'chai'
import { LEASE } from '../../src/broadcast/lease'
import { LeaseKeeper } from '../../src/broadcast/lease-keeper'
import { pass } from '../harness'

describe('the process that runs a broadcast', () => {
  const soon = LEASE.expiry * 0.8
  let now: number

  beforeEach(() => now = 0)

  const waits = { sleep: (ms: number, signal: AbortSignal) => new Promise<void>(resolve => signal.addEventListener('abort', () => resolve())) }
  const hold = (change: () => Promise<boolean>, shared = true) => {
    return new LeaseKeeper({ shared, change } as never, waits as never, { id: 1, beat: 0 }, 'a', () => now)
  }

  it('holds it for as long as it is on record, and not as long as another one waits', async () => {
    const lease = hold(async () => true)
    expect(lease.holds).to.equal(true)
    now = soon
    expect(lease.holds).to.equal(false)
    expect(await lease.prove()).to.equal(true)
    expect(lease.holds).to.equal(true)
  })

  it('does not hold it where the database takes nothing, or says that it is another one', async () => {
    for (const change of [() => Promise.reject(new Error('away')), async () => false]) {
      now = 0
      const lease = hold(change)
      now = soon
      expect(await lease.prove()).not.to.equal(true)
      expect(lease.holds).to.equal(false)
    }
  })

  it('counts from when it was said, not from when it was heard', async () => {
    const lease = hold(async () => !!(now = soon))
    expect(await lease.prove()).to.equal(true)
    expect(lease.holds).to.equal(false)
  })

  it('holds it without a word where nobody else can have it', () => {
    const lease = hold(() => Promise.reject(new Error('asked')), false)
    now = 2 * soon
    expect(lease.holds).to.equal(true)
  })

  it('ends when it is another one, and goes on while the database is away', async () => {
    const end = new AbortController()
    await hold(async () => false).keep(() => ({}) as never, end.signal)
    let ended = false
    const keeping = hold(() => Promise.reject(new Error('away'))).keep(() => ({}) as never, end.signal).then(() => ended = true)
    await pass()
    expect(ended).to.equal(false)
    end.abort()
    await keeping
  })
})
