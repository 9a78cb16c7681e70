import { Context, Random, Time } from 'koishi'
import { Delivery } from '../delivery'
import { Pusher } from '../push'
import { Roster } from '../roster'
import { lasting } from '../shared/lasting'
import { outlast } from '../shared/outlast'
import { runSafely } from '../shared/run-safely'
import { Enrolment } from './enrolment'
import { BroadcastError } from './error'
import { isCause, toStateValues } from './lifecycle'
import { Broadcast, BroadcastRow, BroadcastState, Outlook } from './model'
import { RetryTimes } from './retry-times'
import { Run, RunMeans } from './run'
import { Sender } from './sender'
import { Settlements } from './settlements'
import { BroadcastStore, Outline, Settlement, toBroadcast } from './store'
import { splitSums, toColumns } from './sums'

/** For how long (ms) the end of what is under way is waited for. */
const PATIENCE = 5 * Time.second

/** The broadcasts that this process runs. */
export class Runs {
  readonly current = new Map<number, Run>()
  /** Whether this instance of the plugin has ended. */
  closed = false
  private retryTimes = new RetryTimes()
  private settlements: Settlements
  private enrolment: Enrolment
  private means: RunMeans

  /** @param ended told whenever one is run no more */
  constructor(
    private ctx: Context,
    private store: BroadcastStore,
    roster: Roster,
    private pusher: Pusher,
    delivery: Delivery,
    private ended: () => void,
  ) {
    // of the instances of the plugin in this process, the latest has the say
    const latest = lasting(ctx, 'broadcast.latest', () => ({ instance: 0 }))
    const instance = ++latest.instance
    this.settlements = new Settlements(ctx, store, (settlement, changed) => this.written(settlement, changed))
    this.enrolment = new Enrolment(roster, store)
    this.means = {
      store,
      pusher,
      settlements: this.settlements,
      enrolment: this.enrolment,
      sender: new Sender(pusher, roster, delivery),
      waits: delivery.waits,
      logger: ctx.logger('qq-user'),
      owner: lasting(ctx, 'origin', () => Random.id(8)),
      changed: (row, previous) => this.announce(row, previous),
      isReplaced: run => latest.instance !== instance || this.current.get(run.id) !== run,
    }
    ctx.on('dispose', () => {
      this.halt()
      // what is under way is put on record by this instance, unless there is another one by then
      runSafely(ctx, () => this.idle().then(() => this.settlements.close()))
    })
  }

  /** Ends all that this process runs, so that the next one can go on at once. */
  async close() {
    this.halt()
    await outlast(this.idle(), async () => true, PATIENCE)
  }

  /** Fixes the audience, and begins. @throws BroadcastError */
  async begin(row: BroadcastRow, now = new Date()): Promise<BroadcastRow> {
    const other = row.repeats && (await this.store.repetitions(row.repeats)).find(({ id, startedAt }) => id !== row.id && startedAt)
    if (other) throw new BroadcastError('repeated', `#${other.id}`)
    const { total, latest } = await this.enrolment.count(row)
    if (!total) throw new BroadcastError('empty-audience')
    // unloaded meanwhile: the next instance would not know of it
    if (this.closed) throw new BroadcastError('wrong-state')
    // `firstSeen` is in the platform's time: by a local clock that is slow, the newest users would be left out
    const until = new Date(Math.max(+now, latest))
    const { id, state, reason, owner, beat } = row
    const values = { ...toStateValues('running'), startedAt: now, until, total, owner: this.means.owner, beat: beat + 1 }
    // of two who start it, one does
    if (!await this.store.change({ id, state, reason, owner, beat }, values)) throw new BroadcastError('wrong-state')
    const started = { ...row, ...values }
    this.announce(started, state)
    await this.adopt(started).ready
    return started
  }

  /** Goes on with what is this process's. @param before how it was paused, if it was */
  adopt(row: BroadcastRow, before?: Pick<BroadcastRow, 'reason' | 'pausedAt'>): Run {
    this.current.get(row.id)?.halt()
    this.retryTimes.end(row.id)
    const run = new Run(this.means, row, before)
    this.current.set(row.id, run)
    // unloaded meanwhile: the next instance goes on with it
    if (this.closed) run.halt()
    runSafely(this.ctx, () => run.ended.then(() => {
      if (run.fruitful) this.retryTimes.forget(row.id)
      if (this.current.get(row.id) === run) this.current.delete(row.id)
      this.ended()
    }))
    return run
  }

  /** Takes a broadcast over from whoever has it, if that is as it was seen. */
  async take(seen: Pick<BroadcastRow, 'id' | 'state' | 'reason' | 'owner' | 'beat'>): Promise<BroadcastRow | undefined> {
    const { id, state, reason, owner, beat } = seen
    const values = { ...toStateValues('running'), owner: this.means.owner, beat: beat + 1 }
    const found = await this.store.get(id)
    // read before the change, so that the run exists as soon as the row says `running`: a pause has to find it
    if (!found || !await this.store.change({ id, state, reason, owner, beat }, values)) return
    const row = { ...found, ...values }
    this.adopt(row, found)
    if (state !== 'running') this.announce(row, state)
    return row
  }

  announce(row: BroadcastRow, previous: BroadcastState | undefined) {
    runSafely(this.ctx, () => this.ctx.emit('qq-user/broadcast', this.show(row), previous))
  }

  /** With what is not in the database yet. */
  show(row: BroadcastRow): Broadcast {
    const run = this.current.get(row.id)
    const shown = toBroadcast({ ...row, ...run && row.state !== 'finished' && run.columns })
    return run?.trouble && row.state === 'running' ? { ...shown, ...toStateValues('paused', 'database', run.trouble) } : shown
  }

  /** What keeps one from getting on. */
  describe({ id, selfId, state, reason }: Broadcast): Outlook {
    if (state === 'running') return { waitsFor: this.current.get(id)?.stalled }
    if (state !== 'paused') return {}
    if (reason !== 'database' && !isCause(reason)) return { waitsFor: 'operator' }
    const next = reason === 'no-permission' ? this.pusher.suspendedUntil(selfId) : this.retryTimes.findNext(id)
    return { waitsFor: 'retry', retryAt: next && next > Date.now() ? next : undefined }
  }

  /** Whether what one paused for is over. */
  isOver({ id, selfId, reason }: Pick<BroadcastRow, 'id' | 'selfId' | 'reason'>) {
    if (!isCause(reason)) return false
    if (reason === 'no-permission') return this.pusher.suspendedUntil(selfId) === undefined
    return this.retryTimes.isOver(id, reason)
  }

  /** Whether another process has to let go of it first. */
  isForeign({ owner }: Pick<BroadcastRow, 'owner'>) {
    return this.store.shared && !!owner && owner !== this.means.owner
  }

  /** Puts in order what somebody left who is gone. */
  async tidy({ id, owner, beat }: Outline) {
    const own = this.means.owner
    if (!await this.store.change({ id, owner, beat }, { owner: own, beat: beat + 1 })) return
    await this.settlements.abandon(id)
    await this.recount(id)
    await this.store.change({ id, owner: own }, { owner: '' })
  }

  /** Counts what no run keeps account of. */
  async recount(id: number) {
    const row = await this.store.get(id)
    if (!row || row.state === 'finished') return
    const sums = await this.store.sums(id)
    const { total } = splitSums(sums)
    await this.store.change({ id }, toColumns(sums, row.complete ? total : row.total))
  }

  private written(settlement: Settlement, changed: boolean) {
    if (!changed) return
    const run = this.current.get(settlement.broadcast)
    if (run) run.note(settlement)
    else runSafely(this.ctx, () => this.recount(settlement.broadcast))
  }

  private halt() {
    this.closed = true
    for (const run of this.current.values()) run.halt()
  }

  private async idle() {
    await Promise.all([...this.current.values()].map(({ ended }) => ended))
  }
}
