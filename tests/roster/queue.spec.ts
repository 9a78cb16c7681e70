import { install } from '@sinonjs/fake-timers'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Context, ForkScope, Logger } from 'koishi'
import { GivenUpError, WriteQueue } from '../../src/roster/queue'

interface Row {
  id: number
}

interface Attempt {
  ids: number[]
  again: boolean
  at: number
}

const toFake = ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] as const
const minute = 60_000

/** A database as a queue sees it: it takes rows in batches, some time long, and may refuse. */
class Database {
  readonly attempts: Attempt[] = []
  /** What was committed, in order: rows by id, tasks too. */
  readonly committed: number[] = []
  down = false
  /** How long a commit takes, in ms. */
  delay = 0
  /** Whether the next attempts fail, and how many of their rows are written before. */
  faults: (number | undefined)[] = []

  commit = async (batch: Row[], again: boolean) => {
    this.attempts.push({ ids: batch.map(({ id }) => id), again, at: Date.now() })
    if (this.delay) await new Promise(resolve => setTimeout(resolve, this.delay))
    const written = this.faults.shift()
    const failing = this.down || written !== undefined
    for (const { id } of failing ? batch.slice(0, written ?? 0) : batch) {
      if (!this.committed.includes(id)) this.committed.push(id)
      else if (!again) throw new Error(`${id} is there already, and nobody said so`)
    }
    if (failing) throw new Error('connection refused')
  }

  /** A task that leaves a trace. */
  task = (id: number) => async () => {
    this.attempts.push({ ids: [id], again: false, at: Date.now() })
    if (this.delay) await new Promise(resolve => setTimeout(resolve, this.delay))
    if (this.down || this.faults.shift() !== undefined) throw new Error('connection refused')
    this.committed.push(id)
  }

  get batches() {
    return this.attempts.map(({ ids }) => ids)
  }
}

describe('the line of writes', () => {
  const app = new Context()
  const log: string[] = []
  let targets: Logger.Target[]
  let clock: ReturnType<typeof install>
  let fork: ForkScope
  let ctx: Context
  let database: Database
  let queue: WriteQueue<Row>

  /** How each push came out. */
  let outcomes: Map<number, 'written' | 'given up' | Error>

  function open(limit = 1000) {
    database = new Database()
    queue = new WriteQueue(ctx, database.commit, limit)
    outcomes = new Map()
  }

  function push(...ids: number[]) {
    for (const id of ids) follow(id, queue.push({ id }))
  }

  function pushTask(id: number) {
    follow(id, queue.push(database.task(id)))
  }

  function follow(id: number, done: Promise<void>) {
    done.then(() => outcomes.set(id, 'written'), (error) => {
      outcomes.set(id, error instanceof GivenUpError ? 'given up' : error)
    })
  }

  async function isPending(promise: Promise<unknown>) {
    let pending = true
    const end = () => { pending = false }
    promise.then(end, end)
    await clock.tickAsync(0)
    return pending
  }

  const range = (from: number, to: number) => Array.from({ length: to - from + 1 }, (_, index) => from + index)

  before(() => app.start())

  after(() => app.stop())

  beforeEach(() => {
    targets = Logger.targets.splice(0)
    log.length = 0
    Logger.targets.push({ record: ({ type, content }) => log.push(`${type} ${content}`) })
    clock = install({ now: Date.UTC(2026, 0, 1), toFake: [...toFake] })
    fork = app.plugin({ name: 'line', apply: (inner: Context) => { ctx = inner } })
    open()
  })

  afterEach(() => {
    fork.dispose()
    clock.uninstall()
    Logger.targets.splice(0, Infinity, ...targets)
  })

  describe('order', () => {
    it('is that of arrival', async () => {
      for (const id of range(1, 10)) {
        push(id)
        if (id % 3 === 0) await clock.tickAsync(1)
      }
      await clock.tickAsync(1)
      expect(database.committed).to.deep.equal(range(1, 10))
    })

    it('is kept while commits take their time', async () => {
      database.delay = 20
      for (const id of range(1, 10)) {
        push(id)
        await clock.tickAsync(7)
      }
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal(range(1, 10))
    })

    it('is that in which pushes are told that they were written', async () => {
      push(...range(1, 100))
      await clock.tickAsync(1)
      expect([...outcomes.keys()]).to.deep.equal(range(1, 100))
    })
  })

  describe('batches', () => {
    it('hold what arrives in the same tick', async () => {
      push(1, 2, 3)
      await clock.tickAsync(0)
      expect(database.batches).to.deep.equal([[1, 2, 3]])
    })

    it('hold what arrives while another is written', async () => {
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      push(2)
      await clock.tickAsync(1)
      push(3)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [2, 3]])
    })

    it('are bounded', async () => {
      open(100_000)
      push(...range(1, 5000))
      await clock.tickAsync(1)
      expect(database.batches.flat()).to.deep.equal(range(1, 5000))
      expect(Math.max(...database.batches.map(ids => ids.length))).to.be.at.most(512)
      expect(database.batches.length).to.be.below(500)
    })

    it('are written one after another', async () => {
      database.delay = 10
      push(...range(1, 100))
      await clock.tickAsync(minute)
      const times = database.attempts.map(({ at }) => at)
      expect(times.length).to.be.above(1)
      for (const [index, time] of times.slice(1).entries()) expect(time - times[index]).to.be.at.least(10)
    })

    it('tell each of their writes when they are written, and not before', async () => {
      database.delay = 10
      push(1, 2)
      await clock.tickAsync(9)
      expect(outcomes.size).to.equal(0)
      await clock.tickAsync(1)
      expect([...outcomes]).to.deep.equal([[1, 'written'], [2, 'written']])
    })
  })

  describe('a task', () => {
    it('runs alone, in its turn', async () => {
      push(1, 2)
      pushTask(3)
      push(4)
      pushTask(5)
      pushTask(6)
      push(7, 8)
      await clock.tickAsync(1)
      expect(database.batches).to.deep.equal([[1, 2], [3], [4], [5], [6], [7, 8]])
      expect(database.committed).to.deep.equal(range(1, 8))
    })

    it('keeps others waiting while it runs', async () => {
      database.delay = 10
      pushTask(1)
      push(2)
      await clock.tickAsync(10)
      expect(database.batches).to.deep.equal([[1], [2]])
      expect([...outcomes.keys()]).to.deep.equal([1])
    })

    it('keeps its turn when it fails', async () => {
      database.faults = [undefined, 0, 0]
      push(1)
      pushTask(2)
      push(3)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [2], [2], [2], [3]])
      expect(database.committed).to.deep.equal([1, 2, 3])
    })

    it('may push further writes', async () => {
      follow(1, queue.push(async () => push(3)))
      push(2)
      await clock.tickAsync(1)
      expect(database.committed).to.deep.equal([2, 3])
    })
  })

  describe('while the database is down', () => {
    beforeEach(async () => {
      database.down = true
      push(1, 2)
      await clock.tickAsync(0)
    })

    it('everything waits', async () => {
      await clock.tickAsync(minute)
      push(3)
      await clock.tickAsync(minute)
      expect(queue.size).to.equal(3)
      expect(queue.failing).to.equal(true)
      expect(outcomes.size).to.equal(0)
      expect(database.committed).to.deep.equal([])
    })

    it('everything keeps its place', async () => {
      await clock.tickAsync(minute)
      push(3)
      pushTask(4)
      push(5)
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1, 2, 3, 4, 5])
      expect([...outcomes]).to.deep.equal(range(1, 5).map(id => [id, 'written']))
      expect(queue.size).to.equal(0)
      expect(queue.failing).to.equal(false)
    })

    it('it is tried again, ever more slowly, but never less than every five seconds', async () => {
      await clock.tickAsync(minute)
      const times = database.attempts.map(({ at }) => at)
      const pauses = times.slice(1).map((time, index) => time - times[index])
      expect(pauses.length).to.be.above(10)
      expect(pauses).to.deep.equal([...pauses].sort((a, b) => a - b))
      expect(pauses[0]).to.be.within(50, 1000)
      expect(pauses.at(-1)).to.equal(5000)
    })

    it('new writes do not try it more often', async () => {
      const attempts = database.attempts.length
      for (const id of range(3, 12)) {
        push(id)
        await clock.tickAsync(1)
      }
      expect(database.attempts).to.have.length(attempts)
    })

    it('there is one warning', async () => {
      push(3)
      await clock.tickAsync(10 * minute)
      expect(log).to.have.length(1)
      expect(log[0]).to.match(/^warn .*2 wait.*connection refused/)
    })

    it('there is one line when it is back', async () => {
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      push(3)
      await clock.tickAsync(minute)
      expect(log).to.have.length(2)
      expect(log[1]).to.match(/^info .*again/)
    })

    it('there is a warning and a line for each time', async () => {
      database.down = false
      await clock.tickAsync(minute)
      database.down = true
      push(3)
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      expect(log.map(line => line.split(' ')[0])).to.deep.equal(['warn', 'info', 'warn', 'info'])
    })

    it('the next time begins with short pauses', async () => {
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      database.down = true
      push(3)
      await clock.tickAsync(1000)
      const tried = database.attempts.filter(({ ids }) => ids.includes(3))
      expect(tried.length).to.be.above(1)
    })

    it('a commit is told that it is tried again, and only then', async () => {
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      push(3)
      await clock.tickAsync(1)
      const flags = database.attempts.map(({ again }) => again)
      expect(flags[0]).to.equal(false)
      expect(flags.slice(1, -1)).to.satisfy((flags: boolean[]) => flags.length > 0 && flags.every(again => again))
      expect(flags.at(-1)).to.equal(false)
    })

    it('nothing is written twice that was written in part', async () => {
      database.down = false
      database.faults = [1, 2, 0]
      push(3)
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1, 2, 3])
    })

    it('nothing goes on after the plugin was unloaded', async () => {
      fork.dispose()
      await queue.close()
      const attempts = database.attempts.length
      await clock.tickAsync(10 * minute)
      expect(database.attempts).to.have.length(attempts)
      expect(clock.countTimers()).to.equal(0)
    })
  })

  describe('the limit', () => {
    it('drops the oldest', async () => {
      open(3)
      database.down = true
      push(1, 2, 3)
      await clock.tickAsync(0)
      push(4, 5)
      await clock.tickAsync(0)
      expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'given up']])
      expect(queue.size).to.equal(3)
      database.down = false
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([3, 4, 5])
    })

    it('drops the oldest that is not being written', async () => {
      open(3)
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      push(2, 3, 4)
      await clock.tickAsync(1)
      expect([...outcomes]).to.deep.equal([[2, 'given up']])
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1, 3, 4])
      expect([...outcomes]).to.deep.equal([[2, 'given up'], [1, 'written'], [3, 'written'], [4, 'written']])
    })

    it('drops nothing that is being written, and loses nothing, even if that is all there is', async () => {
      open(2)
      database.delay = 10
      push(1, 2)
      await clock.tickAsync(1)
      push(3)
      await clock.tickAsync(minute)
      expect(outcomes.get(1)).to.equal('written')
      expect(outcomes.get(2)).to.equal('written')
      expect(outcomes.get(3)).to.equal(database.committed.includes(3) ? 'written' : 'given up')
    })

    it('is told of once, and how many there were when the database is back', async () => {
      open(3)
      database.down = true
      push(...range(1, 13))
      await clock.tickAsync(minute)
      expect(log.filter(line => line.startsWith('error'))).to.have.length(1)
      expect(log.filter(line => line.startsWith('error'))[0]).to.match(/3 writes wait/)
      database.down = false
      await clock.tickAsync(minute)
      expect(log.at(-1)).to.match(/^info .*10 were given up/)
    })

    it('is told of, and counted, anew the next time', async () => {
      open(3)
      for (const id of [0, 10]) {
        database.down = true
        push(...range(id + 1, id + 5))
        await clock.tickAsync(minute)
        database.down = false
        await clock.tickAsync(minute)
      }
      expect(log.filter(line => line.startsWith('error'))).to.have.length(2)
      expect(log.at(-1)).to.match(/^info .*2 were given up/)
    })

    it('drops tasks as well', async () => {
      open(2)
      database.down = true
      pushTask(1)
      push(2, 3)
      await clock.tickAsync(0)
      expect([...outcomes]).to.deep.equal([[1, 'given up']])
    })
  })

  describe('waiting until all is settled', () => {
    it('takes no time when nothing waits', async () => {
      expect(await isPending(queue.settled())).to.equal(false)
    })

    it('takes until everything before is written', async () => {
      database.delay = 10
      push(...range(1, 100))
      expect(await untilSettled()).to.deep.equal(range(1, 100))
    })

    it('does not take until everything after is written', async () => {
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      const settled = queue.settled()
      push(2)
      await clock.tickAsync(9)
      expect(await isPending(settled)).to.equal(false)
      expect(database.committed).to.deep.equal([1])
    })

    it('takes no time while the database is down', async () => {
      database.down = true
      push(1)
      await clock.tickAsync(0)
      expect(await isPending(queue.settled())).to.equal(false)
    })

    it('ends when the database turns out to be down', async () => {
      database.down = true
      database.delay = 10
      push(1)
      const settled = queue.settled()
      expect(await isPending(settled)).to.equal(true)
      await clock.tickAsync(10)
      expect(await isPending(settled)).to.equal(false)
    })

    it('ends well when what it waits for is given up', async () => {
      open(2)
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      push(2)
      const settled = queue.settled().then(() => 'well', () => 'badly')
      push(3, 4)
      await clock.tickAsync(minute)
      expect(outcomes.get(2)).to.equal('given up')
      expect(await settled).to.equal('well')
    })

    it('takes until a write is written that arrives just when the line has run empty', async () => {
      for (const ticks of range(0, 8)) {
        open()
        await written(1)
        database.delay = 10
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
        push(2)
        expect(await untilSettled(), `${ticks} ticks`).to.deep.equal([1, 2])
      }
    })

    /** What is committed at that moment. */
    async function untilSettled() {
      const settled = queue.settled().then(() => [...database.committed])
      await clock.tickAsync(minute)
      return settled
    }
  })

  describe('closing', () => {
    it('takes no time when nothing waits', async () => {
      expect(await isPending(queue.close())).to.equal(false)
      expect(log).to.deep.equal([])
    })

    it('writes what waits', async () => {
      database.delay = 10
      push(...range(1, 100))
      pushTask(101)
      push(102)
      const closed = queue.close()
      await clock.tickAsync(minute)
      await closed
      expect(database.committed).to.deep.equal(range(1, 102))
      expect([...outcomes.values()].every(outcome => outcome === 'written')).to.equal(true)
      expect(log).to.deep.equal([])
    })

    it('waits for what is being written, and writes it once', async () => {
      database.delay = 10
      push(1)
      await clock.tickAsync(5)
      const closed = queue.close()
      expect(await isPending(closed)).to.equal(true)
      await clock.tickAsync(5)
      expect(await isPending(closed)).to.equal(false)
      expect(database.batches).to.deep.equal([[1]])
    })

    it('takes no more', async () => {
      const closed = queue.close()
      push(1)
      await closed
      push(2)
      pushTask(3)
      await clock.tickAsync(minute)
      expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'given up'], [3, 'given up']])
      expect(database.attempts).to.deep.equal([])
    })

    it('can be done twice', async () => {
      push(1)
      await Promise.all([queue.close(), queue.close()])
      await queue.close()
      expect(database.batches).to.deep.equal([[1]])
      expect(outcomes.get(1)).to.equal('written')
    })

    it('does not lose what arrived just when the line has run empty', async () => {
      for (const ticks of range(0, 8)) {
        open()
        await written(1)
        database.delay = 10
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
        push(2)
        const closed = queue.close()
        await clock.tickAsync(minute)
        await closed
        expect(database.committed, `${ticks} ticks`).to.deep.equal([1, 2])
        expect(outcomes.get(2), `${ticks} ticks`).to.equal('written')
      }
    })

    describe('while the database is down', () => {
      beforeEach(async () => {
        database.down = true
        push(1, 2)
        await clock.tickAsync(1)
        push(3)
      })

      it('tries once, then gives up', async () => {
        const attempts = database.attempts.length
        await queue.close()
        await clock.tickAsync(10 * minute)
        expect(database.attempts).to.have.length(attempts + 1)
        expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'given up'], [3, 'given up']])
        expect(queue.size).to.equal(0)
      })

      it('says how much is lost', async () => {
        await queue.close()
        expect(log.at(-1)).to.match(/^error .*3 writes/)
      })

      it('does not try again when an attempt was under way', async () => {
        database.delay = 10
        await clock.tickAsync(200)
        const attempts = database.attempts.length
        const closed = queue.close()
        await clock.tickAsync(10)
        expect(await isPending(closed)).to.equal(false)
        await clock.tickAsync(10 * minute)
        expect(database.attempts).to.have.length(attempts)
        expect(outcomes.size).to.equal(3)
      })

      it('writes all if it is back', async () => {
        database.down = false
        await queue.close()
        expect(database.committed).to.deep.equal([1, 2, 3])
        expect([...outcomes.values()]).to.deep.equal(['written', 'written', 'written'])
      })

      it('writes what it can if it is back for a moment', async () => {
        pushTask(4)
        database.down = false
        database.faults = [undefined, 0]
        const attempts = database.attempts.length
        await queue.close()
        await clock.tickAsync(10 * minute)
        expect(database.committed).to.deep.equal([1, 2, 3])
        expect(outcomes.get(3)).to.equal('written')
        expect(outcomes.get(4)).to.equal('given up')
        expect(database.attempts).to.have.length(attempts + 2)
      })
    })

    it('gives up at the first failure', async () => {
      database.down = true
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      const closed = queue.close()
      await clock.tickAsync(10 * minute)
      await closed
      expect(database.batches).to.deep.equal([[1]])
      expect(outcomes.get(1)).to.equal('given up')
    })
  })

  async function written(id: number) {
    const done = queue.push({ id })
    follow(id, done)
    await done
  }

  describe('whatever fails, whenever', () => {
    type Step = ['push', count: number] | ['task'] | ['wait', time: number]

    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.tuple(fc.constant('push' as const), fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 }))),
      fc.constant<Step>(['task']),
      fc.tuple(fc.constant('wait' as const), fc.constantFrom(0, 1, 10, 50, 300, 2000)),
    )
    const scenario = fc.record({
      steps: fc.array(step, { minLength: 1, maxLength: 16 }),
      // undefined: this attempt succeeds
      faults: fc.array(fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 20 })), { maxLength: 12 }),
      delay: fc.constantFrom(0, 3, 40),
    })

    async function run({ steps, faults, delay }: typeof scenario extends fc.Arbitrary<infer T> ? T : never, limit: number) {
      open(limit)
      Object.assign(database, { faults: [...faults], delay })
      let id = 0
      for (const [action, value = 0] of steps) {
        if (action === 'wait') await clock.tickAsync(value)
        else if (action === 'task') pushTask(++id)
        else push(...range(id + 1, id += value))
      }
      await clock.tickAsync(10 * minute)
      return range(1, id)
    }

    it('what is committed is what was pushed, in that order', async () => {
      await fc.assert(fc.asyncProperty(scenario, async (scenario) => {
        const pushed = await run(scenario, 100_000)
        expect(database.committed).to.deep.equal(pushed)
        expect([...outcomes]).to.deep.equal(pushed.map(id => [id, 'written']))
        expect(queue.size).to.equal(0)
      }), { numRuns: 300 })
    }).timeout(30_000)

    it('what is not committed was given up, and said so', async () => {
      await fc.assert(fc.asyncProperty(scenario, fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 })), async (scenario, limit) => {
        const pushed = await run(scenario, limit)
        expect([...outcomes.keys()].sort((a, b) => a - b)).to.deep.equal(pushed)
        const written = pushed.filter(id => outcomes.get(id) === 'written')
        // part of a batch that was given up may have been written before
        expect(database.committed.filter(id => outcomes.get(id) === 'written')).to.deep.equal(written)
        expect(queue.size).to.equal(0)
      }), { numRuns: 300 })
    }).timeout(30_000)
  })
})
