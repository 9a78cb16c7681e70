import { $, Context, deepEqual, pick, Time } from 'koishi'
import { NoticeState, QQUser, QQUserEntry } from './model'
import { UserEvent } from './event'
import { isDeed, isTwin, transition } from './state'
import { GivenUpError, Task, WriteQueue } from './queue'
import { HistoryOptions, Ledger, Position } from './ledger'
import { Counts } from './counts'
import { ListQuery, toFilter, toLimit, toPage, UserQuery } from './query'
import { Recent } from './recent'
import { attempt } from './attempt'

declare module 'koishi' {
  interface Events {
    /**
     * After a change was committed. `previous` is missing for a user who was not on the roster.
     * Not emitted for events that arrived too late to change anything.
     */
    'qq-user/updated'(user: QQUser, previous: QQUser | undefined, entry: QQUserEntry): void
  }
}

/** What an event did. */
export interface Change {
  entry: QQUserEntry
  user: QQUser
  previous?: QQUser
  /** The event told of a toggle that was known from the other channel. */
  twin: boolean
}

interface Item {
  event: UserEvent
  change?: Change
}

/** Decides, before an entry is written, whether a notice will be owed for it. */
export type Plan = (event: UserEvent, applied: boolean, twin: boolean) => [state: NoticeState, reason: string]

const QUEUE_LIMIT = 50_000
const CACHE = { size: 20_000, age: 10 * Time.second }
const KNOWN_IDS = 10_000
const MESSAGES = { interval: 30 * Time.second, limit: 5_000 }

/** Who the bot's users are. The only writer of `qq_user` and `qq_user_event`. */
export class Roster {
  private ledger: Ledger
  private counts: Counts
  private queue: WriteQueue<Item>
  private rows = new Recent<QQUser>(CACHE.size, CACHE.age)
  private ids = new Recent<true>(KNOWN_IDS)
  /** Events that were received and are not in the database yet, by user. */
  private arriving = new Map<string, UserEvent[]>()
  /** The newest message of each user since the last time that they were written. */
  private messages = new Map<string, UserEvent>()

  constructor(private ctx: Context, private plan: Plan) {
    this.ledger = new Ledger(ctx)
    this.counts = new Counts(ctx)
    this.queue = new WriteQueue(ctx, (batch, again) => this.commit(batch, again), QUEUE_LIMIT)
    ctx.setInterval(() => this.flush(), MESSAGES.interval)
    ctx.on('dispose', async () => {
      this.flush()
      await this.queue.close()
    })
  }

  /**
   * Puts an event on record.
   * @returns what it did, once that is committed; nothing for an event that was on record already
   */
  async accept(event: UserEvent): Promise<Change | undefined> {
    if (this.ids.get(event.id)) return
    this.ids.set(event.id, true)
    const key = toKey(event)
    // what the user wrote before must not be taken for an answer to this
    this.flush(key)
    const item: Item = { event }
    const events = this.arriving.get(key) ?? []
    this.arriving.set(key, [...events, event])
    try {
      await this.queue.push(item)
    } catch (error) {
      if (!(error instanceof GivenUpError)) throw error
      this.ids.delete(event.id)
    } finally {
      this.arrived(key, event)
    }
    if (!item.change) return
    const { user, previous, entry } = item.change
    if (entry.applied) attempt(this.ctx, () => this.ctx.emit('qq-user/updated', user, previous, entry))
    return item.change
  }

  /** Takes note of a message. Only one that makes somebody a friend is written right away. */
  async hear(event: UserEvent) {
    const key = toKey(event)
    const heard = this.messages.has(key)
    this.messages.set(key, event)
    if (this.messages.size > MESSAGES.limit) return this.flush()
    if (heard) return
    const row = this.rows.get(key)
    const user = row ? this.fold(key, row, false) : await this.get(event.selfId, event.userId, false).catch(() => undefined)
    if (user?.relation !== 'friend') this.flush(key)
  }

  /** The user as of now, with everything that was received before. */
  async get(selfId: string, userId: string, heard = true): Promise<QQUser | undefined> {
    const key = toKey({ selfId, userId })
    let row = this.rows.get(key)
    if (!row) {
      const [stored] = await this.ctx.database.get('qq_user', { selfId, userId })
      // a commit in the meantime knows better
      row = this.rows.get(key) ?? stored
      if (row) this.rows.set(key, row)
    }
    return this.fold(key, row, heard)
  }

  async list(query: ListQuery): Promise<QQUser[]> {
    await this.queue.settled()
    const rows = await this.ctx.database.get('qq_user', toPage(query), {
      sort: { firstSeen: 'desc', userId: 'desc' },
      limit: toLimit(query),
    })
    return rows.map(row => this.fold(toKey(row), row)!)
  }

  async count({ search, ...query }: UserQuery): Promise<number> {
    if (search) {
      await this.queue.settled()
      return this.ctx.database.eval('qq_user', row => $.count(row.userId), toFilter({ ...query, search }))
    }
    await this.recount()
    return this.counts.get(query)
  }

  /** How many users came from which scene, most first. */
  async scenes(selfId: string) {
    await this.recount()
    return this.counts.scenes(selfId)
  }

  private async recount() {
    if (this.counts.fresh) await this.queue.settled()
    else await this.queue.push(() => this.counts.load())
  }

  async history(selfId: string, userId: string, options?: HistoryOptions): Promise<QQUserEntry[]> {
    await this.queue.settled()
    return this.ledger.history(selfId, userId, options)
  }

  pendingNotices(selfId: string, limit: number) {
    return this.ledger.pending(selfId, limit)
  }

  /** Takes a pending notice on; nobody else can have it afterwards. */
  async claimNotice(id: string): Promise<boolean> {
    let claimed = false
    await this.queue.push(async () => {
      claimed = await this.ledger.claim(id)
    })
    return claimed
  }

  async settleNotice(id: string, state: NoticeState, reason = '') {
    await this.queue.push(() => this.ledger.settle(id, state, reason))
  }

  /** Erases all that is known of a user, and with it what they chose. */
  async forget(selfId: string, userId: string): Promise<void> {
    const key = toKey({ selfId, userId })
    this.messages.delete(key)
    await this.queue.push(async () => {
      const [row] = await this.ctx.database.get('qq_user', { selfId, userId })
      await this.ledger.forget(selfId, userId)
      await this.ctx.database.remove('qq_user', { selfId, userId })
      this.rows.delete(key)
      this.counts.move(row, undefined)
    })
  }

  /** Prunes a few old entries of the ledger. @returns where to go on, unless that was all */
  async prune(before: Date, limit: number, after?: Position): Promise<Position | undefined> {
    let next: Position | undefined
    await this.queue.push(async () => {
      next = await this.ledger.prune(before, limit, after)
    })
    return next
  }

  /** Puts a write to another table of this plugin into the line. */
  write(task: Task): Promise<void> {
    return this.queue.push(task)
  }

  /** Hands the noted messages, or that of one user, to the queue. */
  private flush(only?: string) {
    for (const key of only ? [only] : this.messages.keys()) {
      const event = this.messages.get(key)
      if (!event || !this.messages.delete(key)) continue
      attempt(this.ctx, () => this.accept(event))
    }
  }

  private fold(key: string, row: QQUser | undefined, heard = true) {
    const events = [...this.arriving.get(key) ?? []]
    const message = this.messages.get(key)
    if (heard && message) events.push(message)
    return events.reduce<QQUser | undefined>((user, event) => transition(user, event).user, row)
  }

  private arrived(key: string, event: UserEvent) {
    const events = this.arriving.get(key)!.filter(other => other !== event)
    if (events.length) this.arriving.set(key, events)
    else this.arriving.delete(key)
  }

  private async commit(batch: Item[], again: boolean) {
    const events = batch.map(({ event }) => event)
    const [origins, stored, toggles] = await Promise.all([
      this.ledger.origins(events.map(({ id }) => id)),
      this.read(events),
      this.ledger.toggles(events),
    ])
    // an attempt that failed half way may have recorded some of its entries
    const recorded = (id: string) => origins.has(id) && !(again && origins.get(id) === this.ledger.origin)

    const users = new Map(stored)
    const changes = new Map<string, Change>()
    for (const item of batch) {
      const { event } = item
      if (recorded(event.id) || changes.has(event.id)) continue
      const key = toKey(event)
      const previous = users.get(key)
      const twin = isTwin(event, toggles.filter(toggle => toKey(toggle) === key))
      const { user, applied } = transition(previous, event, twin)
      users.set(key, user)
      if (!isDeed(event.source) && !applied) continue
      const entry = this.toEntry(event, applied, twin)
      toggles.push(entry)
      changes.set(event.id, item.change = { entry, user, previous, twin })
    }

    const changed = [...users].filter(([key, user]) => user !== stored.get(key))
    await this.store(changed.map(([key, user]) => difference(stored.get(key), user)))
    const { own, others } = await this.ledger.record([...changes.values()].map(({ entry }) => entry))
    if (others.length) await this.reconcile(events, others, users)
    for (const item of batch) {
      if (!own.has(item.event.id)) item.change = undefined
    }
    for (const [key] of changed) {
      this.counts.move(stored.get(key), users.get(key)!)
      this.rows.set(key, users.get(key)!)
    }
  }

  /** Another process wrote to the same users between our reading and our writing: whoever comes last sets it right. */
  private async reconcile(events: UserEvent[], others: QQUserEntry[], users: Map<string, QQUser>) {
    const facts = [...events, ...others.map(toEvent)].sort((a, b) => a.receivedAt - b.receivedAt)
    const stored = await this.read(others)
    for (const [key, row] of stored) {
      users.set(key, facts.filter(fact => toKey(fact) === key).reduce((user, fact) => transition(user, fact).user, row))
    }
    await this.store([...stored].map(([key, row]) => difference(row, users.get(key)!)))
  }

  private async read(events: Pick<QQUser, 'selfId' | 'userId'>[]) {
    const users = new Map<string, Set<string>>()
    for (const { selfId, userId } of events) {
      users.set(selfId, (users.get(selfId) ?? new Set()).add(userId))
    }
    const rows = await Promise.all([...users].map(([selfId, ids]) => {
      return this.ctx.database.get('qq_user', { selfId, userId: [...ids] })
    }))
    return new Map(rows.flat().map(row => [toKey(row), row]))
  }

  private async store(rows: Partial<QQUser>[]) {
    const changed = rows.filter(row => Object.keys(row).length > 2)
    if (changed.length) await this.ctx.database.upsert('qq_user', changed)
  }

  private toEntry(event: UserEvent, applied: boolean, twin: boolean): QQUserEntry {
    const [notice, noticeReason] = this.plan(event, applied, twin)
    return {
      ...pick(event, ['id', 'selfId', 'userId', 'type', 'source']),
      occurredAt: new Date(event.occurredAt),
      receivedAt: new Date(event.receivedAt),
      applied,
      notice,
      noticeReason,
      origin: this.ledger.origin,
    }
  }
}

function toKey({ selfId, userId }: Pick<QQUser, 'selfId' | 'userId'>) {
  // ids hold no spaces
  return `${selfId} ${userId}`
}

function toEvent(entry: QQUserEntry): UserEvent {
  return { ...entry, occurredAt: +entry.occurredAt, receivedAt: +entry.receivedAt }
}

/** Only what changed is written, so that two processes do not undo each other's work. */
function difference(stored: QQUser | undefined, user: QQUser): Partial<QQUser> {
  if (!stored) return user
  const keys = Object.keys(user) as (keyof QQUser)[]
  return pick(user, ['selfId', 'userId', ...keys.filter(key => !deepEqual(user[key], stored[key]))])
}
