import { Context, deepEqual, Dict, pick } from 'koishi'
import { NoticeState, QQUser, QQUserEntry } from './model'
import { UserEvent } from './event'
import { isTwin, isWorthRecording, transition } from './state'
import { Ledger } from './ledger'

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

/** Writes batches of events to both tables. To be called from the write queue only. */
export class Committer {
  constructor(private ctx: Context, private ledger: Ledger, private plan: Plan) {}

  /**
   * Users first, then the ledger: whatever is not in the ledger is taken for new when it comes again, and what is
   * written twice comes out the same.
   *
   * @param again the same batch may have been written in part
   */
  async commit(events: UserEvent[], again: boolean): Promise<Commit> {
    const [origins, stored, recorded] = await Promise.all([
      this.ledger.origins(events.map(({ id }) => id)),
      this.read(events),
      this.ledger.toggles(events),
    ])
    const isKnown = (id: string) => origins.has(id) && !(again && origins.get(id) === this.ledger.origin)
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
      if (!isWorthRecording(event, previous, applied)) continue
      const entry = this.toEntry(event, applied, twin)
      ;(toggles[key] ??= []).push(entry)
      changes.set(event.id, { entry, user, previous, twin })
    }

    await this.write(stored, users)
    const { own, others } = await this.ledger.record([...changes.values()].map(({ entry }) => entry))
    if (others.length) await this.reconcile(events, others, users)
    for (const id of changes.keys()) {
      if (!own.has(id)) changes.delete(id)
    }
    const changed = [...users].filter(([key, user]) => user !== stored.get(key))
    return { changes, users: changed.map(([key, user]) => ({ key, previous: stored.get(key), user })) }
  }

  /** Another process wrote to the same users between our reading and our writing: whoever comes last sets it right. */
  private async reconcile(events: UserEvent[], others: QQUserEntry[], users: Map<string, QQUser>) {
    const facts = [...events, ...others.map(toEvent)].sort((a, b) => a.receivedAt - b.receivedAt)
    const stored = await this.read(others)
    for (const [key, row] of stored) {
      users.set(key, facts.filter(fact => toKey(fact) === key).reduce((user, fact) => transition(user, fact).user, row))
    }
    await this.write(stored, users)
  }

  private async read(items: Pick<QQUser, 'selfId' | 'userId'>[]) {
    const ids = new Map<string, Set<string>>()
    for (const { selfId, userId } of items) ids.set(selfId, (ids.get(selfId) ?? new Set()).add(userId))
    const rows = await Promise.all([...ids].map(([selfId, userIds]) => {
      return this.ctx.database.get('qq_user', { selfId, userId: [...userIds] })
    }))
    return new Map(rows.flat().map(row => [toKey(row), row]))
  }

  /** Only what changed is written, so that two processes do not undo each other's work. */
  private async write(stored: Map<string, QQUser>, users: Map<string, QQUser>) {
    const rows = [...users].map(([key, user]) => difference(stored.get(key), user)).filter(row => Object.keys(row).length > KEYS.length)
    if (rows.length) await this.ctx.database.upsert('qq_user', rows)
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
