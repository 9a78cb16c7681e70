import { $, Query, Random, Time } from 'koishi'
import { EventType, NoticeState, QQUserEntry } from '../model'
import { UserEvent } from '../event'
import { isToggle, toggleTypes, TWIN_WINDOW } from './state'
import { Store } from './store'

export type Toggle = Pick<QQUserEntry, 'selfId' | 'userId' | 'type' | 'source' | 'occurredAt'>

export interface Recorded {
  /** The ids that this process recorded. */
  own: Set<string>
  /** What other processes recorded of the same users at about the same time, in the order of its arrival. */
  others: QQUserEntry[]
}

export type NoticeOutcome = Pick<QQUserEntry, 'id' | 'notice' | 'noticeReason'>

const UNKNOWN = 'unknown-outcome'

/** How far the clocks of two processes may differ, in ms. */
const CLOCK_SKEW = Time.minute

/** The table `qq_user_event`. Writes are to be called from the write queue only. */
export class Ledger {
  /** This process, as the ledger knows it. */
  readonly origin = Random.id(8)

  constructor(private store: Store) {}

  /** Which of these ids are recorded, and by which process. */
  async origins(ids: string[]) {
    const rows = await this.store.database.get('qq_user_event', { id: ids }, ['id', 'origin'])
    return new Map(rows.map(({ id, origin }) => [id, origin]))
  }

  /** The recorded toggles that could be the other half of one of these, in the order of their arrival. */
  async toggles(events: UserEvent[]): Promise<Toggle[]> {
    const toggles = events.filter(({ type }) => isToggle(type))
    if (!toggles.length) return []
    const times = toggles.map(({ occurredAt }) => occurredAt)
    return this.store.database.get('qq_user_event', {
      ...ofUsers(toggles),
      type: toggleTypes,
      occurredAt: {
        $gte: new Date(Math.min(...times) - TWIN_WINDOW),
        $lte: new Date(Math.max(...times) + TWIN_WINDOW),
      },
    }, { sort: { receivedAt: 'asc' }, fields: ['selfId', 'userId', 'type', 'source', 'occurredAt'] })
  }

  /** What is recorded of the users of these entries, from about the same time. */
  async around(entries: QQUserEntry[]): Promise<Recorded> {
    const ids = entries.map(({ id }) => id)
    if (!ids.length || !this.store.shared) return { own: new Set(ids), others: [] }
    const receivedAt = new Date(Math.min(...entries.map(({ receivedAt }) => +receivedAt)) - CLOCK_SKEW)
    const origin = { $ne: this.origin }
    const [foreign, others] = await Promise.all([
      this.store.database.get('qq_user_event', { id: ids, origin }, ['id']),
      this.store.database.get('qq_user_event', { ...ofUsers(entries), receivedAt: { $gte: receivedAt }, origin }, { sort: { receivedAt: 'asc' } }),
    ])
    const own = new Set(ids)
    for (const { id } of foreign) own.delete(id)
    return { own, others }
  }

  /**
   * Takes pending notices on: from here on they count as sent with an unknown outcome, so that a crash cannot send them
   * twice.
   *
   * @returns those that were still to be had
   */
  async claim(ids: string[]): Promise<Set<string>> {
    const matched = await this.store.update({ notice: 'failed', noticeReason: UNKNOWN, origin: this.origin }, { id: ids, notice: 'pending' })
    if (matched === ids.length) return new Set(ids)
    // some are another process's, or ours from an attempt that failed half way
    const rows = await this.store.database.get('qq_user_event', { id: ids, origin: this.origin, noticeReason: UNKNOWN }, ['id'])
    return new Set(rows.map(({ id }) => id))
  }

  async settle(outcomes: NoticeOutcome[]) {
    const groups = new Map<string, NoticeOutcome[]>()
    for (const outcome of outcomes) {
      const key = `${outcome.notice} ${outcome.noticeReason}`
      groups.set(key, [...groups.get(key) ?? [], outcome])
    }
    for (const group of groups.values()) {
      const [{ notice, noticeReason }] = group
      await this.store.update({ notice, noticeReason }, { id: group.map(({ id }) => id) })
    }
  }

  /** The notices that nobody has taken on, oldest first. */
  pending(selfId: string, limit: number) {
    return this.store.database.get('qq_user_event', { selfId, notice: 'pending' }, { sort: { occurredAt: 'asc' }, limit })
  }

  forget(selfId: string, userId: string) {
    return this.store.database.remove('qq_user_event', { selfId, userId })
  }

  /**
   * Removes entries from before a time, but the newest of each user.
   * @returns where to go on, unless that was all
   */
  async prune(before: Date, limit: number, after?: Position): Promise<Position | undefined> {
    const table = 'qq_user_event'
    const rows = await this.store.database.get(table, after ? {
      occurredAt: { $gte: after.occurredAt, $lt: before },
      $or: [{ occurredAt: { $gt: after.occurredAt } }, { id: { $gt: after.id } }],
    } : { occurredAt: { $lt: before } }, { sort: { occurredAt: 'asc', id: 'asc' }, limit, fields: ['id', 'selfId', 'userId', 'occurredAt'] })
    if (!rows.length) return
    const newest = await this.store.database
      .select(table, ofUsers(rows))
      .groupBy(['selfId', 'userId'], { occurredAt: row => $.max(row.occurredAt) })
      .execute()
    const kept = new Map(newest.map(({ selfId, userId, occurredAt }) => [`${selfId} ${userId}`, +occurredAt]))
    const old = rows.filter(({ selfId, userId, occurredAt }) => +occurredAt < kept.get(`${selfId} ${userId}`)!)
    if (old.length) await this.store.database.remove(table, { id: old.map(({ id }) => id) })
    return rows.length < limit ? undefined : rows.at(-1)
  }

  /** Entries of whomever, oldest first. */
  page(query: EntryQuery, limit: number, after?: Position) {
    const position = after && { $or: [{ occurredAt: { $gt: after.occurredAt } }, { id: { $gt: after.id } }] }
    return this.store.database.get('qq_user_event', { ...toFilter({ ...query, since: after?.occurredAt ?? query.since }), ...position }, {
      sort: { occurredAt: 'asc', id: 'asc' },
      limit,
    })
  }

  count(query: EntryQuery) {
    return this.store.database.eval('qq_user_event', row => $.length(row.id), toFilter(query))
  }

  /** What happened to a user, newest first. */
  history(selfId: string, userId: string, { before, limit = 100 }: HistoryOptions = {}) {
    return this.store.database.get('qq_user_event', {
      selfId,
      userId,
      ...before && { occurredAt: { $lt: before } },
    }, { sort: { occurredAt: 'desc', receivedAt: 'desc' }, limit })
  }
}

/** A place in the ledger. */
export type Position = Pick<QQUserEntry, 'id' | 'occurredAt'>

/** Which entries; everything given must hold. */
export interface EntryQuery {
  selfId?: string
  userId?: string
  type?: EventType
  notice?: NoticeState
  since?: Date
  /** Not included. */
  until?: Date
}

export interface HistoryOptions {
  /** Only what occurred before. */
  before?: Date
  /** How many entries, 100 unless told. */
  limit?: number
}

function toFilter({ selfId, userId, type, notice, since, until }: EntryQuery): Query.Expr<QQUserEntry> {
  return {
    ...selfId !== undefined && { selfId },
    ...userId !== undefined && { userId },
    ...type && { type },
    ...notice && { notice },
    ...(since || until) && { occurredAt: { ...since && { $gte: since }, ...until && { $lt: until } } },
  }
}

function ofUsers(items: { selfId: string; userId: string }[]) {
  return {
    selfId: [...new Set(items.map(({ selfId }) => selfId))],
    userId: [...new Set(items.map(({ userId }) => userId))],
  }
}
