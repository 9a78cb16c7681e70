import { Context, Logger, Time } from 'koishi'
import { Delivery } from '../delivery'
import { prepareAgain } from '../roster/prepare'
import { runSafely } from '../shared/run-safely'
import { BroadcastError } from './error'
import { LEASE, LeaseWatch } from './lease'
import { isCause, LATE, toStateValues } from './lifecycle'
import { Runs } from './runs'
import { BroadcastStore, Outline } from './store'

/** After how long (ms) to look again: `soon` while something waits for its time, its bot or another process, else `late`, for what others made. */
const toLook = () => ({ soon: Math.min(Time.second, LEASE.expiry / 4), late: 1.5 * LEASE.expiry })

/** Sees to it that each broadcast that is to go on does, in this process or another one. */
export class Scheduler {
  private watch = new LeaseWatch()
  /** Those whose start was refused, which the operator was told. */
  private refused = new Set<number>()
  private looking = false
  private again = false
  private timer?: () => void
  private failing = false
  private logger: Logger

  constructor(private ctx: Context, private store: BroadcastStore, private runs: Runs, private delivery: Delivery) {
    this.logger = ctx.logger('qq-user')
    ctx.on('ready', () => this.look())
    ctx.on('bot-status-updated', (bot) => {
      if (bot.platform === 'qq') this.look()
    })
  }

  /** Looks at what is to be done, now and as long as there is something. */
  look() {
    if (this.runs.closed) return
    this.again = true
    if (this.looking) return
    this.looking = true
    runSafely(this.ctx, () => this.lookAtAll())
  }

  private async lookAtAll() {
    try {
      let delay = Infinity
      while (this.again && !this.runs.closed) {
        this.again = false
        this.timer?.()
        delay = await this.considerAll()
      }
      if (delay < Infinity && !this.runs.closed) this.timer = this.ctx.setTimeout(() => this.look(), delay)
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
      this.logger.debug(failures[0])
      if (!this.failing && !this.runs.closed) await prepareAgain(this.ctx)
    }
    this.failing = failures.length > 0
    return Math.min(...delays)
  }

  /** @returns when (ms) it is to be looked at again */
  private async consider(outline: Outline): Promise<number> {
    const { id, selfId, state, owner, startAt } = outline
    if (this.runs.current.has(id)) return Infinity
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
    if (this.runs.isForeign(outline) && seen < LEASE.expiry) return toLook().soon
    if (state === 'running') {
      // without a bot it pauses, and says so
      if (online || seen >= 2 * LEASE.expiry) await this.runs.take(outline)
      return toLook().soon
    }
    if (owner) await this.runs.tidy(outline)
    if (state !== 'paused' || !isCause(outline.reason)) return Infinity
    if (online && this.runs.isOver(outline)) await this.runs.take({ ...outline, ...owner && { owner: '', beat: outline.beat + 1 } })
    return toLook().soon
  }

  private async miss({ id }: Outline) {
    if (!await this.store.change({ id, state: 'scheduled' }, toStateValues('paused', 'missed'))) return
    const row = await this.store.get(id)
    if (row) this.runs.announce(row, 'scheduled')
  }

  private async startDue(id: number) {
    const row = await this.store.get(id)
    if (row?.state !== 'scheduled') return
    try {
      await this.runs.begin(row)
    } catch (error) {
      const reason = error instanceof BroadcastError ? error.reason : undefined
      // somebody else was first
      if (reason === 'wrong-state') return
      if (reason !== 'empty-audience') {
        this.complain(id, error)
        throw error
      }
      const values = toStateValues('paused', reason)
      if (await this.store.change({ id, state: 'scheduled' }, values)) this.runs.announce({ ...row, ...values }, 'scheduled')
    }
  }

  private complain(id: number, error: unknown) {
    if (!this.refused.has(id)) this.logger.warn('broadcast %d cannot start at its time, and is tried again: %s', id, error)
    this.refused.add(id)
  }
}
