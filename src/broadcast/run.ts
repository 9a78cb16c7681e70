import { setMaxListeners } from 'node:events'
import { Logger, Time } from 'koishi'
import { CancellableWaits } from '../delivery/cancellable-waits'
import { StoppedError } from '../delivery/objections'
import { Pusher } from '../push'
import { nextTurn } from '../shared/next-turn'
import { Enrolment } from './enrolment'
import { LEASE } from './lease'
import { LeaseKeeper } from './lease-keeper'
import { PauseReason, toStateValues } from './lifecycle'
import { BroadcastRow, BroadcastState } from './model'
import { Persistence, RETRY } from './persistence'
import { Rounds } from './rounds'
import { Sender } from './sender'
import { Settlements } from './settlements'
import { StallWatch } from './stall-watch'
import { BroadcastStore, Settlement } from './store'
import { addUp, Columns, splitSums, Sums, toColumns, toKind } from './sums'

/** What a run works with. */
export interface RunMeans {
  store: BroadcastStore
  settlements: Settlements
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

/** One broadcast, as long as this process runs it. */
export class Run {
  readonly id: number
  /** When the first of the recipients are taken in. */
  readonly ready: Promise<void>
  /** When nothing is under way any more. */
  readonly ended: Promise<void>
  /** How many are settled. */
  sums: Sums = new Map()

  private stopping = createStop()
  private lease: LeaseKeeper
  private stall: StallWatch
  private database: Persistence
  private rounds: Rounds

  /** @param before how it was paused, if it was */
  constructor(private means: RunMeans, private row: BroadcastRow, private before?: Pick<BroadcastRow, 'reason' | 'pausedAt'>) {
    const { store, pusher, waits, logger, owner } = means
    const stop = this.stopping.signal
    this.id = row.id
    this.lease = new LeaseKeeper(store, waits, row, owner)
    this.database = new Persistence(row.id, waits, logger, stop)
    // a bot with a limit of its own may be slow
    this.stall = new StallWatch(row.id, logger, Math.max(Time.minute, 2 * pusher.step), () => this.findObstacle())
    const { lease, stall, database } = this
    this.rounds = new Rounds({ ...means, row, lease, stall, database, stop, pause: reason => this.pause(reason) }, before?.reason === 'no-answer')
    let isReady!: () => void
    this.ready = new Promise(resolve => isReady = resolve)
    this.ended = this.live(isReady)
  }

  /** Whether anybody was reached. */
  get fruitful() {
    return this.rounds.fruitful
  }

  /** Why nothing has come of it for a while, if so. */
  get stalled() {
    return this.stall.reason
  }

  /** Since when it waits for the database, if it does. */
  get trouble() {
    return this.database.trouble
  }

  get columns(): Columns {
    return toColumns(this.sums, this.row.total)
  }

  private get over() {
    return this.stopping.signal.aborted
  }

  /** Takes nobody on any more. What is under way comes to its end. */
  halt() {
    this.stall.close()
    this.stopping.abort()
    this.rounds.wake()
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
      await this.database.persist(() => this.recover())
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
      await this.rounds.idle()
      await this.release().catch(error => logger.debug(error))
    }
  }

  /** Whoever was being written to by somebody who is gone is not written to again. */
  private async recover() {
    await this.means.settlements.abandon(this.id)
    await this.count()
  }

  private async enrol(isReady: () => void) {
    const { store, enrolment } = this.means
    while (!this.over && !this.row.complete) {
      // SQLite runs within this process: others have their turn before each page, the first one included
      await nextTurn()
      await this.database.persist(async () => Object.assign(this.row, await enrolment.advance(this.row)))
      // how many there are is known for certain now
      if (this.row.complete) await this.database.persist(async () => { this.row.total = splitSums(await store.sums(this.id)).total })
      isReady()
      this.rounds.wake()
    }
    isReady()
  }

  private async work() {
    const { store, settlements, waits } = this.means
    while (await this.rounds.work()) {
      if (!await this.database.persist(() => this.count())) return this.finish()
      // somebody was taken on by a process that may be gone, or is not on record yet
      await waits.sleep(store.shared ? LEASE.expiry : RETRY, this.stopping.signal)
      await this.database.persist(() => settlements.abandon(this.id))
    }
  }

  private findObstacle() {
    if (this.trouble) return
    if (!this.lease.holds) return 'lease'
    const { messages, requests } = this.means.pusher.countWaiting(this.row.selfId)
    return messages || requests ? 'limit' : 'unknown'
  }

  /** Pauses by itself. */
  private async pause(reason: PauseReason) {
    if (this.over) return
    this.halt()
    const { logger, owner, waits, store, changed } = this.means
    while (!waits.ended) {
      try {
        const since = this.fruitful ? undefined : this.before?.pausedAt
        const values = { ...toStateValues('paused', reason, since), ...this.columns }
        if (!await store.change({ id: this.id, owner, state: 'running' }, values)) return
        logger.info('broadcast %d paused by itself: %s', this.id, reason)
        return changed(Object.assign(this.row, values), 'running')
      } catch (error) {
        logger.debug(error)
        await waits.sleep(RETRY).catch(() => {})
      }
    }
  }

  private async finish() {
    const { store, owner, changed } = this.means
    const values = { state: 'finished', finishedAt: new Date(), ...this.columns, owner: '' } as const
    // unless an operator, or another process, was first
    const finished = await this.database.persist(() => store.change({ id: this.id, owner, state: 'running' }, values))
    if (finished) changed(Object.assign(this.row, values), 'running')
  }

  /** Lets others have it. */
  private async release() {
    const { store, owner, isReplaced } = this.means
    if (!isReplaced(this)) await store.change({ id: this.id, owner, beat: this.row.beat }, { owner: '', ...this.columns })
  }
}

/** All that is under way listens to it. */
function createStop() {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}
