/** Rule: a bot makes no more requests in a second and at once than its limits say, across reloads, too; notices go first. */
import { expect } from 'chai'
import { Context, ForkScope } from 'koishi'
import { CancellableWaits } from '../../src/delivery/cancellable-waits'
import { StoppedError } from '../../src/delivery/objections'
import { Priority, RequestLimits, Throttle, Turn } from '../../src/delivery/throttle'
import { Clock, freeze } from '../clock'

describe("a bot's requests", () => {
  let app: Context
  let fork: ForkScope
  let throttle: Throttle
  let clock: Clock
  let started: string[]
  let turns: Map<string, Turn>

  beforeEach(async () => {
    app = new Context()
    await app.start()
    clock = freeze()
    started = []
    turns = new Map()
  })

  afterEach(async () => {
    clock.uninstall()
    await app.stop()
  })

  function load(limits: Partial<RequestLimits> = {}) {
    fork = app.plugin((ctx) => {
      throttle = new Throttle(ctx, { perSecond: 100, concurrent: 100, ...limits }, new CancellableWaits(ctx))
    })
  }

  interface Options {
    priority?: Priority
    again?: boolean
    signal?: AbortSignal
    selfId?: string
  }

  async function request(name: string, { priority = 'notice', again = false, signal, selfId = 'bot' }: Options = {}) {
    const turn = await throttle.turn(selfId, priority, again, signal)
    started.push(name)
    turns.set(name, turn)
  }

  async function requests(names: string[], options?: Options) {
    for (const name of names) request(name, options).catch(() => {})
    await settle()
  }

  const settle = () => clock.tickAsync(0)

  async function end(name: string, used = true, tooFrequent: boolean | undefined = false) {
    turns.get(name)!.end(used, tooFrequent)
    await settle()
  }

  const numbers = (count: number, prefix = '') => Array.from({ length: count }, (_, index) => prefix + index)

  it('are made in a second as many as the limit says, in the order in which they were asked for', async () => {
    load({ perSecond: 3 })
    await requests(numbers(7))
    expect(started).to.deep.equal(numbers(3))
    for (const name of [...started]) await end(name)
    await clock.tickAsync(999)
    expect(started).to.have.length(3)
    await clock.tickAsync(1)
    expect(started).to.deep.equal(numbers(6))
  })

  it('are under way at once as many as the limit says', async () => {
    load({ concurrent: 2 })
    await requests(numbers(4))
    await clock.tickAsync(60_000)
    expect(started).to.deep.equal(numbers(2))
    await end('1')
    expect(started).to.deep.equal(numbers(3))
  })

  it('do not count when they were not made', async () => {
    load({ perSecond: 1 })
    await requests(['a', 'b'])
    await end('a', false, undefined)
    expect(started).to.deep.equal(['a', 'b'])
  })

  it('of another bot are counted by themselves', async () => {
    load({ perSecond: 1 })
    await requests(['a'])
    await requests(['b'], { selfId: 'other' })
    expect(started).to.deep.equal(['a', 'b'])
  })

  it('for notices go before those for pushes', async () => {
    load({ concurrent: 1 })
    await requests(['first'])
    await requests(['push'], { priority: 'push' })
    await requests(['notice'])
    for (const name of ['first', 'notice', 'push']) await end(name)
    expect(started).to.deep.equal(['first', 'notice', 'push'])
  })

  describe('that the platform finds too many', () => {
    it('pause for a second, then for twice as long each time, up to thirty', async () => {
      load()
      await requests(['0'])
      for (const [index, delay] of [1, 2, 4, 8, 16, 30, 30].entries()) {
        await end(String(index), true, true)
        await requests([String(index + 1)], { again: true })
        await clock.tickAsync(delay * 1000 - 1)
        expect(started).to.have.length(index + 1)
        await clock.tickAsync(1)
        expect(started).to.have.length(index + 2)
      }
    })

    it('go on one at a time, until one is taken', async () => {
      load()
      await requests(numbers(5))
      await requests(numbers(3, 'later '))
      await end('0', true, true)
      await requests(['0 again'], { again: true })
      for (const name of ['1', '2', '3', '4']) await end(name, true, true)
      await clock.tickAsync(999)
      expect(started).to.have.length(8)
      for (const name of numbers(3, 'later ')) await end(name, true, undefined)
      await requests(numbers(3, 'last '))
      await clock.tickAsync(1)
      expect(started.slice(8)).to.deep.equal(['0 again'])
      await end('0 again')
      expect(started.slice(9)).to.deep.equal(numbers(3, 'last '))
    })

    it('and were under way already do not make the pause longer, or shorter', async () => {
      load()
      await requests(['a', 'b', 'c'])
      await clock.tickAsync(10)
      await end('a', true, true)
      await end('b', true, true)
      await end('c')
      await requests(['d'])
      await clock.tickAsync(999)
      expect(started).not.to.include('d')
      await clock.tickAsync(1)
      expect(started).to.include('d')
    })

    it('do not wait for a clock that was set back', async () => {
      load()
      await requests(['a'])
      await end('a', true, true)
      clock.setSystemTime(Date.now() - 3_600_000)
      await requests(['b'])
      await clock.tickAsync(1000)
      expect(started).to.deep.equal(['a', 'b'])
    })
  })

  it('are taken back by a signal', async () => {
    load({ concurrent: 1 })
    await requests(['a'])
    const controller = new AbortController()
    const refused = request('b', { signal: controller.signal }).catch(error => error)
    await requests(['c'])
    controller.abort()
    expect(await refused).to.be.instanceOf(StoppedError).and.include({ reason: 'aborted' })
    await end('a')
    expect(started).to.deep.equal(['a', 'c'])
    expect(await request('d', { signal: AbortSignal.abort() }).catch(error => error)).to.be.instanceOf(StoppedError)
  })

  describe('when the plugin is reloaded', () => {
    it('wait no more, and leave no timer', async () => {
      load({ perSecond: 1 })
      await requests(['a'])
      await end('a')
      const waiting = request('b').catch(error => error)
      await settle()
      fork.dispose()
      expect(await waiting).to.be.instanceOf(StoppedError).and.include({ reason: 'aborted' })
      expect(clock.countTimers()).to.equal(0)
      expect(await request('c').catch(error => error)).to.be.instanceOf(StoppedError)
    })

    it('still count, also while they are under way', async () => {
      load({ perSecond: 2, concurrent: 2 })
      await requests(['a', 'b'])
      await end('a')
      fork.dispose()
      load({ perSecond: 2, concurrent: 1 })
      await requests(['c'])
      await clock.tickAsync(5000)
      expect(started).to.deep.equal(['a', 'b'])
      await end('b')
      expect(started).to.deep.equal(['a', 'b', 'c'])
    })

    it('go on whatever the instance before still asks for', async () => {
      load()
      const before = throttle
      fork.dispose()
      load({ concurrent: 1 })
      await requests(['a', 'b'])
      await before.turn('bot', 'push', false).catch(() => {})
      before.open('bot').end(false)
      await end('a')
      expect(started).to.deep.equal(['a', 'b'])
    })

    it('keep to the new limit', async () => {
      load({ perSecond: 1 })
      await requests(['a'])
      await end('a')
      fork.dispose()
      load({ perSecond: 3 })
      await requests(['b', 'c', 'd'])
      expect(started).to.deep.equal(['a', 'b', 'c'])
    })
  })
})
