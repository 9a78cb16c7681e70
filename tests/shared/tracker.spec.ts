/** Rule: what is under way is waited for, however it ends, but no longer than one wants. */
import { expect } from 'chai'
import { Tracker } from '../../src/shared/tracker'
import { Clock, freeze } from '../clock'

describe('what is under way', () => {
  let clock: Clock
  let tracker: Tracker
  let idle: boolean

  beforeEach(() => {
    clock = freeze()
    tracker = new Tracker()
    idle = false
  })

  afterEach(() => clock.uninstall())

  async function wait() {
    tracker.idle(5000).then(() => idle = true)
    await clock.tickAsync(0)
  }

  it('is nothing at first', async () => {
    await wait()
    expect(idle).to.equal(true)
    expect(clock.countTimers()).to.equal(0)
  })

  it('is waited for, and what began meanwhile, however it ends', async () => {
    let end!: () => void
    let fail!: (error: Error) => void
    tracker.track(new Promise<void>(resolve => end = resolve))
    await wait()
    tracker.track(new Promise((_resolve, reject) => fail = reject)).catch(() => {})
    end()
    await clock.tickAsync(0)
    expect(idle).to.equal(false)
    fail(new Error('not today'))
    await clock.tickAsync(0)
    expect(idle).to.equal(true)
    expect(clock.countTimers()).to.equal(0)
  })

  it('is not waited for longer than one wants', async () => {
    tracker.track(new Promise(() => {}))
    await wait()
    await clock.tickAsync(4999)
    expect(idle).to.equal(false)
    await clock.tickAsync(1)
    expect(idle).to.equal(true)
  })
})
