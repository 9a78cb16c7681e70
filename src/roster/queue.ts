import { Context, Logger, Time } from 'koishi'
import { prepareAgain } from './prepare'

/** A write that is carried out alone, in its turn. */
export type Task = () => Promise<void>

interface Waiting<T> {
  work: T | Task
  done: Promise<void>
  resolve(): void
  reject(error: Error): void
}

const RETRY = [0.2, 0.5, 1, 2, 5].map(value => value * Time.second)
/** For how long a batch may keep the event loop to itself, in ms, as it does where the database runs within this process. */
const PACE = 25
// an id has 255 characters at most, and SQLite in WebAssembly breaks on a statement of more than 60,000
const BATCH = { min: 16, initial: 16, max: 100 }

/** Why a write was given up: it waited longest when the queue was full, or the plugin was unloaded. */
export class GivenUpError extends Error {}

/**
 * One ordered line for every write. Neighbours are committed together; what fails keeps its place and is tried again
 * until the database is back.
 */
export class WriteQueue<T extends object> {
  private waiting: Waiting<T>[] = []
  private writing: Waiting<T>[] = []
  /** How many at the front were refused: they may be written in part, and nothing goes before them. */
  private refused = 0
  private running?: Promise<void>
  private batch = BATCH.initial
  private failures = 0
  private dropped = 0
  private paused = false
  private closed = false
  private logger: Logger

  /**
   * @param commit writes a batch; `again` when writing has just failed, so that part of it may be in the database
   * @param limit how many writes may wait
   * @param before what the first write waits for
   */
  constructor(
    private ctx: Context,
    private commit: (batch: T[], again: boolean) => Promise<void>,
    private limit: number,
    private before?: Promise<unknown>,
  ) {
    // the last lines are written when the context is gone
    this.logger = ctx.logger('qq-user')
  }

  /** How many writes wait. */
  get size() {
    return this.waiting.length
  }

  /** Whether the database refused the last write. */
  get failing() {
    return this.failures > 0
  }

  /**
   * Resolves when it is written.
   *
   * @param urgent before all that was not tried yet
   * @throws GivenUpError
   */
  push(work: T | Task, urgent = false): Promise<void> {
    if (this.closed) return Promise.reject(new GivenUpError('the plugin is unloaded'))
    if (this.waiting.length >= this.limit) this.drop()
    const item = { work } as Waiting<T>
    item.done = new Promise((resolve, reject) => Object.assign(item, { resolve, reject }))
    this.waiting.splice(urgent ? Math.max(this.writing.length, this.refused) : this.waiting.length, 0, item)
    this.start()
    return item.done
  }

  /** Waits until everything that was pushed before is written, or the database turns out to be down. */
  async settled() {
    const last = this.waiting.at(-1)
    if (last && !this.failing) await Promise.race([last.done.catch(() => {}), this.running])
  }

  /** Writes what waits, once, and takes no more. */
  async close() {
    this.paused = false
    this.start()
    this.closed = true
    await this.running
    if (this.waiting.length) this.logger.error('%d writes are lost with the database', this.waiting.length)
    for (const { reject } of this.waiting.splice(0)) reject(new GivenUpError('the plugin is unloaded'))
  }

  private drop() {
    const index = this.waiting.findIndex(item => !this.writing.includes(item))
    if (index < 0) return
    const [oldest] = this.waiting.splice(index, 1)
    if (index < this.refused) this.refused--
    if (!this.dropped++) this.logger.error('%d writes wait for the database; the oldest are given up', this.limit)
    oldest.reject(new GivenUpError('the write queue is full'))
  }

  private start() {
    if (this.running || this.paused || !this.waiting.length) return
    if (this.closed && this.failing) return
    this.running = this.run()
  }

  private async run() {
    // what arrives in the same tick shares a batch
    await this.before
    while (this.waiting.length) {
      this.writing = this.take()
      try {
        await this.write(this.writing)
      } catch (error) {
        this.fail(error)
        break
      } finally {
        this.writing = []
      }
      this.recover()
    }
    this.running = undefined
  }

  private take() {
    const next = this.waiting.slice(0, this.batch)
    const task = next.findIndex(({ work }) => typeof work === 'function')
    return task < 0 ? next : next.slice(0, task || 1)
  }

  private async write(batch: Waiting<T>[]) {
    const [{ work }] = batch
    if (this.failing) await prepareAgain(this.ctx)
    const commit = () => typeof work === 'function' ? work() : this.commit(batch.map(({ work }) => work as T), this.failing)
    const occupied = batch.length < this.batch ? await commit() : await occupy(commit)
    this.waiting.splice(0, batch.length)
    this.writing = []
    for (const { resolve } of batch) resolve()
    if (occupied !== undefined) this.adapt(occupied)
    // whoever waited for these may have something urgent, and so may others if the event loop was held up
    if (this.waiting.length) await new Promise(resolve => setImmediate(resolve))
  }

  private fail(error: unknown) {
    this.refused = Math.max(this.refused, this.writing.length)
    if (!this.failures++) this.logger.warn('the database does not take writes; %d wait: %s', this.waiting.length, error)
    if (this.closed) return
    this.paused = true
    this.ctx.setTimeout(() => {
      this.paused = false
      this.start()
    }, RETRY[Math.min(this.failures, RETRY.length) - 1])
  }

  private recover() {
    if (!this.failures) return
    this.logger.info('the database takes writes again; %d wait, %d were given up', this.waiting.length, this.dropped)
    this.failures = this.dropped = this.refused = 0
  }

  private adapt(occupied: number) {
    const factor = occupied > PACE ? 0.5 : 2
    this.batch = Math.max(BATCH.min, Math.min(BATCH.max, this.batch * factor))
  }
}

/** @returns for how long it kept the event loop to itself, in ms of CPU time; 0 if others had their turn in between */
async function occupy(callback: () => Promise<void>) {
  const start = process.cpuUsage()
  let shared = false
  setImmediate(() => { shared = true })
  await callback()
  const { user, system } = process.cpuUsage(start)
  return shared ? 0 : (user + system) / 1000
}
