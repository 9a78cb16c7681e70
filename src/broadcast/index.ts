import { Context, Fragment, h } from 'koishi'
import { Delivery } from '../delivery'
import { QQUser } from '../model'
import { toLimit } from '../shared/limit'
import { nextTurn } from '../shared/next-turn'
import { Pusher } from '../push'
import { Via } from '../push/ways'
import { Roster } from '../roster'
import { readAudience } from './audience'
import { compose, readContent } from './content'
import { BroadcastOptions, Draft, Drafts, toRow } from './drafts'
import { Runs } from './runs'
import { Scheduler } from './scheduler'
import { Estimate, EstimateQuery, Estimates } from './estimate'
import { fail, isId, readVias } from './input'
import { Action, nextState, toStateValues } from './lifecycle'
import { Broadcast, BroadcastRecipient, BroadcastRow, BroadcastState, extendBroadcastModel, Outlook, RecipientState } from './model'
import { isOver } from './phases'
import { temporaryReasons } from './result'
import { BroadcastStore } from './store'
import { readSums } from './sums'

declare module 'koishi' {
  interface Events {
    /** After a broadcast's state, or the reason for it, changed. */
    'qq-user/broadcast'(broadcast: Broadcast, previous: BroadcastState | undefined): void
  }
}

export interface BroadcastQuery {
  selfId?: string
  /** 20 unless told, 200 at most. */
  limit?: number
  /** The id of the last broadcast of the page before. */
  after?: number
}

export interface RecipientQuery {
  state?: RecipientState
  /** 100 unless told, 1000 at most. */
  limit?: number
  /** The id of the last user of the page before. */
  after?: string
}

/** How many recipients are removed at once. */
const PRUNE = 200
const LIMIT = { broadcasts: { initial: 20, max: 200 }, recipients: { initial: 100, max: 1000 } }

/** One message to many users, as `ctx.qqUser.broadcasts`: each of them gets it once, whatever happens meanwhile. */
export class Broadcasts {
  private store: BroadcastStore
  private runs: Runs
  private scheduler: Scheduler
  private estimates: Estimates
  private drafts: Drafts

  constructor(private ctx: Context, private roster: Roster, private pusher: Pusher, delivery: Delivery) {
    extendBroadcastModel(ctx)
    this.store = new BroadcastStore(ctx)
    this.runs = new Runs(ctx, this.store, roster, pusher, delivery, () => this.scheduler.look())
    this.scheduler = new Scheduler(ctx, this.store, this.runs, delivery)
    this.estimates = new Estimates(roster, pusher)
    this.drafts = new Drafts(ctx, roster, delivery)
  }

  /**
   * Makes a broadcast, which waits for `start`, or for its time.
   * @throws BroadcastError for what cannot be sent
   */
  async create(options: BroadcastOptions): Promise<Broadcast> {
    return this.add(await this.drafts.read(options))
  }

  /** Finds what is wrong with a broadcast that is to be made, and makes none. @throws BroadcastError */
  async check(options: BroadcastOptions): Promise<void> {
    await this.drafts.read(options)
  }

  /**
   * Fixes the audience and begins to send.
   * @throws BroadcastError `empty-audience`, or `wrong-state` for what was started already
   */
  async start(id: number): Promise<Broadcast> {
    const row = await this.find(id)
    nextState('start', row, Date.now())
    return this.runs.show(await this.runs.begin(row))
  }

  /** Sends nothing more until it is resumed; what is under way comes to its end. @throws BroadcastError */
  async pause(id: number): Promise<Broadcast> {
    return this.stop('pause', id)
  }

  /** Goes on. @throws BroadcastError */
  async resume(id: number): Promise<Broadcast> {
    while (true) {
      const row = await this.find(id)
      const state = nextState('resume', row, Date.now())
      if (state === 'running' && !row.startedAt) return this.runs.show(await this.runs.begin(row))
      // who has it may change meanwhile, as when it has only just been paused
      if (state === 'running' && !this.runs.isForeign(row)) {
        const taken = await this.runs.take(row)
        if (taken) return this.runs.show(taken)
      } else if (await this.store.change({ id, state: row.state, reason: row.reason }, toStateValues(state))) {
        return this.tell({ ...row, ...toStateValues(state) }, row.state)
      }
    }
  }

  /** Ends it for good. @throws BroadcastError */
  async cancel(id: number): Promise<Broadcast> {
    return this.stop('cancel', id)
  }

  async get(id: number): Promise<Broadcast | undefined> {
    const row = isId(id) ? await this.store.get(id) : undefined
    return row && this.runs.show(row)
  }

  /** A page of broadcasts, newest first. */
  async list({ selfId, limit, after }: BroadcastQuery = {}): Promise<Broadcast[]> {
    if (after !== undefined && !isId(after)) return []
    const rows = await this.store.list(selfId, toLimit(limit, LIMIT.broadcasts), after)
    return rows.map(row => this.runs.show(row))
  }

  /** A page of recipients, in the order of their ids. @throws BroadcastError */
  async recipients(id: number, { state, limit, after }: RecipientQuery = {}): Promise<BroadcastRecipient[]> {
    await this.find(id)
    return this.store.recipients(id, state, toLimit(limit, LIMIT.recipients), after)
  }

  /** How many recipients are of which state, and why. @throws BroadcastError */
  async reasons(id: number): Promise<{ state: RecipientState; reason: string; count: number }[]> {
    await this.find(id)
    const run = this.runs.current.get(id)
    if (!run) return readSums(await this.store.sums(id))
    const settled = readSums(run.sums)
    const pending = run.columns.total - settled.reduce((sum, { count }) => sum + count, 0)
    return pending > 0 ? [...settled, { state: 'pending', reason: '', count: pending }] : settled
  }

  /** Whom a broadcast would reach now, on which ways, and how long it would take. @throws BroadcastError */
  async estimate({ selfId, audience, via }: EstimateQuery): Promise<Estimate> {
    this.drafts.findBot(selfId)
    return this.estimates.get(selfId, readAudience(audience), readVias(via))
  }

  /** How long (ms) a broadcast still takes with the bot's limits. */
  timeLeft({ counts }: Pick<Broadcast, 'counts'>): number {
    return this.estimates.toDuration(counts.pending)
  }

  /** What keeps a broadcast from getting on, if anything does. */
  outlook(broadcast: Broadcast): Outlook {
    return this.runs.describe(broadcast)
  }

  /**
   * A new broadcast, in state `draft`, to those whom one that is over did not reach for a passing reason. Nobody is in it
   * who may have got the first. Asked again it is the same, and once that was started there is none: it can be repeated itself.
   * @throws BroadcastError `nobody-left`, `repeated`
   */
  async repeat(id: number): Promise<Broadcast> {
    const row = await this.find(id)
    if (!isOver(row.state)) return fail('wrong-state', row.state)
    const repetitions = await this.store.repetitions(id)
    const started = repetitions.find(({ startedAt }) => startedAt)
    if (started) return fail('repeated', `#${started.id}`)
    const draft = repetitions.find(({ state }) => state === 'draft')
    if (draft) return this.runs.show(draft)
    if (!await this.store.countMissed(id, temporaryReasons)) return fail('nobody-left')
    const { selfId, title, content, audience, via } = row
    return this.add({ selfId, title, content, audience, via, state: 'draft', startAt: null, repeats: id })
  }

  /** What a user would get. @throws BroadcastError for content that is faulty, also for this user only */
  async preview(selfId: string, content: Fragment, userId: string): Promise<h[]> {
    const bot = this.drafts.findBot(selfId)
    return compose(readContent(this.ctx, content), await this.findUser(selfId, userId), { id: selfId, name: bot.user?.name ?? '' })
  }

  /** Sends it to one user. @returns the ids of the messages @throws BroadcastError, PushError */
  async test(selfId: string, content: Fragment, userId: string, via?: readonly Via[]): Promise<string[]> {
    const allowed = readVias(via)
    return this.pusher.push(selfId, userId, await this.preview(selfId, content, userId), { via: allowed })
  }

  /** Erases a user from all broadcasts. */
  async forget(selfId: string, userId: string) {
    for (const { broadcast, ...recipient } of await this.store.forget(selfId, userId)) {
      const run = this.runs.current.get(broadcast)
      if (run) run.erase(recipient)
      else await this.runs.recount(broadcast)
    }
  }

  /** Removes the recipients of what was over before a time. */
  async prune(before: Date) {
    const ended = await this.store.ended(before).catch((error) => {
      // the tables are gone with the plugin
      if (!this.roster.closed) throw error
      return []
    })
    for (const id of ended) {
      while (!this.roster.closed && await this.store.prune(id, PRUNE)) await nextTurn()
    }
  }

  /** Ends what is under way, when the process does. */
  close() {
    return this.runs.close()
  }

  private async stop(action: Action, id: number): Promise<Broadcast> {
    while (true) {
      const row = await this.find(id)
      const state = nextState(action, row, Date.now())
      const values = { ...toStateValues(state, '', row.pausedAt), ...state === 'cancelled' && { finishedAt: new Date() } }
      // the row changed meanwhile, as where it went on by itself: it is read and stopped again
      if (!await this.store.change({ id, state: row.state, reason: row.reason }, values)) continue
      this.runs.current.get(id)?.halt()
      return this.tell({ ...row, ...values }, row.state)
    }
  }

  private async add(draft: Draft) {
    return this.tell(await this.store.create(toRow(draft)), undefined)
  }

  private tell(row: BroadcastRow, previous: BroadcastState | undefined) {
    this.runs.announce(row, previous)
    this.scheduler.look()
    return this.runs.show(row)
  }

  private async find(id: number): Promise<BroadcastRow> {
    return (isId(id) ? await this.store.get(id) : undefined) ?? fail('not-found')
  }

  private async findUser(selfId: string, userId: string): Promise<QQUser> {
    return await this.roster.get(selfId, userId) ?? fail('unknown-user')
  }
}
