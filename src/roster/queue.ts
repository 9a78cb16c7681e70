import { Context, Logger, Time } from 'koishi'
import { nextTurn } from '../shared/next-turn'
import { HANGING, outlast } from '../shared/outlast'
import { runSafely } from '../shared/run-safely'
import { AnswerWatch } from './answer-watch'
import { Aside, SetAside } from './aside'
import { BatchSize } from './batch-size'
import { Lanes, PRIORITIES, Ranked } from './lanes'
import { prepareAgain } from './prepare'
import { Readers } from './readers'
import { Refused } from './refused'
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

export interface PushOptions extends Partial<Ranked> {
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

const RETRY = [0.2, 0.5, 1, 2, 5].map(value => value * Time.second)
/** What is refused after so long (ms) may have met another session's lock: everybody waits as long again each time that it is tried. */
const SLOW = Time.second
/** How what is at fault is found. */
interface Search {
  /** Into how many parts a batch is cut. */
  parts: number
  /** How often a write fails by itself before it is given up or set aside: a lock of another process may be in its way. */
  tries: number
}
const SEARCH = { fast: { parts: 2, tries: 3 }, slow: { parts: 20, tries: 2 } }
/** For how long (ms) a write proves that the database is up while it is looked for what is at fault. */
const PROOF = 200
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
  /** In the order of their arrival. */
  private waiting = new Set<Item<T>>()
  /** Those that were not tried yet. */
  private lanes = new Lanes<Item<T>>()
  /** Those that were refused, as they are to be tried again: they may be written in part, and nothing goes before them. */
  private refused = new Refused<Item<T>>()
  private asides: Aside<Item<T>>
  private stuck = new Stuck<Item<T>>()
  /** What the database said of the last that was set aside, until a new batch is written. */
  private fault?: string
  private readers = new Readers()
  private sequence = 0
  private running?: Promise<void>
  private batchSize = new BatchSize()
  private failures = 0
  /** How many batches there were since something that was set aside was tried again. */
  private batches = 0
  private dropped = 0
  /** When (ms) the database last took a write. */
  private provenAt = -Infinity
  private answers = new AnswerWatch(() => this.tellOfNoAnswer())
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
  }

  /** How many writes wait. */
  get size() {
    return this.waiting.size + this.stuck.size
  }

  /** Whether the database refused the last write, or does not answer. */
  get failing() {
    return this.failures > 0 || this.answers.hanging
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
  push(work: T | Task, { priority = 'normal', key, awaited = typeof work === 'function' }: PushOptions = {}): Promise<void> {
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
    if (!this.waiting.size || this.failing) return
    await this.readers.wait(this.sequence)
  }

  /** Writes what waits until the first failure, and takes no more. */
  async close() {
    this.paused = false
    this.start()
    this.closed = true
    await this.running
    const left = new Set([...this.asides.items, ...this.stuck.followers, ...this.waiting])
    const stuck = this.stuck.size - this.stuck.followers.length
    if (left.size + stuck) this.logger.warn('%d writes wait until the plugin is loaded again', left.size + stuck)
    // what is not answered may be written yet, and then it counts
    for (const item of left) this.giveUp(item, new GivenUpError('the plugin is unloaded'))
  }

  private add(item: Item<T>) {
    if (this.stuck.join(item)) return
    item.sequence = ++this.sequence
    this.waiting.add(item)
    this.lanes.push(item)
    this.start()
  }

  /** Gives up the oldest of what matters least, but nothing that is being written. */
  private drop() {
    const earlier = [...this.stuck.followers, ...this.refused.items]
    for (const priority of PRIORITIES) {
      const oldest = earlier.find(item => item.priority === priority) ?? this.lanes.first(priority)
      if (!oldest) continue
      if (!this.dropped++) this.logger.error('%d writes wait for the database; the oldest are given up', this.limit)
      return this.giveUp(oldest, new GivenUpError('the write queue is full'))
    }
  }

  private giveUp(item: Item<T>, error: unknown) {
    if (!this.lanes.delete(item)) this.refused.keep(other => other !== item)
    this.asides.delete(item)
    this.stuck.release(item)
    item.reject(error)
    this.leave([item])
  }

  private leave(items: Item<T>[]) {
    for (const item of items) this.waiting.delete(item)
    this.readers.release(this.waiting.values().next().value?.sequence)
  }

  private start() {
    if (this.running || this.paused || !this.pending) return
    if (this.closed && this.failing) return
    this.running = this.run()
  }

  /** Whether there is anything to write. */
  private get pending() {
    return this.waiting.size > 0 || !this.closed && !!this.due
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
    this.readers.release()
  }

  /** @returns whether the database is there for more */
  private async next() {
    const batch = this.take()
    const narrowing = batch.every(({ again }) => again)
    const begun = Date.now()
    try {
      await this.attempt(batch)
    } catch (error) {
      const search = Date.now() - begun >= SLOW ? SEARCH.slow : SEARCH.fast
      for (const item of batch) item.again = true
      if (this.closed) return this.putBack(batch)
      // the database is always asked before a write is given up or set aside
      const proven = narrowing && batch[0].tries + 1 < search.tries && this.proven
      if (!proven && !await this.answers.watch(() => this.takesWrites())) {
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
    const mayPass = async () => !this.closed && this.stuck.batches.length < MAX_STUCK && await this.takesWrites() && !this.closed
    if (await this.answers.watch(() => outlast(answer, mayPass))) this.leaveStuck(batch, answer)
  }

  /** Leaves a batch to itself until it is answered, and with it whatever is about the same users. */
  private leaveStuck(batch: Item<T>[], answer: Promise<void>) {
    const name = `${this.identify(batch[0]) || 'a task'} and ${batch.length - 1} more`
    this.logger.warn('%s wait for an answer of the database, which takes others: they go on', name)
    const stuck = this.stuck.add(batch, answer.catch(() => {}))
    for (const item of batch) this.asides.delete(item)
    this.leave(batch)
    const goesOn = (item: Item<T>) => {
      const follows = this.stuck.join(item)
      if (follows) this.leave([item])
      return !follows
    }
    this.refused.keep(goesOn)
    for (const item of [...this.lanes]) if (!goesOn(item)) this.lanes.delete(item)
    // what the next one takes along is less
    this.batchSize.shrink()
    runSafely(this.ctx, async () => {
      const failure = await answer.then(() => this.logger.info('%s are written after all', name), (error: unknown) => ({ error }))
      // a single one is given up or set aside at once
      const down = !!failure && batch.length === 1 && !await this.takesWrites()
      if (failure && this.closed) batch.forEach(item => item.reject(new GivenUpError('the plugin is unloaded')))
      else if (failure) this.takeBack(batch, failure.error, down)
      this.endStuck(stuck)
    })
  }

  /** Lets those go who waited for what is answered now. */
  private endStuck(stuck: StuckBatch<Item<T>>) {
    this.stuck.delete(stuck)
    if (this.closed) return
    for (const item of stuck.followers) this.add(item)
    this.start()
  }

  /** After it was refused at last. */
  private takeBack(batch: Item<T>[], error: unknown, down: boolean) {
    for (const item of batch) {
      item.again = true
      this.waiting.add(item)
    }
    if (down) this.putBack(batch)
    else this.narrow(batch, error, SEARCH.slow)
  }

  /** What was set aside keeps its place there. */
  private putBack(batch: Item<T>[]) {
    this.refused.add(batch.filter(item => this.waiting.has(item)))
    return false
  }

  private tellOfNoAnswer() {
    this.logger.warn('a write has not been answered for %d s; %d wait', HANGING / Time.second, this.waiting.size)
    this.readers.release()
  }

  private take() {
    const isAlone = ({ work, tries }: Item<T>) => typeof work === 'function' || tries > 0
    const batch = this.refused.take() ?? []
    // others join after an outage, but not while it is being found out which of these is at fault
    if (batch.length && (!this.failing || this.refused.size || isAlone(batch[0]))) return batch
    const due = this.closed || batch.length ? undefined : this.due
    // nobody waits for what was set aside
    if (!due || ++this.batches < SHARE) this.lanes.take(batch, this.batchSize.current, isAlone)
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
    this.provenAt = Date.now()
    if (!again) this.fault = undefined
    for (const item of batch) {
      if (this.asides.delete(item)) this.logger.info('%s is written after all', this.identify(item))
      item.resolve()
    }
    this.leave(batch)
  }

  /** Whether anything else can be written, which tells a write that is at fault from a database that is down. */
  private takesWrites() {
    return this.writer.probe().then(() => {
      this.provenAt = Date.now()
      return true
    }, () => false)
  }

  private get proven() {
    return Math.abs(Date.now() - this.provenAt) < PROOF
  }

  /** Finds out which of a batch cannot be written. */
  private narrow(batch: Item<T>[], error: unknown, search: Search) {
    // somebody may have given them up meanwhile
    const rest = batch.filter(item => this.waiting.has(item) || this.asides.has(item))
    if (rest.length > 1) this.refused.add(rest, search.parts)
    else if (rest.length) this.blame(rest[0], error, search)
  }

  private blame(item: Item<T>, error: unknown, { tries }: Search) {
    // one with the same fault as the last is not tried again: many of them would hold up the line
    if (++item.tries < tries && toMessage(error) !== this.fault) {
      this.refused.add([item])
    } else if (item.awaited) {
      this.giveUp(item, error)
    } else {
      this.putAside(item, error)
    }
  }

  private putAside(item: Item<T>, error: unknown) {
    this.fault = toMessage(error)
    const evicted = this.asides.add(item, this.fault)
    this.leave([item])
    if (evicted) this.giveUp(evicted, new GivenUpError('too many writes are set aside'))
  }

  private pause(error: unknown) {
    if (!this.failures++) this.logger.warn('the database does not take writes; %d wait: %s', this.waiting.size, error)
    if (this.closed) return
    this.paused = true
    this.ctx.setTimeout(() => {
      this.paused = false
      this.start()
    }, RETRY[Math.min(this.failures, RETRY.length) - 1])
  }

  private recover() {
    if (!this.failures) return
    this.logger.info('the database takes writes again; %d wait, %d were given up', this.waiting.size, this.dropped)
    this.failures = this.dropped = 0
    // it may have been what was wrong with them
    this.asides.wake()
  }

  private identify({ work }: Item<T>) {
    return typeof work === 'function' ? '' : this.writer.identify(work)
  }
}

function toMessage(error: unknown) {
  return error instanceof Error ? error.message : String(error)
}
