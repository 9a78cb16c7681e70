import { expect } from 'chai'
import { install } from '@sinonjs/fake-timers'
import * as fc from 'fast-check'
import { Context, ForkScope, Time } from 'koishi'
import { Release } from '../../src/gate'
import { Limits, Pacer } from '../../src/push/pacer'
import { PushError } from '../../src/push/error'
import { Window } from '../../src/push/window'

const { setImmediate: turn } = globalThis

/** What was let out: from when until when it was under way, and whether it was sent. */
interface Sent {
  userId: string
  start: number
  end: number
  used: boolean
}

/** The most that the other side may count within a span, wherever between start and end each one arrives. */
function worst(sent: Sent[], span: number) {
  const used = sent.filter(({ used }) => used)
  return Math.max(0, ...used.map(({ start: now }) => used.filter(({ start, end }) => start <= now && end > now - span).length))
}

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

describe('the pace of proactive messages', () => {
  const free: Limits = { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity }

  let app: Context
  let fork: ForkScope
  let pacer: Pacer
  let clock: ReturnType<typeof install>
  let sent: Sent[]

  beforeEach(async () => {
    app = new Context()
    await app.start()
    clock = install({ now: Date.now(), shouldClearNativeTimers: true, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
    sent = []
  })

  afterEach(async () => {
    clock.uninstall()
    await app.stop()
  })

  function pace(limits: Partial<Limits>, size = 10_000) {
    fork = app.plugin((ctx) => { pacer = new Pacer(ctx, { ...free, ...limits }, size) })
  }

  /** Takes a slot, keeps it for as long as a request takes, gives it back. */
  async function send(userId: string, latency = 0, used = true, signal?: AbortSignal) {
    const release = await pacer.acquire(userId, signal)
    const item = { userId, start: Date.now(), end: Infinity, used }
    sent.push(item)
    const end = () => {
      item.end = Date.now()
      release(used)
    }
    if (latency) setTimeout(end, latency)
    else end()
  }

  const refused = (promise: Promise<unknown>) => promise.then(() => 'sent', (error: PushError) => {
    expect(error).to.be.instanceOf(PushError)
    return error.reason as string
  })

  const settle = () => new Promise(resolve => turn(resolve))

  /** Lets time pass, timer by timer. */
  async function pass(ms: number) {
    await settle()
    const end = Date.now() + ms
    const sentinel = setTimeout(() => {}, ms)
    while (Date.now() < end) {
      clock.next()
      await settle()
    }
    clearTimeout(sentinel)
    // what is due at the same moment
    clock.tick(0)
    await settle()
  }

  const users = () => sent.map(({ userId }) => userId)

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

    it('for any arrivals, latencies, refusals and withdrawals, wherever in between the platform counts', async () => {
      const job = fc.record({
        user: fc.nat(4),
        gap: fc.oneof(fc.constant(0), fc.nat(1500)),
        latency: fc.oneof(fc.constant(0), fc.nat(3000)),
        used: fc.oneof({ weight: 4, arbitrary: fc.constant(true) }, fc.constant(false)),
        patience: fc.option(fc.nat(5000), { freq: 4 }),
      })
      const limits = fc.record({
        botSecond: fc.integer({ min: 1, max: 4 }),
        botMinute: fc.integer({ min: 2, max: 30 }),
        userMinute: fc.integer({ min: 1, max: 10 }),
      })
      await fc.assert(fc.asyncProperty(limits, fc.array(job, { maxLength: 40 }), async (limits, jobs) => {
        pace(limits)
        sent = []
        const outcomes: Promise<string>[] = []
        for (const { user, gap, latency, used, patience } of jobs) {
          if (gap) await pass(gap)
          const controller = new AbortController()
          if (patience !== null) setTimeout(() => controller.abort(), patience)
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
    }).timeout(20_000)

    it('without wasting it: 1000 messages at 10 a second and 50 ms of latency take no more than a tenth longer', async () => {
      pace({ botSecond: 10, userMinute: 20 })
      const start = Date.now()
      for (let index = 0; index < 1000; index++) send(`U${index % 100}`, 50)
      while (sent.length < 1000) await pass(1000)
      expect(worst(sent, Time.second)).to.be.at.most(10)
      // the last second's worth starts at its beginning
      const elapsed = sent[999].start - start + Time.second
      expect(1000 / elapsed * Time.second).to.be.at.least(9)
    }).timeout(20_000)
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

  describe('is fair', () => {
    it('to a user with one message beside one with 500', async () => {
      pace({ botSecond: 1, userMinute: 500 })
      for (let index = 0; index < 500; index++) send('greedy')
      await pass(10_000)
      const before = sent.length
      send('modest')
      await pass(2000)
      expect(users().slice(before)).to.include('modest')
      expect(users().indexOf('modest') - before).to.be.at.most(1)
    })

    it('to everybody: nobody is let out twice while somebody else waits', async () => {
      pace({ botSecond: 2 })
      await Promise.all([send('first'), send('first')])
      const counts = [9, 1, 4, 2]
      counts.forEach((count, user) => {
        for (let index = 0; index < count; index++) send(`U${user}`, 30)
      })
      await pass(Time.minute)
      const rounds = Array.from({ length: 9 }, (_, round) => counts.flatMap((count, user) => count > round ? [`U${user}`] : []))
      expect(users().slice(2)).to.deep.equal(rounds.flat())
    })

    it('to the others, when a user has had as many as a minute allows', async () => {
      pace({ botSecond: 10, userMinute: 2 })
      send('A')
      send('A')
      await pass(0)
      send('A')
      send('A')
      send('B')
      send('C')
      await pass(0)
      expect(users()).to.deep.equal(['A', 'A', 'B', 'C'])
      await pass(59_999)
      expect(sent).to.have.length(4)
      await pass(1)
      expect(users()).to.deep.equal(['A', 'A', 'B', 'C', 'A', 'A'])
    })

    it('within a user: first come, first served', async () => {
      pace({ botSecond: 1 })
      const order: number[] = []
      for (let index = 0; index < 5; index++) pacer.acquire('A').then((release) => { order.push(index); release(true) })
      await pass(5000)
      expect(order).to.deep.equal([0, 1, 2, 3, 4])
    })
  })

  describe('has bounds', () => {
    it('for what waits altogether', async () => {
      pace({ botSecond: 1 }, 3)
      const outcomes = Array.from({ length: 6 }, (_, index) => refused(send(`U${index}`)))
      await pass(1000)
      const late = refused(send('late'))
      expect(await refused(send('later'))).to.equal('queue-full')
      await pass(3000)
      expect(await Promise.all([...outcomes, late])).to.deep.equal(['sent', 'sent', 'sent', 'sent', 'queue-full', 'queue-full', 'sent'])
    })

    it('for what waits for one user', async () => {
      pace({ botSecond: 1, userMinute: 2 })
      const outcomes = Array.from({ length: 5 }, () => refused(send('A')))
      outcomes.push(refused(send('B')))
      await pass(2 * Time.minute)
      expect(await Promise.all(outcomes)).to.deep.equal(['sent', 'sent', 'sent', 'user-minute', 'user-minute', 'sent'])
    })

    it('and forgets users who are done', async () => {
      pace({ botSecond: 50, userMinute: 1 })
      for (let index = 0; index < 200; index++) send(`U${index}`)
      await pass(2 * Time.minute)
      send('last')
      send('last')
      await pass(Time.minute)
      expect((pacer as unknown as { users: Map<string, unknown> }).users.size).to.be.at.most(1)
    })
  })

  describe('can be withdrawn from', () => {
    it('before', async () => {
      pace({ botSecond: 1 })
      expect(await refused(send('A', 0, true, AbortSignal.abort()))).to.equal('aborted')
      send('B')
      await pass(0)
      expect(users()).to.deep.equal(['B'])
    })

    it('while waiting, without the loss of a slot or of the order', async () => {
      pace({ botSecond: 1 }, 3)
      const controller = new AbortController()
      send('A')
      const withdrawn = refused(send('B', 0, true, controller.signal))
      send('C')
      send('D')
      await pass(500)
      controller.abort()
      expect(await withdrawn).to.equal('aborted')
      // its place in the queue is free
      send('E')
      await pass(500)
      expect(users()).to.deep.equal(['A', 'C'])
      await pass(2000)
      expect(users()).to.deep.equal(['A', 'C', 'D', 'E'])
    })

    it('but not any more once the slot is taken', async () => {
      pace({ botSecond: 1 })
      const controller = new AbortController()
      const release: Release = await pacer.acquire('A', controller.signal)
      controller.abort()
      release(true)
      send('B')
      await pass(999)
      expect(sent).to.have.length(0)
      await pass(1)
      expect(users()).to.deep.equal(['B'])
    })

    it('by all at once, which leaves nothing behind', async () => {
      pace({ botSecond: 1 })
      const controller = new AbortController()
      await send('A')
      const outcomes = Array.from({ length: 8 }, (_, index) => refused(send(`U${index}`, 0, true, controller.signal)))
      await pass(100)
      controller.abort()
      expect(new Set(await Promise.all(outcomes))).to.deep.equal(new Set(['aborted']))
      await pass(2000)
      expect(sent).to.have.length(1)
      expect(clock.countTimers()).to.equal(0)
    })
  })

  describe('ends with the plugin', () => {
    it('for those who wait, and leaves no timer', async () => {
      pace({ botSecond: 1, userMinute: 5 })
      const timers = clock.countTimers()
      await send('A')
      const outcomes = ['A', 'A', 'B', 'C'].map(userId => refused(send(userId)))
      await pass(100)
      fork.dispose()
      expect(await Promise.all(outcomes)).to.deep.equal(['aborted', 'aborted', 'aborted', 'aborted'])
      expect(clock.countTimers()).to.equal(timers)
      await pass(Time.minute)
      expect(sent).to.have.length(1)
    })

    it('also when something was under way', async () => {
      pace({ botSecond: 1 })
      const timers = clock.countTimers()
      const release = await pacer.acquire('A')
      const waiting = refused(send('B'))
      fork.dispose()
      expect(await waiting).to.equal('aborted')
      release(true)
      await pass(Time.minute)
      expect(sent).to.have.length(0)
      expect(clock.countTimers()).to.equal(timers)
    })

    it('for those who come too late', async () => {
      pace({ botSecond: 1 })
      fork.dispose()
      expect(await refused(send('A'))).to.equal('aborted')
      expect(await refused(send('A'))).to.equal('aborted')
      expect(clock.countTimers()).to.equal(0)
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
