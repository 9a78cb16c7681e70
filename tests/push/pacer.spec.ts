/** Rule: proactive messages keep to the limits of a second and a minute, whatever latencies, reloads and clocks do, and waste little. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Time } from 'koishi'
import { clock, fork, pace, pacer, pass, refused, repace, send, sent, usePace, users, worst } from './pace'

describe('the pace of proactive messages', () => {
  usePace()

  describe('is kept', () => {
    it('within a second and within a minute', async () => {
      pace({ botSecond: 3, botMinute: 5 })
      for (let index = 0; index < 8; index++) send(`U${index}`)
      await pass(0)
      expect(sent).to.have.length(3)
      await pass(999)
      expect(sent).to.have.length(3)
      await pass(1)
      expect(sent).to.have.length(5)
      await pass(58_999)
      expect(sent).to.have.length(5)
      await pass(1001)
      expect(sent).to.have.length(8)
    })

    it('from the end of a request on, as nobody knows when it arrived', async () => {
      pace({ botSecond: 1 })
      send('A', 700)
      send('B')
      await pass(1699)
      expect(users()).to.deep.equal(['A'])
      await pass(1)
      expect(users()).to.deep.equal(['A', 'B'])
    })

    it('while requests do not come to an end', async () => {
      pace({ botSecond: 2 })
      send('A', Time.hour)
      send('B', Time.hour)
      send('C')
      await pass(Time.hour)
      expect(users()).to.deep.equal(['A', 'B'])
      await pass(1000)
      expect(users()).to.deep.equal(['A', 'B', 'C'])
    })

    it('whenever the plugin is loaded again, by what was sent before, and is under way', async () => {
      pace({ botMinute: 3, userMinute: 1 })
      send('A')
      send('B', 2000)
      repace({ botMinute: 2, userMinute: 1 })
      send('A')
      send('C')
      await pass(Time.minute - 1)
      expect(users()).to.deep.equal(['A', 'B'])
      await pass(1)
      expect(users()).to.deep.equal(['A', 'B', 'A'])
      await pass(2000)
      expect(users()).to.deep.equal(['A', 'B', 'A', 'C'])
    })

    it('and goes on when what was under way before ends', async () => {
      pace({ botSecond: 1 })
      send('A', 5000)
      repace({ botSecond: 1 })
      send('B')
      await pass(5999)
      expect(users()).to.deep.equal(['A'])
      await pass(1)
      expect(users()).to.deep.equal(['A', 'B'])
    })

    it('for any arrivals, latencies, refusals and withdrawals, wherever in between the platform counts', async () => {
      const job = fc.record({
        user: fc.nat(4),
        gap: fc.oneof(fc.constant(0), fc.nat(1500)),
        latency: fc.oneof(fc.constant(0), fc.nat(3000)),
        used: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
        waits: fc.option(fc.nat(5000), { freq: 4 }),
      })
      const limits = fc.record({
        botSecond: fc.integer({ min: 1, max: 4 }),
        botMinute: fc.integer({ min: 2, max: 30 }),
        userMinute: fc.integer({ min: 1, max: 10 }),
      })
      await fc.assert(fc.asyncProperty(limits, fc.array(job, { maxLength: 40 }), async (limits, jobs) => {
        pace(limits)
        const outcomes: Promise<string>[] = []
        for (const { user, gap, latency, used, waits } of jobs) {
          if (gap) await pass(gap)
          const controller = new AbortController()
          if (waits !== null) setTimeout(() => controller.abort(), waits)
          outcomes.push(refused(send(`U${user}`, latency, used, controller.signal)))
        }
        await pass(Time.hour)
        // everybody has got an answer, and whoever was let out is accounted for
        const reasons = await Promise.all(outcomes)
        expect(reasons.filter(reason => reason === 'sent')).to.have.length(sent.length)
        expect(reasons.every(reason => ['sent', 'aborted', 'user-minute'].includes(reason))).to.equal(true)
        expect(worst(sent, Time.second)).to.be.at.most(limits.botSecond)
        expect(worst(sent, Time.minute)).to.be.at.most(limits.botMinute)
        for (const userId of new Set(users())) {
          expect(worst(sent.filter(item => item.userId === userId), Time.minute)).to.be.at.most(limits.userMinute)
        }
        fork.dispose()
      }), { numRuns: 200 })
    })

    it('without wasting it: 1000 messages at 10 a second and 50 ms of latency take no more than a tenth longer', async () => {
      pace({ botSecond: 10, userMinute: 20 })
      const start = Date.now()
      for (let index = 0; index < 1000; index++) send(`U${index % 100}`, 50)
      while (sent.length < 1000) await pass(1000)
      expect(worst(sent, Time.second)).to.be.at.most(10)
      // the last second's worth starts at its beginning
      const elapsed = sent[999].start - start + Time.second
      expect(1000 / elapsed * Time.second).to.be.at.least(9)
    })
  })

  describe('gives a slot back', () => {
    it('at once when nothing was sent', async () => {
      pace({ botSecond: 1, botMinute: 1, userMinute: 1 })
      for (let index = 0; index < 5; index++) {
        (await pacer.acquire('A'))(false)
      }
      send('A', 100, false)
      send('A')
      await pass(99)
      expect(sent).to.have.length(1)
      await pass(1)
      expect(sent).to.have.length(2)
    })

    it('once, however often it is released', async () => {
      pace({ botSecond: 2 })
      const release = await pacer.acquire('A')
      for (let count = 0; count < 3; count++) release(false)
      for (const userId of ['B', 'C', 'D']) send(userId)
      await pass(999)
      expect(users()).to.deep.equal(['B', 'C'])
    })
  })

  describe('goes on', () => {
    it('when the clock is set back by an hour', async () => {
      pace({ botSecond: 2, userMinute: 3 })
      for (let index = 0; index < 3; index++) send('A', 50)
      for (let index = 0; index < 10; index++) send(`U${index}`, 50)
      await pass(1500)
      clock.setSystemTime(Date.now() - Time.hour)
      const before = sent.length
      await pass(10_000)
      expect(before).to.be.below(13)
      expect(sent).to.have.length(13)
    })

    it('when the clock is set ahead by an hour', async () => {
      pace({ botSecond: 2 })
      for (let index = 0; index < 10; index++) send(`U${index}`, 50)
      await pass(1500)
      clock.setSystemTime(Date.now() + Time.hour)
      await pass(10_000)
      expect(sent).to.have.length(10)
    })
  })
})
