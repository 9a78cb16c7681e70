import { clone, Context, Random, Time } from 'koishi'
import { NoticeState, QQUser, QQUserEntry } from '../model'
import { UserEvent } from '../event'
import { RecentMap } from '../shared/recent-map'
import { runSafely } from '../shared/run-safely'
import { Inbox } from '../shared/inbox'
import { lasting } from '../shared/lasting'
import { toDay } from '../platform-day'
import { unwrap } from '../shared/patch'
import { Occurrences } from '../shared/occurrences'
import { isReturning } from './state'
import { Changes, Follower, Scan } from './changes'
import { Claims } from './claims'
import { Change, Commit, Committer, createDecisions, NoticePlan, toKey } from './committer'
import { isKey } from './keys'
import { GivenUpError, Task, Item as Write, WriteOptions, WriteQueue } from './queue'
import { toPriority } from './lanes'
import { Probe } from './probe'
import { EntryQuery, HistoryOptions, Ledger, NoticeOutcome, Outdated, Position } from './ledger'
import { Changed } from './counts'
import { Directory } from './directory'
import { Store } from './store'
import { StuckBatch } from './stuck'
import { Unwritten } from './unwritten'

declare module 'koishi' {
  interface Events {
    /**
     * After a change was committed. `previous` is missing for a user who was not on the roster.
     * Not emitted for events that arrived too late to change anything.
     */
    'qq-user/updated'(user: QQUser, previous: QQUser | undefined, entry: QQUserEntry): void
  }
}

/** An event on its way into the tables. */
interface Recording {
  event: UserEvent
  /** Whether nobody else has written it meanwhile. */
  isOwed?(): boolean
  change?: Change
  /** Done, whatever becomes of the rest of its batch. */
  committed?: boolean
}

/** What is written in batches. */
type Item = Recording | { outcome: NoticeOutcome }

/** The instance before this one. */
interface Previous {
  /** When it has written what it was writing. */
  end: Promise<void>
  unanswered: StuckBatch<Write<Item>>[]
}

const QUEUE_LIMIT = 50_000
/** How long (ms) the next instance of the plugin waits for what this one is still writing. */
const PATIENCE = 10 * Time.second
const CACHE = { size: 20_000, age: 10 * Time.second }
const KNOWN_IDS = 10_000
const HEARD = { size: 10_000, age: Time.minute }

/** Who the bot's users are. The only writer of `qq_user` and `qq_user_event`. */
export class Roster {
  private store: Store
  private ledger: Ledger
  private committer: Committer
  private changes = new Changes<Changed>()
  /** All of them, to be looked for. */
  readonly users: Directory
  private claims: Claims
  private probe: Probe
  private queue: WriteQueue<Item>
  // without Cordis' proxy: to go through it takes ten times as long as an event that nobody listens to
  private events: Context['lifecycle']
  private rows = new RecentMap<QQUser>(CACHE.size, CACHE.age)
  /** Keys that were no user's when they were looked for. Another process may have put them on the roster since. */
  readonly strangers = new RecentMap<true>(CACHE.size, CACHE.age)
  private ids = new RecentMap<true>(KNOWN_IDS)
  /** Where the platform's channels contradict each other, by what the one implied. */
  readonly disputes = new Occurrences<Pick<QQUserEntry, 'selfId'>>()
  /** When (ms) users were last heard of. */
  private heard = new RecentMap<number>(HEARD.size, HEARD.age)
  private unwritten: Unwritten
  private outcomes: Inbox<NoticeOutcome>
  /** Until the instance before this one has written what it was writing: what is read sooner may be outdated. */
  private ready?: Promise<void>
  /** When the outcomes that the instance before this one left are on record. */
  readonly inherited: Promise<unknown>
  /** Whether the plugin was unloaded. */
  closed = false

  /** @param plan decides whether a notice is owed for an event */
  constructor(private ctx: Context, plan: NoticePlan) {
    this.outcomes = lasting(ctx, 'outcomes', () => new Inbox(QUEUE_LIMIT))
    const previous = lasting<Previous>(ctx, 'roster', () => ({ end: Promise.resolve(), unanswered: [] }))
    this.ready = previous.end.then(() => { this.ready = undefined })
    this.store = new Store(ctx)
    this.events = unwrap(ctx.lifecycle)
    this.ledger = new Ledger(this.store, lasting(ctx, 'origin', () => Random.id(8)))
    this.committer = new Committer(this.store, this.ledger, plan, lasting(ctx, 'decisions', createDecisions))
    this.users = new Directory(this.store, this.changes, {
      settled: () => this.settled(),
      flush: () => this.unwritten.flush(),
      applyUnwritten: (key, row, messages) => this.unwritten.apply(key, row, messages),
    })
    this.probe = new Probe(this.store)
    this.queue = new WriteQueue(ctx, {
      commit: (batch, again) => this.commit(batch, again),
      probe: () => this.probe.run(),
      identify: item => 'event' in item ? item.event.id : item.outcome.id,
    }, QUEUE_LIMIT, this.ready)
    this.queue.inherit(previous.unanswered)
    this.claims = new Claims(this.ledger, task => this.queue.push(task, { priority: 'urgent' }))
    this.unwritten = new Unwritten(ctx, event => this.accept(event))
    let inherited: Promise<void>[] | undefined = []
    ctx.effect(() => this.outcomes.attach((outcome) => {
      const settled = runSafely(ctx, () => this.settle(outcome))
      inherited?.push(settled)
      return settled
    }))
    this.inherited = Promise.all(inherited)
    inherited = undefined
    ctx.on('dispose', () => {
      this.unwritten.flush()
      this.closed = true
      previous.unanswered = this.queue.unanswered
      previous.end = Promise.race([this.queue.close(), new Promise<void>(resolve => setTimeout(resolve, PATIENCE).unref())])
    })
  }

  /**
   * Puts an event on record.
   * @returns what it did, once that is committed; nothing for an event that was on record already, or is not worth it;
   *   `left` if this instance ended before it was written
   * @param isOwed asked when its turn has come: the instance before this one may have written it by then
   */
  async accept(event: UserEvent, isOwed?: () => boolean): Promise<Change | 'left' | undefined> {
    if (this.ids.get(event.id)) return
    this.ids.set(event.id, true)
    const key = toKey(event)
    this.heard.set(key, event.receivedAt)
    this.strangers.delete(key)
    // what the user wrote before must not be taken for an answer to this
    this.unwritten.flush(key)
    const item: Recording = { event, isOwed }
    this.unwritten.add(event)
    try {
      // whoever imports waits for an answer
      await this.queue.push(item, { priority: toPriority(event.source), key, awaited: event.source === 'import' })
    } catch (error) {
      this.ids.delete(event.id)
      if (!(error instanceof GivenUpError)) throw error
      if (this.closed && !item.committed) return 'left'
    } finally {
      this.unwritten.delete(event)
    }
    if (!item.change) return
    const { user, previous, entry, disputed } = item.change
    if (disputed) this.disputes.add({ selfId: event.selfId })
    // copies, as this one decides by the originals
    if (entry.applied) runSafely(this.ctx, () => this.events.emit('qq-user/updated', clone(user), clone(previous), clone(entry)))
    return item.change
  }

  /** Takes note of a message. Only one that makes somebody a friend, or is the first of a day, is written right away. */
  async noteMessage(event: UserEvent) {
    if (!this.unwritten.note(event)) return
    const key = toKey(event)
    const row = this.rows.get(key)
    const user = row ? this.unwritten.apply(key, row, false) : await this.get(event.selfId, event.userId, false).catch(() => undefined)
    if (user?.relation !== 'friend' || !user.lastMessageAt || toDay(user.lastMessageAt) !== toDay(event.occurredAt)) this.unwritten.flush(key)
  }

  /** Whether something came from the user after a time (ms) of the last minute. */
  heardSince(selfId: string, userId: string, since: number) {
    return (this.heard.get(toKey({ selfId, userId })) ?? 0) > since
  }

  /** The user as of now, if that is known without asking the database. */
  peek(selfId: string, userId: string): QQUser | undefined {
    const key = toKey({ selfId, userId })
    return this.unwritten.apply(key, this.rows.get(key))
  }

  /** The user as of now, with everything that was received before. */
  async get(selfId: string, userId: string, messages = true): Promise<QQUser | undefined> {
    const key = toKey({ selfId, userId })
    await this.ready
    let row = this.rows.get(key)
    if (!row) {
      const stored = await this.store.user({ selfId, userId })
      // a commit in the meantime knows better
      row = this.rows.get(key) ?? stored
      if (row) this.rows.set(key, row)
    }
    const user = this.unwritten.apply(key, row, messages)
    if (!user) this.strangers.set(key, true)
    return user
  }

  /** How many writes wait, whether the database refused the last one, and what cannot be written. */
  get writing() {
    const { size, failing, setAside } = this.queue
    return { waiting: size, failing, setAside }
  }

  async history(selfId: string, userId: string, options?: HistoryOptions): Promise<QQUserEntry[]> {
    await this.settled()
    return this.ledger.history(selfId, userId, options)
  }

  /** A page of the ledger, oldest first. */
  async entries(query: EntryQuery, limit: number, after?: Position): Promise<QQUserEntry[]> {
    await this.settled()
    return this.ledger.page(query, limit, after)
  }

  async countEntries(query: EntryQuery): Promise<number> {
    await this.settled()
    return this.ledger.count(query)
  }

  /** Whether the user had been there before an entry, if what led to it is not at hand. */
  async isReturning(user: QQUser, entry: QQUserEntry): Promise<boolean> {
    return isReturning(user, undefined, entry.occurredAt) || this.ledger.hasEarlierMove(entry)
  }

  async pendingNotices(selfId: string, limit: number) {
    await this.settled()
    return this.ledger.pending(selfId, limit)
  }

  /** Takes a pending notice on; nobody else can have it afterwards. */
  claimNotice(id: string): Promise<boolean> {
    return this.claims.take(id)
  }

  /** Puts on record what became of a notice, even if this instance has ended meanwhile. */
  async settleNotice(id: string, notice: NoticeState, noticeReason = '') {
    await this.outcomes.add({ id, notice, noticeReason })
    // not before, for a claim does not wait for its turn
    if (notice === 'pending') this.claims.giveBack(id)
  }

  /** Erases all that is known of a user, and with it what they chose. */
  async forget(selfId: string, userId: string): Promise<void> {
    const key = toKey({ selfId, userId })
    this.unwritten.forget(key)
    const withdraw = () => this.queue.withdraw(item => 'event' in item && toKey(item.event) === key)
    withdraw()
    if (!isKey({ selfId, userId })) return
    await this.write(() => this.changes.carryOut(async () => {
      const previous = await this.store.user({ selfId, userId })
      await this.ledger.forget(selfId, userId)
      if (previous) await this.store.database.remove('qq_user', { selfId, userId })
      this.rows.delete(key)
      // what was refused since
      withdraw()
      return { users: [{ previous }], entries: [] }
    }), { key })
  }

  /** Which entries of the ledger may be removed as old. */
  outdated(before: Date, limit: number, after?: Position): Promise<Outdated> {
    return this.ledger.outdated(before, limit, after)
  }

  removeEntries(ids: string[]): Promise<void> {
    return this.write(() => this.ledger.remove(ids))
  }

  /** Reads a table beside the line of writes. See `Changes`. */
  scan<R>(read: () => Promise<R>, use: (scan: Scan<Changed, R>) => void): Promise<void> {
    return this.changes.scan(read, use)
  }

  /** Tells of everything that is changed. @returns ends it */
  follow(follower: Follower<Changed>) {
    return this.changes.follow(follower)
  }

  /** Puts a write to another table of this plugin into the line. */
  write(task: Task, options?: WriteOptions): Promise<void> {
    return this.queue.push(async () => {
      await this.store.untilAlone()
      await task()
    }, options)
  }

  private async settle(outcome: NoticeOutcome) {
    try {
      await this.queue.push({ outcome }, { key: outcome.id })
    } catch (error) {
      if (!(error instanceof GivenUpError)) throw error
      if (this.closed) return
    }
    this.outcomes.take(outcome)
  }

  /** Resolves when everything that waited is written, or cannot be. */
  async settled() {
    await this.ready
    await this.queue.settled()
  }

  private async commit(batch: Item[], again: boolean) {
    await this.probe.tidy()
    await this.commitEvents(batch.filter(item => 'event' in item && !item.committed && item.isOwed?.() !== false) as Recording[], again)
    await this.ledger.settle(batch.flatMap(item => 'outcome' in item ? item.outcome : []))
  }

  private async commitEvents(batch: Recording[], again: boolean) {
    if (!batch.length) return
    // rows that are in the database already are not counted again
    if (again) this.changes.doubt()
    let commit!: Commit
    await this.changes.carryOut(async () => {
      commit = await this.committer.commit(batch.map(({ event }) => event))
      return { users: commit.users, entries: [...commit.changes.values()].map(({ entry }) => entry) }
    })
    const { changes, users } = commit
    for (const item of batch) Object.assign(item, { change: changes.get(item.event.id), committed: true })
    for (const { key, user } of users) {
      this.rows.set(key, user)
      this.strangers.delete(key)
    }
  }
}
