import { setMaxListeners } from 'node:events'
import { Logger, Random, Time } from 'koishi'
import { CancellableWaits } from '../delivery/cancellable-waits'
import { StoppedError } from '../delivery/objections'
import { Pusher } from '../push'
import { nextTurn } from '../shared/next-turn'
import { Tracker } from '../shared/tracker'
import { Enrolment } from './enrolment'
import { Flow } from './flow'
import { LEASE } from './lease'
import { enter, PauseReason } from './lifecycle'
import { BroadcastRow, BroadcastState } from './model'
import { Outcomes } from './outcomes'
import { Result } from './result'
import { Sender } from './sender'
import { StallWatch } from './stall-watch'
import { BroadcastStore, Settlement } from './store'
import { LeaseKeeper } from './lease-keeper'
import { addUp, Columns, splitSums, Sums, toColumns, toKind } from './sums'

/** What a run works with. */
export interface Means {
  store: BroadcastStore
  outcomes: Outcomes
  enrolment: Enrolment
  sender: Sender
  pusher: Pusher
  waits: CancellableWaits
  logger: Logger
  /** This process. */
  owner: string
  /** Told of a change of state. */
  changed(row: BroadcastRow, previous: BroadcastState): void
  /** Whether another run, of the same process, goes on with it. */
  isReplaced(run: Run): boolean
}

const PAGE = 50
const RETRY = Time.second
/** In how many rounds somebody is tried whose turn breaks off for no reason that is known. */
const ROUNDS = 3

/** One broadcast, as long as this process runs it. */
export class Run {
  readonly id: number
  /** When the first of the recipients are taken in. */
  readonly ready: Promise<void>
  /** When nothing is under way any more. */
  readonly ended: Promise<void>
  /** Since when the database takes no writes. That the broadcast stands still cannot be written then, and is told from here. */
  trouble?: Date
  /** How many are settled. */
  sums: Sums = new Map()

  private over = false
  private stopping = createStop()
  private tracker = new Tracker()
  /** Those who are being written to. */
  private inHand = new Set<string>()
  private flow: Flow
  private round = 1
  /** What kept some from being written to in this round. */
  private obstacle?: PauseReason
  /** How many were settled in this round. */
  private progress = 0
  private wake?: () => void
  private lease: LeaseKeeper
  private stall: StallWatch

  /** @param before how it was paused, if it was */
  constructor(private means: Means, private row: BroadcastRow, private before?: Pick<BroadcastRow, 'reason' | 'pausedAt'>) {
    this.id = row.id
    this.flow = new Flow(before?.reason === 'no-answer')
    this.lease = new LeaseKeeper(means.store, means.waits, row, means.owner)
    const { pusher, logger } = means
    // a bot with a limit of its own may be slow
    this.stall = new StallWatch(row.id, logger, Math.max(Time.minute, 2 * pusher.step), () => this.findObstacle())
    let isReady!: () => void
    this.ready = new Promise(resolve => isReady = resolve)
    this.ended = this.live(isReady)
  }

  /** Whether anybody was reached. */
  get fruitful() {
    return this.flow.fruitful
  }

  /** Why nothing has come of it for a while, if so. */
  get stalled() {
    return this.stall.reason
  }

  get columns(): Columns {
    return toColumns(this.sums, this.row.total)
  }

  /** Whether the platform lets nothing proactive of this bot through. */
  private get suspended() {
    return this.means.pusher.suspendedUntil(this.row.selfId) !== undefined
  }

  /** Takes nobody on any more. What is under way comes to its end. */
  halt() {
    this.over = true
    this.stall.close()
    this.stopping.abort()
    this.wake?.()
  }

  /** Takes notice of what is on record of a recipient. */
  note({ state, reason }: Settlement) {
    if (state === 'pending') return
    addUp(this.sums, toKind(state, reason), 1)
    this.stall.progress()
  }

  /** Takes notice of somebody who was erased. */
  erase({ state, reason }: Pick<Settlement, 'state' | 'reason'>) {
    this.row.total--
    if (state !== 'pending' && state !== 'sending') addUp(this.sums, toKind(state, reason), -1)
  }

  /** Counts anew. @returns how many are not settled */
  private async count(): Promise<number> {
    const { settled, open, total } = splitSums(await this.means.store.sums(this.id))
    this.sums = settled
    if (this.row.complete) this.row.total = total
    return open
  }

  private async live(isReady: () => void) {
    const { logger } = this.means
    try {
      await this.persist(() => this.recover())
      const parallel = [this.enrol(isReady), this.lease.keep(() => this.columns, this.stopping.signal).then(() => this.halt())]
      await this.work()
      this.halt()
      await Promise.all(parallel)
    } catch (error) {
      // unloaded in the midst of it
      if (!(error instanceof StoppedError)) logger.warn(error)
      this.halt()
    } finally {
      isReady()
      await this.idle()
      await this.release().catch(error => logger.debug(error))
    }
  }

  /** Whoever was being written to by somebody who is gone is not written to again. */
  private async recover() {
    await this.means.outcomes.abandon(this.id)
    await this.count()
  }

  private async enrol(isReady: () => void) {
    while (!this.over && !this.row.complete) {
      // SQLite runs within this process: others have their turn before each page, the first one included
      await nextTurn()
      await this.persist(async () => Object.assign(this.row, await this.means.enrolment.advance(this.row)))
      // how many there are is known for certain now
      if (this.row.complete) await this.persist(async () => { this.row.total = splitSums(await this.means.store.sums(this.id)).total })
      isReady()
      this.wake?.()
    }
    isReady()
  }

  private async work() {
    for (let after: string | undefined; !this.over;) {
      const page = await this.persist(() => this.means.store.pending(this.id, PAGE, after))
      for (const userId of page) {
        if (this.inHand.has(userId)) continue
        while (!this.over && (this.inHand.size >= this.flow.width || !this.lease.holds)) await this.change()
        if (this.over) return
        this.inHand.add(userId)
        this.tracker.track(this.serve(userId).finally(() => {
          this.inHand.delete(userId)
          this.wake?.()
        })).catch(error => this.means.logger.warn(error))
      }
      after = page.at(-1) ?? after
      if (page.length === PAGE) continue
      while (!this.over && this.inHand.size) await this.change()
      if (this.over) return
      if (!this.row.complete) await this.change()
      else if (await this.conclude()) return
      else after = undefined
    }
  }

  private findObstacle() {
    if (this.trouble) return
    if (!this.lease.holds) return 'lease'
    const { messages, requests } = this.means.pusher.countWaiting(this.row.selfId)
    return messages || requests ? 'limit' : 'unknown'
  }

  /** Waits until something changes, or a moment. */
  private async change() {
    let timer!: NodeJS.Timeout
    await new Promise<void>((resolve) => {
      this.wake = resolve
      timer = setTimeout(resolve, LEASE.beat)
    })
    clearTimeout(timer)
    this.wake = undefined
  }

  /** At the end of a round. @returns whether that was the last */
  private async conclude(): Promise<boolean> {
    const { store } = this.means
    const { progress, obstacle } = this
    this.progress = 0
    this.obstacle = undefined
    this.round++
    if ((await this.persist(() => store.pending(this.id, 1))).length) {
      // nobody got it in this round: what stands in the bot's way pauses the broadcast, what stands in a user's is skipped in the next
      if (!progress && obstacle && this.suspended) return this.pause(obstacle)
      if (!progress) await this.means.waits.sleep(RETRY, this.stopping.signal)
      return false
    }
    if (await this.persist(() => this.count())) {
      // somebody was taken on by a process that may be gone, or is not on record yet
      await this.means.waits.sleep(store.shared ? LEASE.expiry : RETRY, this.stopping.signal)
      await this.persist(() => this.means.outcomes.abandon(this.id))
      return false
    }
    return this.finish()
  }

  private async serve(userId: string) {
    const { outcomes, owner, sender } = this.means
    const token = owner + Random.id(8)
    let claimed: Promise<boolean> | undefined
    const claim = () => claimed ??= this.over || !this.lease.holds ? Promise.resolve(false) : this.claim(userId, token)
    let result: Result
    try {
      result = await sender.send(this.row, userId, { stop: this.stopping.signal, claim })
    } catch (cause) {
      result = { state: 'pending', obstacle: 'error', code: null, via: null, cause }
    }
    // where it is not known whether they were taken on, they are given back
    const own = await claimed?.catch(() => true)
    if (own === false) return
    result = await this.reconsider(userId, result)
    const { state, code, via } = result
    const settlement: Settlement = { broadcast: this.id, userId, token, state, code, via, reason: 'reason' in result ? result.reason : '', at: new Date() }
    if (own) await outcomes.settle(settlement, 'sending')
    else if (state !== 'pending') await outcomes.settle(settlement, 'pending')
    if (state !== 'pending') this.progress++
    const reason = this.flow.note(result)
    if (reason && !this.over) await this.pause(reason)
    else if (result.state === 'pending' && !this.over) await this.hold(result)
  }

  private async claim(userId: string, token: string) {
    const { store, outcomes } = this.means
    outcomes.inHand.add(token)
    const claimed = await store.claim(this.id, userId, token, new Date())
    if (!claimed) outcomes.inHand.delete(token)
    return claimed
  }

  /** Gives up on a user who could not be written to in two rounds although the bot can write to others. */
  private async reconsider(userId: string, result: Result): Promise<Result> {
    if (result.state !== 'pending' || this.over) return result
    const { obstacle, code, via } = result
    const { logger } = this.means
    if (obstacle === 'no-permission' && this.round > 1 && !this.suspended) {
      return { state: 'skipped', reason: obstacle, code, via }
    }
    if (obstacle === 'transient' && this.round > 1) return { state: 'failed', reason: obstacle, code, via }
    if (obstacle !== 'error') return result
    logger.debug(result.cause)
    this.stall.fail(result.cause)
    // of a database that takes writes it is no fault
    if (this.round < ROUNDS || !await this.lease.prove()) return result
    logger.warn('broadcast %d: %s is not written to: %s', this.id, userId, result.cause)
    return { state: 'failed', reason: 'refused', code, via }
  }

  /** Whoever was not written to for now. */
  private async hold({ obstacle }: Extract<Result, { state: 'pending' }>) {
    const { waits } = this.means
    if (obstacle === 'no-permission') {
      this.obstacle = obstacle
      // nobody can be reached on another way
      if (this.row.via.every(via => via === 'proactive') && this.suspended) await this.pause(obstacle)
    } else if (obstacle === 'queue-full' || obstacle === 'error' || obstacle === 'transient') {
      await waits.sleep(RETRY, this.stopping.signal).catch(() => {})
    }
  }

  /** Pauses by itself. */
  private async pause(reason: PauseReason): Promise<true> {
    if (this.over) return true
    this.halt()
    const { logger, owner, waits, store, changed } = this.means
    while (!waits.ended) {
      try {
        const since = this.fruitful ? undefined : this.before?.pausedAt
        const values = { ...enter('paused', reason, since), ...this.columns }
        if (!await store.change({ id: this.id, owner, state: 'running' }, values)) return true
        logger.info('broadcast %d paused by itself: %s', this.id, reason)
        changed(Object.assign(this.row, values), 'running')
        return true
      } catch (error) {
        logger.debug(error)
        await waits.sleep(RETRY).catch(() => {})
      }
    }
    return true
  }

  private async finish(): Promise<true> {
    const { store, owner, changed } = this.means
    const values = { state: 'finished', finishedAt: new Date(), ...this.columns, owner: '' } as const
    // unless an operator, or another process, was first
    if (await this.persist(() => store.change({ id: this.id, owner, state: 'running' }, values))) changed(Object.assign(this.row, values), 'running')
    this.halt()
    return true
  }

  private async idle() {
    while (this.inHand.size) await this.change()
  }

  /** Lets others have it. */
  private async release() {
    const { store, owner, isReplaced } = this.means
    if (!isReplaced(this)) await store.change({ id: this.id, owner, beat: this.row.beat }, { owner: '', ...this.columns })
  }

  /** Goes on until the database takes it. @throws StoppedError at the end of it all */
  private async persist<T>(task: () => Promise<T>): Promise<T> {
    const { waits, logger } = this.means
    while (true) {
      try {
        const result = await task()
        this.trouble = undefined
        return result
      } catch (error) {
        if (this.over || waits.ended) throw new StoppedError('aborted')
        if (!this.trouble) logger.warn('broadcast %d waits for the database: %s', this.id, error)
        this.trouble ??= new Date()
        await waits.sleep(RETRY, this.stopping.signal)
      }
    }
  }
}

/** All that is under way listens to it. */
function createStop() {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}
