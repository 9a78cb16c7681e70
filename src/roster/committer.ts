import { deepEqual, Dict, pick } from 'koishi'
import { NoticeState, QQUser, QQUserEntry } from '../model'
import { UserEvent } from '../event'
import { Recent } from '../shared/recent'
import { isTwin, isWorthRecording, transition } from './state'
import { Ledger } from './ledger'
import { Store } from './store'

/** What an event did. */
export interface Change {
  entry: QQUserEntry
  user: QQUser
  previous?: QQUser
  /** The event told of a toggle that was known from the other channel. */
  twin: boolean
}

/** Decides, before an entry is written, whether a notice will be owed for it. */
export type Plan = (event: UserEvent, applied: boolean, twin: boolean) => [state: NoticeState, reason: string]

export interface Commit {
  /** By the id of the event. Events that were on record already, or that another process recorded, are missing. */
  changes: Map<string, Change>
  /** The users whose row changed. */
  users: { key: string; previous?: QQUser; user: QQUser }[]
}

const DECIDED = 50_000

/** Writes batches of events to both tables. To be called from the write queue only. */
export class Committer {
  /** What attempts that are under way, or failed, decided. */
  private decided = new Recent<Change>(DECIDED)

  constructor(private store: Store, private ledger: Ledger, private plan: Plan) {}

  /**
   * Users first, then the ledger: whatever is not in the ledger is taken for new when it comes again, and what is
   * written twice comes out the same. What a failed attempt decided stands, as it may have been written in part.
   */
  async commit(events: UserEvent[]): Promise<Commit> {
    const [origins, stored, recorded] = await Promise.all([
      this.ledger.origins(events.map(({ id }) => id)),
      this.read(events),
      this.ledger.toggles(events),
    ])
    const isKnown = (id: string) => origins.has(id) && !(this.decided.get(id) && origins.get(id) === this.ledger.origin)
    const toggles: Dict<Pick<QQUserEntry, 'type' | 'source' | 'occurredAt'>[]> = Object.create(null)
    for (const toggle of recorded) (toggles[toKey(toggle)] ??= []).push(toggle)

    const users = new Map(stored)
    const changes = new Map<string, Change>()
    for (const event of events) {
      if (isKnown(event.id) || changes.has(event.id)) continue
      const key = toKey(event)
      const previous = users.get(key)
      const twin = isTwin(event, toggles[key] ?? [])
      const { user, applied } = transition(previous, event, twin)
      users.set(key, user)
      const before = this.decided.get(event.id)
      if (!before && !isWorthRecording(event, previous, applied)) continue
      const change = before ?? { entry: this.toEntry(event, applied, twin), user, previous, twin }
      ;(toggles[key] ??= []).push(change.entry)
      changes.set(event.id, change)
    }
    for (const [id, change] of changes) this.decided.set(id, change)

    const entries = [...changes.values()].map(({ entry }) => entry)
    await this.write(stored, users, entries)
    const { own, others } = await this.ledger.around(entries)
    await this.reconcile(events, entries, others, users)
    for (const id of changes.keys()) {
      if (!own.has(id)) changes.delete(id)
    }
    for (const { id } of events) this.decided.delete(id)
    const changed = [...users].filter(([key, user]) => user !== stored.get(key))
    return { changes, users: changed.map(([key, user]) => ({ key, previous: stored.get(key), user })) }
  }

  /**
   * Another process wrote to the same users between our reading and our writing: whoever comes last sets it right. That
   * may be done in the same moment there, so it is done only when a look after the last write finds nothing to do.
   */
  private async reconcile(events: UserEvent[], entries: QQUserEntry[], others: QQUserEntry[], users: Map<string, QQUser>) {
    while (others.length) {
      const facts = [...events, ...others.map(toEvent)].sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1))
      const stored = await this.read(others)
      const folded = new Map([...stored].map(([key, row]) => {
        return [key, facts.filter(fact => toKey(fact) === key).reduce((user, fact) => transition(user, fact).user, row)]
      }))
      for (const [key, user] of folded) users.set(key, user)
      if (!await this.write(stored, folded)) return
      others = (await this.ledger.around(entries)).others
    }
  }

  private async read(items: Pick<QQUser, 'selfId' | 'userId'>[]) {
    const ids = new Map<string, Set<string>>()
    for (const { selfId, userId } of items) ids.set(selfId, (ids.get(selfId) ?? new Set()).add(userId))
    const rows = await Promise.all([...ids].map(([selfId, userIds]) => {
      return this.store.database.get('qq_user', { selfId, userId: [...userIds] })
    }))
    return new Map(rows.flat().map(row => [toKey(row), row]))
  }

  /** Only what changed is written, so that two processes do not undo each other's work. @returns how many rows that were */
  private async write(stored: Map<string, QQUser>, users: Map<string, QQUser>, entries: QQUserEntry[] = []) {
    const rows = [...users].map(([key, user]) => difference(stored.get(key), user)).filter(row => Object.keys(row).length > KEYS.length)
    await this.store.save(rows, entries)
    return rows.length
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

const KEYS = ['selfId', 'userId'] as const

/** A user's key in memory. Ids hold no spaces. */
export function toKey({ selfId, userId }: Pick<QQUser, 'selfId' | 'userId'>) {
  return `${selfId} ${userId}`
}

function toEvent(entry: QQUserEntry): UserEvent {
  return { ...entry, occurredAt: +entry.occurredAt, receivedAt: +entry.receivedAt }
}

function difference(stored: QQUser | undefined, user: QQUser): Partial<QQUser> {
  if (!stored) return user
  const keys = Object.keys(user) as (keyof QQUser)[]
  return pick(user, [...KEYS, ...keys.filter(key => !deepEqual(user[key], stored[key]))])
}
