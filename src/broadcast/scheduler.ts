import { Context, Random, Time } from 'koishi'
import { Delivery } from '../delivery'
import { Pusher } from '../push'
import { Roster } from '../roster'
import { prepareAgain } from '../roster/prepare'
import { runSafely } from '../shared/run-safely'
import { lasting } from '../shared/lasting'
import { Enrolment } from './enrolment'
import { BroadcastError } from './error'
import { LEASE, LeaseWatch } from './lease'
import { enter, isCause, LATE } from './lifecycle'
import { Broadcast, BroadcastRow, BroadcastState, Outlook } from './model'
import { Outcomes } from './outcomes'
import { RetryTimes } from './retry-times'
import { Means, Run } from './run'
import { Sender } from './sender'
import { BroadcastStore, Outline, Settlement, toBroadcast } from './store'
import { splitSums, toColumns } from './sums'

/** After how long (ms) to look again: `soon` while something waits for its time, its bot or another process, else `late`, for what others made. */
const toLook = () => ({ soon: Math.min(Time.second, LEASE.expiry / 4), late: 1.5 * LEASE.expiry })
/** For how long (ms) the end of what is under way is waited for. */
const PATIENCE = 5 * Time.second

/** Sees to it that each broadcast that is to go on does, in this process or another one. */
export class Scheduler {
  readonly runs = new Map<number, Run>()
  readonly outcomes: Outcomes
  readonly enrolment: Enrolment
  private means: Means
  private watch = new LeaseWatch()
  private retryTimes = new RetryTimes()
  /** Those whose start was refused, which the operator was told. */
  private refused = new Set<number>()
  private looking = false
  private again = false
  private timer?: () => void
  private failing = false
  private closed = false

  constructor(private ctx: Context, readonly store: BroadcastStore, roster: Roster, private pusher: Pusher, private delivery: Delivery) {
    // of the instances of the plugin in this process, the latest has the say
    const latest = lasting(ctx, 'broadcast.latest', () => ({ instance: 0 }))
    const instance = ++latest.instance
    this.outcomes = new Outcomes(ctx, store, (settlement, changed) => this.written(settlement, changed))
    this.enrolment = new Enrolment(roster, store)
    this.means = {
      store,
      pusher,
      outcomes: this.outcomes,
      enrolment: this.enrolment,
      sender: new Sender(pusher, roster, delivery),
      waits: delivery.waits,
      logger: ctx.logger('qq-user'),
      owner: lasting(ctx, 'origin', () => Random.id(8)),
      changed: (row, previous) => this.announce(row, previous),
      isReplaced: run => latest.instance !== instance || this.runs.get(run.id) !== run,
    }
    ctx.on('ready', () => this.look())
    ctx.on('bot-status-updated', (bot) => {
      if (bot.platform === 'qq') this.look()
    })
    ctx.on('dispose', () => {
      this.closed = true
      this.halt()
      // what is under way is put on record by this instance, unless there is another one by then
      runSafely(ctx, () => this.ended().then(() => this.outcomes.close()))
    })
  }

  /** Ends all that this process runs, so that the next one can go on at once. */
  async close() {
    this.closed = true
    this.halt()
    let timer!: NodeJS.Timeout
    const late = new Promise<void>(resolve => timer = setTimeout(resolve, PATIENCE))
    await Promise.race([this.ended(), late])
    clearTimeout(timer)
  }

  private async ended() {
    await Promise.all([...this.runs.values()].map(({ ended }) => ended))
  }

  /** Fixes the audience, and begins. @throws BroadcastError */
  async begin(row: BroadcastRow, now = new Date()): Promise<BroadcastRow> {
    const other = row.repeats && (await this.store.repetitions(row.repeats)).find(({ id, startedAt }) => id !== row.id && startedAt)
    if (other) throw new BroadcastError('repeated', `#${other.id}`)
    const { total, latest } = await this.enrolment.measure(row)
    if (!total) throw new BroadcastError('empty-audience')
    // unloaded meanwhile: the next instance would not know of it
    if (this.closed) throw new BroadcastError('wrong-state')
    // `firstSeen` is in the platform's time: by a local clock that is slow, the newest users would be left out
    const until = new Date(Math.max(+now, latest))
    const { id, state, reason, owner, beat } = row
    const values = { ...enter('running'), startedAt: now, until, total, owner: this.means.owner, beat: beat + 1 }
    // of two who start it, one does
    if (!await this.store.change({ id, state, reason, owner, beat }, values)) throw new BroadcastError('wrong-state')
    const started = { ...row, ...values }
    this.announce(started, state)
    await this.adopt(started).ready
    return started
  }

  /** Goes on with what is this process's. @param before how it was paused, if it was */
  adopt(row: BroadcastRow, before?: Pick<BroadcastRow, 'reason' | 'pausedAt'>): Run {
    this.runs.get(row.id)?.halt()
    this.retryTimes.end(row.id)
    const run = new Run(this.means, row, before)
    this.runs.set(row.id, run)
    // unloaded meanwhile: the next instance goes on with it
    if (this.closed) run.halt()
    runSafely(this.ctx, () => run.ended.then(() => {
      if (run.fruitful) this.retryTimes.forget(row.id)
      if (this.runs.get(row.id) === run) this.runs.delete(row.id)
      this.look()
    }))
    return run
  }

  /** Takes a broadcast over from whoever has it, if that is as it was seen. */
  async take(seen: Pick<BroadcastRow, 'id' | 'state' | 'reason' | 'owner' | 'beat'>): Promise<BroadcastRow | undefined> {
    const { id, state, reason, owner, beat } = seen
    const values = { ...enter('running'), owner: this.means.owner, beat: beat + 1 }
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
    const run = this.runs.get(row.id)
    const shown = toBroadcast({ ...row, ...run && row.state !== 'finished' && run.columns })
    return run?.trouble && row.state === 'running' ? { ...shown, ...enter('paused', 'database', run.trouble) } : shown
  }

  /** What keeps one from getting on. */
  describe({ id, selfId, state, reason }: Broadcast): Outlook {
    if (state === 'running') return { waitsFor: this.runs.get(id)?.stalled }
    if (state !== 'paused') return {}
    if (reason !== 'database' && !isCause(reason)) return { waitsFor: 'operator' }
    const next = reason === 'no-permission' ? this.pusher.suspendedUntil(selfId) : this.retryTimes.findNext(id)
    return { waitsFor: 'retry', retryAt: next && next > Date.now() ? next : undefined }
  }

  /** Whether another process has to let go of it first. */
  isForeign({ owner }: Pick<BroadcastRow, 'owner'>) {
    return this.store.shared && !!owner && owner !== this.means.owner
  }

  /** Looks at what is to be done, now and as long as there is something. */
  look() {
    if (this.closed) return
    this.again = true
    if (this.looking) return
    this.looking = true
    runSafely(this.ctx, () => this.lookAtAll())
  }

  private halt() {
    for (const run of this.runs.values()) run.halt()
  }

  private async lookAtAll() {
    try {
      let delay = Infinity
      while (this.again && !this.closed) {
        this.again = false
        this.timer?.()
        delay = await this.considerAll()
      }
      if (delay < Infinity && !this.closed) this.timer = this.ctx.setTimeout(() => this.look(), delay)
    } finally {
      // not a moment later, or whoever asks for another look would not be heard
      this.looking = false
    }
  }

  /** @returns when (ms) they are to be looked at again */
  private async considerAll(): Promise<number> {
    const delays = [this.store.shared ? toLook().late : Infinity]
    const failures: unknown[] = []
    try {
      for (const outline of await this.store.active()) {
        // one that fails holds up no other
        await this.consider(outline).then(delay => delays.push(delay), error => failures.push(error))
      }
    } catch (error) {
      failures.push(error)
    }
    if (failures.length) {
      delays.push(toLook().soon)
      this.means.logger.debug(failures[0])
      if (!this.failing && !this.closed) await prepareAgain(this.ctx)
    }
    this.failing = failures.length > 0
    return Math.min(...delays)
  }

  /** @returns when (ms) it is to be looked at again */
  private async consider(outline: Outline): Promise<number> {
    const { id, selfId, state, owner, startAt } = outline
    if (this.runs.has(id)) return Infinity
    const online = !!this.delivery.find(selfId)
    const seen = this.watch.observe(outline)
    if (state === 'scheduled') {
      const late = Date.now() - +startAt!
      if (late < 0) return Math.min(-late, toLook().late)
      if (late > LATE) await this.miss(outline)
      // a process that has the bot goes first
      else if (online || late > LEASE.expiry) await this.startDue(id)
      return toLook().soon
    }
    if (this.isForeign(outline) && seen < LEASE.expiry) return toLook().soon
    if (state === 'running') {
      // without a bot it pauses, and says so
      if (online || seen >= 2 * LEASE.expiry) await this.take(outline)
      return toLook().soon
    }
    if (owner) await this.tidy(outline)
    if (state !== 'paused' || !isCause(outline.reason)) return Infinity
    if (online && this.isOver(outline)) await this.take({ ...outline, ...owner && { owner: '', beat: outline.beat + 1 } })
    return toLook().soon
  }

  /** Whether what a broadcast paused for is over. */
  private isOver({ id, selfId, reason }: Outline) {
    if (!isCause(reason)) return false
    if (reason === 'no-permission') return this.pusher.suspendedUntil(selfId) === undefined
    return this.retryTimes.isOver(id, reason)
  }

  private async miss({ id }: Outline) {
    if (!await this.store.change({ id, state: 'scheduled' }, enter('paused', 'missed'))) return
    const row = await this.store.get(id)
    if (row) this.announce(row, 'scheduled')
  }

  private async startDue(id: number) {
    const row = await this.store.get(id)
    if (row?.state !== 'scheduled') return
    try {
      await this.begin(row)
    } catch (error) {
      const reason = error instanceof BroadcastError ? error.reason : undefined
      // somebody else was first
      if (reason === 'wrong-state') return
      if (reason !== 'empty-audience') {
        this.complain(id, error)
        throw error
      }
      const values = enter('paused', reason)
      if (await this.store.change({ id, state: 'scheduled' }, values)) this.announce({ ...row, ...values }, 'scheduled')
    }
  }

  private complain(id: number, error: unknown) {
    if (!this.refused.has(id)) this.means.logger.warn('broadcast %d cannot start at its time, and is tried again: %s', id, error)
    this.refused.add(id)
  }

  /** Puts in order what somebody left who is gone. */
  private async tidy({ id, owner, beat }: Outline) {
    const own = this.means.owner
    if (!await this.store.change({ id, owner, beat }, { owner: own, beat: beat + 1 })) return
    await this.outcomes.abandon(id)
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
    const run = this.runs.get(settlement.broadcast)
    if (run) run.note(settlement)
    else runSafely(this.ctx, () => this.recount(settlement.broadcast))
  }
}
