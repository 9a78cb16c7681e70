/** Rule: a rate limit is never exceeded in any span of time, whenever requests start and however long they take. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Time } from 'koishi'
import { Window } from '../../src/shared/window'
import { Sent, worst } from '../push/pace'

describe('the window of a rate limit', () => {
  it('takes no more than its limit, and more as the span passes', () => {
    const window = new Window(2, 1000)
    for (const now of [0, 300]) {
      expect(window.delay(now)).to.equal(0)
      window.enter()
      window.leave(true, now)
    }
    expect(window.delay(300)).to.equal(700)
    expect(window.delay(999)).to.equal(1)
    expect(window.delay(1000)).to.equal(0)
  })

  it('counts what is under way for as long as it is, and for a span after its end', () => {
    const window = new Window(1, 1000)
    window.enter()
    expect(window.delay(0)).to.equal(Infinity)
    expect(window.delay(1_000_000)).to.equal(Infinity)
    window.leave(true, 1_000_000)
    expect(window.delay(1_000_000)).to.equal(1000)
    expect(window.delay(1_000_999)).to.equal(1)
    expect(window.delay(1_001_000)).to.equal(0)
  })

  it('has the place of what was not sent at once', () => {
    const window = new Window(1, 1000)
    window.enter()
    window.leave(false, 50)
    expect(window.delay(50)).to.equal(0)
    expect(window.idle(50)).to.equal(true)
  })

  it('knows when it depends on the clock and when on what is under way', () => {
    const window = new Window(2, 1000)
    window.enter()
    window.enter()
    window.leave(true, 100)
    expect(window.delay(200)).to.equal(900)
    window.leave(true, 250)
    expect(window.delay(300)).to.equal(800)
    expect(window.delay(1100)).to.equal(0)
    window.enter()
    expect(window.delay(1100)).to.equal(150)
    window.enter()
    expect(window.delay(1250)).to.equal(Infinity)
  })

  it('never closes without a limit, and keeps nothing', () => {
    const window = new Window(Infinity, 1000)
    for (let index = 0; index < 100; index++) {
      expect(window.delay(0)).to.equal(0)
      window.enter()
    }
    for (let index = 0; index < 100; index++) window.leave(true, 0)
    expect(window.idle(0)).to.equal(true)
  })

  it('is idle when nothing is under way and the span has passed', () => {
    const window = new Window(1, 1000)
    expect(window.idle(0)).to.equal(true)
    window.enter()
    expect(window.idle(0)).to.equal(false)
    window.leave(true, 10)
    expect(window.idle(1009)).to.equal(false)
    expect(window.idle(1010)).to.equal(true)
  })

  it('does not stay closed when the clock is set back', () => {
    const window = new Window(1, 1000)
    window.enter()
    window.leave(true, Time.hour)
    expect(window.delay(0)).to.equal(0)
  })

  it('is never over its limit, for any starts and latencies, wherever in between the other side counts', () => {
    const attempt = fc.record({ gap: fc.nat(700), latency: fc.nat(2500), used: fc.boolean() })
    fc.assert(fc.property(fc.integer({ min: 1, max: 5 }), fc.array(attempt, { maxLength: 60 }), (limit, attempts) => {
      const window = new Window(limit, 1000)
      const sent: Sent[] = []
      let now = 0
      let under: Sent[] = []
      const advance = (to: number) => {
        for (const item of [...under].sort((a, b) => a.end - b.end)) {
          if (item.end > to) continue
          window.leave(item.used, item.end)
          under = under.filter(other => other !== item)
        }
        now = to
      }
      for (const { gap, latency, used } of attempts) {
        advance(now + gap)
        let delay: number
        while ((delay = window.delay(now)) > 0) {
          advance(delay < Infinity ? now + delay : Math.min(...under.map(({ end }) => end)))
        }
        window.enter()
        const item = { userId: 'A', start: now, end: now + latency, used }
        under.push(item)
        sent.push(item)
      }
      expect(worst(sent, 1000)).to.be.at.most(limit)
    }), { numRuns: 500 })
  })
})
