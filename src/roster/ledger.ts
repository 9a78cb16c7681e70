import { $, Query, Random, Time } from 'koishi'
import { EventType, NoticeState, QQUserEntry } from '../model'
import { UserEvent } from '../event'
import { ask } from './chunks'
import { foldCase, isKey, PROBE, toKey, UserKey } from './keys'
import { ownMoves, relatedSince, siblings, UserAction } from './state'
import { Store } from './store'

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
  /** @param origin this process, as the ledger knows it */
  constructor(private store: Store, readonly origin: string) {}

  /** Which of these ids are recorded, and whether by this process; and the folded ids that are there under another spelling. */
  async recorded(ids: string[]) {
    const asked = new Set(ids)
    const rows = await this.byId(ids, id => ({ id }))
    return {
      own: new Map(rows.filter(({ id }) => asked.has(id)).map(({ id, origin }) => [id, this.isOwn(origin)])),
      misspelt: new Set(rows.filter(({ id }) => !asked.has(id)).map(({ id }) => foldCase(id))),
    }
  }

  /** What is recorded of the users of these events and bears on one of them, in the order of its arrival. */
  async related(events: UserEvent[]): Promise<(UserAction & UserKey)[]> {
    if (!events.length) return []
    return ask(events, toIds, chunk => this.store.database.get('qq_user_event', {
      ...ofUsers(chunk),
      type: [...new Set(chunk.flatMap(({ type }) => siblings(type)))] as never[],
      occurredAt: { $gte: new Date(Math.min(...chunk.map(relatedSince))) },
    }, { sort: { receivedAt: 'asc' }, fields: ['id', 'selfId', 'userId', 'type', 'source', 'occurredAt', 'weak'] }))
  }

  /** Whether the user added or deleted the bot before, as far as that is on record. */
  async hasEarlierMove({ selfId, userId, occurredAt }: Pick<QQUserEntry, 'selfId' | 'userId' | 'occurredAt'>) {
    const [move] = await this.store.database.get('qq_user_event', {
      selfId, userId, source: ownMoves as never[], occurredAt: { $lt: occurredAt },
    }, { limit: 1, fields: ['selfId', 'userId'] })
    return !!move && isOf(move, { selfId, userId })
  }

  /** What is recorded of the users of these entries, from about the same time. */
  async recordedNearby(entries: QQUserEntry[]): Promise<Recorded> {
    const ids = entries.map(({ id }) => id)
    if (!ids.length || !this.store.shared) return { own: new Set(ids), others: [] }
    const receivedAt = new Date(Math.min(...entries.map(({ receivedAt }) => +receivedAt)) - CLOCK_SKEW)
    const origin = { $ne: this.origin }
    const [foreign, others] = await Promise.all([
      this.byId(ids, id => ({ id, origin })),
      ask(entries, toIds, chunk => this.store.database.get('qq_user_event', {
        ...ofUsers(chunk), receivedAt: { $gte: receivedAt }, origin,
      }, { sort: { receivedAt: 'asc' } })),
    ])
    const own = new Set(ids)
    for (const { id, origin } of foreign) {
      if (!this.isOwn(origin)) own.delete(id)
    }
    const users = new Set(entries.map(toKey))
    return { own, others: others.filter(entry => users.has(toKey(entry)) && !this.isOwn(entry.origin)) }
  }

  /** What marks the notices that are taken on together. */
  token() {
    return this.origin + Random.id(8)
  }

  /**
   * Takes pending notices on: from here on they count as sent with an unknown outcome, so that a crash cannot send them
   * twice.
   *
   * @param token the same when it is tried again after a failure, which may have been one of the answer only
   * @returns those that were still to be had
   */
  async claim(ids: string[], token: string): Promise<Set<string>> {
    const matched = await this.store.update({ notice: 'failed', noticeReason: UNKNOWN, origin: token }, { id: ids, notice: 'pending' })
    if (matched === ids.length) return new Set(ids)
    const rows = await this.byId(ids, id => ({ id, origin: token }))
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

  async forget(selfId: string, userId: string) {
    const query = { selfId, userId }
    if (!isKey(query)) return
    const [entry] = await this.store.database.get('qq_user_event', query, { limit: 1, fields: ['selfId', 'userId'] })
    if (entry && isOf(entry, query)) await this.store.database.remove('qq_user_event', query)
  }

  /** Some entries from before a time, but the newest of each user. */
  async outdated(before: Date, limit: number, after?: Position): Promise<Outdated> {
    const table = 'qq_user_event'
    const rows = await this.store.database.get(table, after ? {
      occurredAt: { $gte: after.occurredAt, $lt: before },
      $or: [{ occurredAt: { $gt: after.occurredAt } }, { id: { $gt: after.id } }],
    } : { occurredAt: { $lt: before } }, { sort: { occurredAt: 'asc', id: 'asc' }, limit, fields: ['id', 'selfId', 'userId', 'occurredAt'] })
    if (!rows.length) return { ids: [] }
    const newest = await this.store.database
      .select(table, ofUsers(rows))
      .groupBy(['selfId', 'userId'], { occurredAt: row => $.max(row.occurredAt) })
      .execute()
    const kept = new Map(newest.map(({ selfId, userId, occurredAt }) => [`${selfId} ${userId}`, +occurredAt]))
    const old = rows.filter(({ selfId, userId, occurredAt }) => +occurredAt < kept.get(`${selfId} ${userId}`)!)
    return { ids: old.map(({ id }) => id), next: rows.length < limit ? undefined : rows.at(-1) }
  }

  async remove(ids: string[]) {
    await this.store.database.remove('qq_user_event', { id: ids })
  }

  /** Entries of whomever, oldest first. */
  async page(query: EntryQuery, limit: number, after?: Position) {
    const position = after && { $or: [{ occurredAt: { $gt: after.occurredAt } }, { id: { $gt: after.id } }] }
    const rows = await this.store.database.get('qq_user_event', { ...toFilter({ ...query, since: after?.occurredAt ?? query.since }), ...position }, {
      sort: { occurredAt: 'asc', id: 'asc' },
      limit,
    })
    return rows.filter(row => isOf(row, query))
  }

  async count(query: EntryQuery) {
    if (query.userId !== undefined && !(await this.page(query, 1)).length) return 0
    return this.store.database.eval('qq_user_event', row => $.length(row.id), toFilter(query))
  }

  /** What happened to a user, newest first. */
  async history(selfId: string, userId: string, { before, limit = 100 }: HistoryOptions = {}) {
    if (!isKey({ selfId, userId })) return []
    const rows = await this.store.database.get('qq_user_event', {
      selfId,
      userId,
      ...before && { occurredAt: { $lt: before } },
    }, { sort: { occurredAt: 'desc', receivedAt: 'desc' }, limit })
    return rows.filter(row => isOf(row, { selfId, userId }))
  }

  private byId(ids: string[], toQuery: (ids: string[]) => Query.Expr<QQUserEntry>) {
    return ask(ids, id => [id], chunk => this.store.database.get('qq_user_event', toQuery(chunk), ['id', 'origin']))
  }

  /** A notice that is taken on carries more than the process. */
  private isOwn(origin: string | null) {
    return !!origin?.startsWith(this.origin)
  }
}

/** A place in the ledger. */
export type Position = Pick<QQUserEntry, 'id' | 'occurredAt'>

export interface Outdated {
  ids: string[]
  /** Where to go on, unless that was all. */
  next?: Position
}

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
    selfId: selfId ?? { $ne: PROBE },
    ...userId !== undefined && { userId },
    ...type && { type },
    ...notice && { notice },
    ...(since || until) && { occurredAt: { ...since && { $gte: since }, ...until && { $lt: until } } },
  }
}

/** Whether a row is of that bot and user, and not of one whose id differs from theirs by case. */
function isOf(row: UserKey, { selfId = row.selfId, userId = row.userId }: Partial<UserKey>) {
  return row.selfId === selfId && row.userId === userId
}

function toIds({ selfId, userId }: UserKey) {
  return [selfId, userId]
}

function ofUsers(items: { selfId: string; userId: string }[]) {
  return {
    selfId: [...new Set(items.map(({ selfId }) => selfId))],
    userId: [...new Set(items.map(({ userId }) => userId))],
  }
}
