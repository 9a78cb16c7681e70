import { deepEqual, pick } from 'koishi'
import { NoticeState, QQUser, QQUserEntry } from '../model'
import { UserEvent } from '../event'
import { RecentMap } from '../shared/recent-map'
import { completeDetails, isReturning, isWorthRecording, mayBeRelated, transition, UserAction } from './state'
import { apart, foldCase, toKey, UserKey } from './keys'
import { Ledger } from './ledger'
import { Store } from './store'

export { toKey } from './keys'

/** What an event did. */
export interface Change {
  entry: QQUserEntry
  user: QQUser
  previous?: QQUser
  /** The event told again of what was known, or is overruled by it: nobody is told. */
  duplicate: boolean
  /** Another channel of the platform said the opposite. */
  disputed: boolean
  /** Where the user added the bot: whether they had been there before. */
  returning: boolean
}

/** Decides, before an entry is written, whether a notice will be owed for it. */
export type NoticePlan = (event: UserEvent, applied: boolean, duplicate: boolean) => [state: NoticeState, reason: string]

export interface Commit {
  /** By the id of the event. Events that were on record already, or that another process recorded, are missing. */
  changes: Map<string, Change>
  /** The users whose row changed. */
  users: { key: string; previous?: QQUser; user: QQUser }[]
}

/** What attempts decided that are not known to have succeeded, by the id of the event. */
export type Decisions = RecentMap<Change>

export const createDecisions = (): Decisions => new RecentMap(100_000)

const REFUSED = 1_000

/** Writes batches of events to both tables. To be called from the write queue only. */
export class Committer {
  private refused = new RecentMap<true>(REFUSED)

  constructor(private store: Store, private ledger: Ledger, private plan: NoticePlan, private decided = createDecisions()) {}

  /** Users whose ids differ by case alone are written one after the other: the second reading shows if the database takes them for one. */
  async commit(events: UserEvent[]): Promise<Commit> {
    const commits: Commit[] = []
    for (const part of apart(events, event => [toKey(event), event.id])) commits.push(await this.commitPart(part))
    for (const { id } of events) this.decided.delete(id)
    if (commits.length === 1) return commits[0]
    return {
      changes: new Map(commits.flatMap(({ changes }) => [...changes])),
      users: commits.flatMap(({ users }) => users),
    }
  }

  /**
   * Users first, then the ledger: whatever is not in the ledger is taken for new when it comes again, and what is
   * written twice comes out the same. What a failed attempt decided stands, as it may have been written in part.
   */
  private async commitPart(events: UserEvent[]): Promise<Commit> {
    const [recorded, { rows: stored, misspelt }] = await Promise.all([
      this.ledger.recorded(events.map(({ id }) => id)),
      this.store.users(events),
    ])
    const fresh = events.filter((event) => {
      const own = recorded.own.get(event.id)
      if (own === undefined) return !this.isRefused(event, misspelt.has(foldCase(toKey(event))) || recorded.misspelt.has(foldCase(event.id)))
      return own && this.decided.get(event.id)
    })
    const related = await this.ledger.related(fresh.filter(event => mayBeRelated(event, stored.get(toKey(event)))))
    const { users, changes } = this.decide(fresh, stored, related)
    for (const event of events) {
      const user = recorded.own.get(event.id) === false && users.get(toKey(event))
      if (user) users.set(toKey(event), completeDetails(user, event))
    }

    const entries = [...changes.values()].map(({ entry }) => entry)
    await this.write(stored, users, entries)
    const { own, others } = await this.ledger.recordedNearby(entries)
    await this.reconcile(events, entries, others, users)
    for (const id of changes.keys()) {
      if (!own.has(id)) changes.delete(id)
    }
    const changed = [...users].filter(([key, user]) => user !== stored.get(key))
    return { changes, users: changed.map(([key, user]) => ({ key, previous: stored.get(key), user })) }
  }

  /** What these events do, one after the other. @param related what is on record and bears on one of them */
  private decide(events: UserEvent[], stored: Map<string, QQUser>, related: (UserAction & UserKey)[]) {
    const actions = new Map<string, UserAction[]>()
    const note = (action: UserAction & UserKey) => actions.set(toKey(action), [...actions.get(toKey(action)) ?? [], action])
    related.forEach(note)

    const users = new Map(stored)
    const changes = new Map<string, Change>()
    for (const event of events) {
      if (changes.has(event.id)) continue
      const key = toKey(event)
      const previous = users.get(key)
      // an answer about somebody never heard of, as of an id that was mistyped
      if (!previous && event.source === 'send-error') continue
      const { user, applied, overruled, disputed, ...result } = transition(previous, event, actions.get(key))
      const duplicate = result.duplicate || overruled
      users.set(key, user)
      let change = this.decided.get(event.id)
      if (!change && !isWorthRecording(event, previous, applied)) continue
      change ??= {
        entry: this.toEntry(event, applied, duplicate),
        user,
        previous,
        duplicate,
        disputed,
        returning: isReturning(user, previous, event.occurredAt),
      }
      note(change.entry)
      changes.set(event.id, change)
      this.decided.set(event.id, change)
    }
    return { users, changes }
  }

  /** What happened to somebody whom the database takes for another must not be written to the other's row. */
  private isRefused({ selfId, userId, id }: UserEvent, misspelt: boolean) {
    const key = toKey({ selfId, userId })
    if (misspelt && !this.refused.get(key)) {
      this.refused.set(key, true)
      this.store.logger.warn(
        'event %s of user %s is not recorded: the database does not tell upper case from lower, and has another spelling of one of these ids',
        id, userId,
      )
    }
    return misspelt
  }

  /**
   * Another process may have written to the same users between our reading and our writing. Then their state is worked out
   * again, from the events of both, and written. The other process may do the same at the same moment, so this goes on
   * until there is nothing more to write.
   */
  private async reconcile(events: UserEvent[], entries: QQUserEntry[], others: QQUserEntry[], users: Map<string, QQUser>) {
    while (others.length) {
      const facts = [...events, ...others.map(toEvent)].sort((a, b) => a.receivedAt - b.receivedAt || (a.id < b.id ? -1 : 1))
      const { rows: stored } = await this.store.users(others)
      const folded = new Map([...stored].map(([key, row]) => {
        const own = facts.filter(fact => toKey(fact) === key)
        const actions = own.map(fact => ({ ...fact, occurredAt: new Date(fact.occurredAt) }))
        return [key, own.reduce((user, fact) => transition(user, fact, actions).user, row)]
      }))
      for (const [key, user] of folded) users.set(key, user)
      if (!await this.write(stored, folded)) return
      others = (await this.ledger.recordedNearby(entries)).others
    }
  }

  /** Only what changed is written, so that two processes do not undo each other's work. @returns how many rows that were */
  private async write(stored: Map<string, QQUser>, users: Map<string, QQUser>, entries: QQUserEntry[] = []) {
    const rows = [...users].map(([key, user]) => difference(stored.get(key), user)).filter(row => Object.keys(row).length > KEYS.length)
    await this.store.save(rows, entries)
    return rows.length
  }

  private toEntry(event: UserEvent, applied: boolean, duplicate: boolean): QQUserEntry {
    const [notice, noticeReason] = this.plan(event, applied, duplicate)
    return {
      ...pick(event, ['id', 'selfId', 'userId', 'type', 'source']),
      occurredAt: new Date(event.occurredAt),
      receivedAt: new Date(event.receivedAt),
      applied,
      weak: !!event.weak,
      notice,
      noticeReason,
      origin: this.ledger.origin,
    }
  }
}

const KEYS = ['selfId', 'userId'] as const

function toEvent(entry: QQUserEntry): UserEvent {
  return { ...entry, occurredAt: +entry.occurredAt, receivedAt: +entry.receivedAt }
}

function difference(stored: QQUser | undefined, user: QQUser): Partial<QQUser> {
  if (!stored) return user
  const keys = Object.keys(user) as (keyof QQUser)[]
  return pick(user, [...KEYS, ...keys.filter(key => !deepEqual(user[key], stored[key]))])
}
