import { Context, Logger, Time } from 'koishi'
import { nextTurn } from '../shared/next-turn'
import { HANGING, outlast } from '../shared/outlast'
import { runSafely } from '../shared/run-safely'
import { Aside, SetAside } from './aside'
import { Availability } from './availability'
import { Backlog } from './backlog'
import { BatchSize } from './batch-size'
import { FaultSearch, Search, SLOW_SEARCH, toSearch } from './fault-search'
import { PRIORITIES, Ranked } from './lanes'
import { prepareAgain } from './prepare'
import { Stuck, StuckBatch } from './stuck'

/** A write that is carried out alone, in its turn. */
export type Task = () => Promise<unknown>

/** What the queue knows of the database. */
export interface Writer<T> {
  /** Writes a batch; `again` when writing any of it has failed before, so that part of it may be in the database. */
  commit(batch: T[], again: boolean): Promise<void>
  /** Writes something of which nothing is left. Rejects if the database takes no writes. */
  probe(): Promise<void>
  /** The id by which an operator knows a write. */
  identify(work: T): string
}

export interface WriteOptions extends Partial<Ranked> {
  /** Somebody waits for it: when it cannot be written it is given up, with its error, and not set aside. Tasks always are. */
  awaited?: boolean
}

export interface Item<T> extends Ranked {
  work: T | Task
  awaited: boolean
  /** Whether an attempt at it failed: it may be written in part. */
  again: boolean
  /** How often it failed by itself while the database took others. */
  tries: number
  /** Its place in the order of arrival. */
  sequence: number
  resolve(): void
  reject(error: unknown): void
}

/** How many batches may be without an answer before the line waits: each has a connection to itself, of which a driver opens ten. */
const MAX_STUCK = 6
/** After how many batches something that was set aside has its turn all the same, where others never cease to wait. */
const SHARE = 20

/** Why a write was given up: it waited longest when the queue was full, or the plugin was unloaded. */
export class GivenUpError extends Error {}

/**
 * One ordered line for every write. Neighbours are committed together. What fails because the database is down keeps its
 * place and is tried again until it is back; what fails by itself, or is not answered, makes way.
 */
export class WriteQueue<T extends object> {
  private backlog = new Backlog<Item<T>>()
  private asides: Aside<Item<T>>
  private stuck = new Stuck<Item<T>>()
  private faults = new FaultSearch()
  private availability: Availability
  private running?: Promise<void>
  private batchSize = new BatchSize()
  /** How many batches there were since something that was set aside was tried again. */
  private batches = 0
  /** How many were given up since the database was last up. */
  private dropped = 0
  private paused = false
  private closed = false
  private logger: Logger

  /**
   * @param limit how many writes may wait, and how many may be set aside
   * @param before what the first write waits for
   */
  constructor(private ctx: Context, private writer: Writer<T>, private limit: number, private before?: Promise<unknown>) {
    // the last lines are written when the context is gone
    this.logger = ctx.logger('qq-user')
    this.asides = new Aside(ctx, { limit, identify: item => this.identify(item), retry: () => this.start() })
    this.availability = new Availability(() => writer.probe(), () => this.tellOfNoAnswer())
  }

  /** How many writes wait. */
  get size() {
    return this.backlog.size + this.stuck.size
  }

  /** Whether the database refused the last write, or does not answer. */
  get failing() {
    return this.availability.failing
  }

  /** What cannot be written, and is tried again now and then, or is not answered. */
  get setAside(): SetAside[] {
    return [...this.asides.list, ...this.stuck.list(item => this.identify(item))]
  }

  /**
   * Resolves when it is written.
   *
   * @throws GivenUpError, or what the database says to a task that cannot be carried out
   */
  push(work: T | Task, { priority = 'normal', key, awaited = typeof work === 'function' }: WriteOptions = {}): Promise<void> {
    if (this.closed) return Promise.reject(new GivenUpError('the plugin is unloaded'))
    if (this.size >= this.limit) this.drop()
    return new Promise((resolve, reject) => {
      this.add({ work, priority, key, awaited, again: false, tries: 0, sequence: 0, resolve, reject })
    })
  }

  /** What the database has not answered. */
  get unanswered(): StuckBatch<Item<T>>[] {
    return this.stuck.batches
  }

  /** Lets what is about the same users wait for what an instance before this one has no answer to. */
  inherit(batches: StuckBatch<Item<T>>[]) {
    for (const { batch, ended, since } of batches) {
      const stuck = this.stuck.add(batch, ended, since)
      ended.then(() => this.endStuck(stuck))
    }
  }

  /** Gives up what was set aside. */
  withdraw(matches: (work: T) => boolean) {
    for (const item of this.asides.items) {
      if (typeof item.work === 'function' || !matches(item.work)) continue
      this.giveUp(item, new GivenUpError('it was withdrawn'))
    }
  }

  /** Waits until everything that was pushed before is written or set aside, or the database turns out to be down. */
  async settled() {
    if (!this.backlog.size || this.failing) return
    await this.backlog.wait()
  }

  /** Writes what waits until the first failure, and takes no more. */
  async close() {
    this.paused = false
    this.start()
    this.closed = true
    await this.running
    const left = new Set([...this.asides.items, ...this.stuck.followers, ...this.backlog.items])
    const stuck = this.stuck.size - this.stuck.followers.length
    if (left.size + stuck) this.logger.warn('%d writes wait until the plugin is loaded again', left.size + stuck)
    // what is not answered may be written yet, and then it counts
    for (const item of left) this.giveUp(item, new GivenUpError('the plugin is unloaded'))
  }

  private add(item: Item<T>) {
    if (this.stuck.join(item)) return
    this.backlog.add(item)
    this.start()
  }

  /** Gives up the oldest of what matters least, but nothing that is being written. */
  private drop() {
    const { followers } = this.stuck
    for (const priority of PRIORITIES) {
      const oldest = followers.find(item => item.priority === priority) ?? this.backlog.first(priority)
      if (!oldest) continue
      if (!this.dropped++) this.logger.error('%d writes wait for the database; the oldest are given up', this.limit)
      return this.giveUp(oldest, new GivenUpError('the write queue is full'))
    }
  }

  private giveUp(item: Item<T>, error: unknown) {
    this.asides.delete(item)
    this.stuck.release(item)
    item.reject(error)
    this.backlog.delete(item)
  }

  private start() {
    if (this.running || this.paused || !this.pending) return
    this.running = this.run()
  }

  /** Whether there is anything to write. */
  private get pending() {
    return this.backlog.size > 0 || !this.closed && !!this.due
  }

  /** What was set aside and is to be tried again next. */
  private get due() {
    return this.asides.due(item => !this.stuck.has(item))
  }

  private async run() {
    // what arrives in the same tick shares a batch
    await this.before
    while (this.pending && await this.next());
    this.running = undefined
    this.backlog.endWaits()
  }

  /** @returns whether the database is there for more */
  private async next() {
    const batch = this.take()
    const narrowing = batch.every(({ again }) => again)
    const begun = Date.now()
    try {
      await this.attempt(batch)
    } catch (error) {
      const search = toSearch(Date.now() - begun)
      for (const item of batch) item.again = true
      if (this.closed) return this.putBack(batch)
      // the database is always asked before a write is given up or set aside
      const proven = narrowing && batch[0].tries + 1 < search.tries && this.availability.proven
      if (!proven && !await this.availability.watch(() => this.availability.takesWrites())) {
        this.putBack(batch)
        this.pause(error)
        return false
      }
      this.narrow(batch, error, search)
    }
    this.recover()
    // whoever waited for these may have something urgent, and so may others if the event loop was held up
    if (this.pending) await nextTurn()
    return true
  }

  private async attempt(batch: Item<T>[]) {
    const answer = this.write(batch)
    const mayPass = async () => {
      return !this.closed && this.stuck.batches.length < MAX_STUCK && await this.availability.takesWrites() && !this.closed
    }
    if (await this.availability.watch(() => outlast(answer, mayPass))) this.leaveStuck(batch, answer)
  }

  /** Leaves a batch to itself until it is answered, and with it whatever is about the same users. */
  private leaveStuck(batch: Item<T>[], answer: Promise<void>) {
    const name = `${this.identify(batch[0]) || 'a task'} and ${batch.length - 1} more`
    this.logger.warn('%s wait for an answer of the database, which takes others: they go on', name)
    const stuck = this.stuck.add(batch, answer.catch(() => {}))
    for (const item of batch) this.asides.delete(item)
    this.backlog.leave(batch)
    this.backlog.deleteMatching(item => this.stuck.join(item))
    // the next batch may not be answered either, and then fewer wait with it
    this.batchSize.shrink()
    runSafely(this.ctx, async () => {
      const failure = await answer.then(() => this.logger.info('%s are written after all', name), (error: unknown) => ({ error }))
      // a single one is given up or set aside at once
      const down = !!failure && batch.length === 1 && !await this.availability.takesWrites()
      if (failure && this.closed) batch.forEach(item => item.reject(new GivenUpError('the plugin is unloaded')))
      else if (failure) this.takeBack(batch, failure.error, down)
      this.endStuck(stuck)
    })
  }

  /** Lets those go who waited for what is answered now. */
  private endStuck(stuck: StuckBatch<Item<T>>) {
    this.stuck.delete(stuck)
    for (const item of stuck.followers) this.add(item)
    this.start()
  }

  /** After it was refused at last. */
  private takeBack(batch: Item<T>[], error: unknown, down: boolean) {
    for (const item of batch) item.again = true
    this.backlog.rejoin(batch)
    if (down) this.putBack(batch)
    else this.narrow(batch, error, SLOW_SEARCH)
  }

  /** What was set aside keeps its place there. */
  private putBack(batch: Item<T>[]) {
    this.backlog.putBack(batch.filter(item => this.backlog.has(item)))
    return false
  }

  private tellOfNoAnswer() {
    this.logger.warn('a write has not been answered for %d s; %d wait', HANGING / Time.second, this.backlog.size)
    this.backlog.endWaits()
  }

  private take() {
    const isAlone = ({ work, tries }: Item<T>) => typeof work === 'function' || tries > 0
    const batch = this.backlog.takeRefused() ?? []
    // others join after an outage, but not while it is being found out which of these is at fault
    if (batch.length && (!this.failing || this.backlog.hasRefused || isAlone(batch[0]))) return batch
    const due = this.closed || batch.length ? undefined : this.due
    // nobody waits for what was set aside
    if (!due || ++this.batches < SHARE) this.backlog.fill(batch, this.batchSize.current, isAlone)
    if (batch.length) return batch
    this.batches = 0
    return [due!]
  }

  private async write(batch: Item<T>[]) {
    const [{ work }] = batch
    if (this.failing) await prepareAgain(this.ctx)
    const again = batch.some(item => item.again)
    const commit = () => typeof work === 'function' ? work() : this.writer.commit(batch.map(({ work }) => work as T), again)
    await this.batchSize.try(batch.length, commit)
    this.availability.prove()
    if (!again) this.faults.forget()
    for (const item of batch) {
      if (this.asides.delete(item)) this.logger.info('%s is written after all', this.identify(item))
      item.resolve()
    }
    this.backlog.leave(batch)
  }

  /** Finds out which of a batch cannot be written. */
  private narrow(batch: Item<T>[], error: unknown, search: Search) {
    // somebody may have given them up meanwhile
    const rest = batch.filter(item => this.backlog.has(item) || this.asides.has(item))
    if (rest.length > 1) this.backlog.putBack(rest, search.parts)
    else if (rest.length) this.blame(rest[0], error, search)
  }

  private blame(item: Item<T>, error: unknown, search: Search) {
    if (!this.faults.isAtFault(item, error, search)) {
      this.backlog.putBack([item])
    } else if (item.awaited) {
      this.giveUp(item, error)
    } else {
      this.putAside(item, error)
    }
  }

  private putAside(item: Item<T>, error: unknown) {
    const evicted = this.asides.add(item, this.faults.note(error))
    this.backlog.leave([item])
    if (evicted) this.giveUp(evicted, new GivenUpError('too many writes are set aside'))
  }

  private pause(error: unknown) {
    const { isFirst, pause } = this.availability.fail()
    if (isFirst) this.logger.warn('the database does not take writes; %d wait: %s', this.backlog.size, error)
    if (this.closed) return
    this.paused = true
    this.ctx.setTimeout(() => {
      this.paused = false
      this.start()
    }, pause)
  }

  private recover() {
    if (!this.availability.recover()) return
    this.logger.info('the database takes writes again; %d wait, %d were given up', this.backlog.size, this.dropped)
    this.dropped = 0
    // it may have been what was wrong with them
    this.asides.wake()
  }

  private identify({ work }: Item<T>) {
    return typeof work === 'function' ? '' : this.writer.identify(work)
  }
}
