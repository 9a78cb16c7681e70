import { Context, Logger, Time } from 'koishi'

/** A write that is carried out alone, in its turn. */
export type Task = () => Promise<void>

interface Waiting<T> {
  work: T | Task
  done: Promise<void>
  resolve(): void
  reject(error: Error): void
}

const RETRY = [0.2, 0.5, 1, 2, 5].map(value => value * Time.second)
/** A full batch should take no longer than this, in ms: some databases block the event loop while they write. */
const PACE = 25
const BATCH = { min: 8, initial: 32, max: 512 }

/** Why a write was given up: it waited longest when the queue was full, or the plugin was unloaded. */
export class GivenUpError extends Error {}

/**
 * One ordered line for every write. Neighbours are committed together; what fails keeps its place and is tried again
 * until the database is back.
 */
export class WriteQueue<T extends object> {
  private waiting: Waiting<T>[] = []
  private writing: Waiting<T>[] = []
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
   */
  constructor(private ctx: Context, private commit: (batch: T[], again: boolean) => Promise<void>, private limit: number) {
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
   * @throws GivenUpError
   */
  push(work: T | Task): Promise<void> {
    if (this.closed) return Promise.reject(new GivenUpError('the plugin is unloaded'))
    if (this.waiting.length >= this.limit) this.drop()
    const item = { work } as Waiting<T>
    item.done = new Promise((resolve, reject) => Object.assign(item, { resolve, reject }))
    this.waiting.push(item)
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
    await Promise.resolve()
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
    const task = this.waiting.findIndex(({ work }) => typeof work === 'function')
    return this.waiting.slice(0, task < 0 ? this.batch : Math.min(task || 1, this.batch))
  }

  private async write(batch: Waiting<T>[]) {
    const [{ work }] = batch
    const start = performance.now()
    await (typeof work === 'function' ? work() : this.commit(batch.map(({ work }) => work as T), this.failing))
    this.waiting.splice(0, batch.length)
    for (const { resolve } of batch) resolve()
    this.adapt(batch.length, performance.now() - start)
  }

  private fail(error: unknown) {
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
    this.failures = this.dropped = 0
  }

  private adapt(size: number, elapsed: number) {
    if (size < this.batch) return
    const factor = elapsed > PACE ? 0.5 : 2
    this.batch = Math.max(BATCH.min, Math.min(BATCH.max, this.batch * factor))
  }
}
