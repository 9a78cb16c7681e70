import { $, Dict, pick, Time } from 'koishi'
import { QQUser, QQUserEntry } from '../model'
import { Changes } from './changes'
import { PROBE } from './keys'
import { UserQuery } from './query'
import { Store } from './store'

const COLUMNS = ['selfId', 'relation', 'consent', 'scene'] as const

interface Group extends Pick<QQUser, typeof COLUMNS[number]> {
  count: number
}

/** For how long a count is good: another process may write to the same table, so that what is counted here drifts. */
const KEEP = { exact: 10 * Time.minute, near: Time.minute }
/** For how long (ms) the database is waited for. */
const PATIENCE = 30 * Time.second

/** A change of the table: of somebody new without `previous`, of somebody erased without `user`. */
export interface Move {
  previous?: QQUser
  user?: QQUser
}

/** What a write changed in the tables. */
export interface Changed {
  users: Move[]
  /** What was recorded. */
  entries: QQUserEntry[]
}

/** How many users there are of each kind, kept up to date by every commit instead of scanned for. */
export class Counts {
  private groups?: Dict<Group>
  private loadedAt = 0
  /** For how long they are good, in ms. */
  private keep = 0
  private loading?: Promise<void>

  constructor(private store: Store, private changes: Changes<{ users: Move[] }>) {
    changes.follow({
      changed: ({ users }) => users.forEach(move => this.move(move)),
      doubted: () => { this.keep = 0 },
    })
  }

  get fresh() {
    return !!this.groups && Math.abs(Date.now() - this.loadedAt) < this.keep
  }

  /** Counts anew, once for all who ask meanwhile. */
  load(): Promise<void> {
    return this.loading ??= inTime(this.scan()).finally(() => { this.loading = undefined })
  }

  private scan() {
    return this.changes.scan(() => inTime(this.read()), ({ result, missed, exact, doubtful }) => {
      this.groups = Object.create(null)
      for (const row of result) this.groups![toKey(row)] = row
      for (const { users } of missed) users.forEach(move => this.move(move))
      this.loadedAt = Date.now()
      this.keep = doubtful ? 0 : exact ? KEEP.exact : KEEP.near
    })
  }

  private async read() {
    const rows = await this.store.database
      .select('qq_user')
      // counts a column of the index, which then is all that is read
      .groupBy([...COLUMNS], { count: row => $.length(row.selfId) })
      .execute() as Group[]
    return rows.filter(({ selfId }) => selfId !== PROBE)
  }

  private move({ previous, user }: Move) {
    if (previous) this.add(previous, -1)
    if (user) this.add(user, 1)
  }

  get(query: Omit<UserQuery, 'search'>) {
    return this.find(query).reduce((sum, { count }) => sum + count, 0)
  }

  /** How many users came from which scene, most first. */
  scenes(selfId?: string) {
    const counts = new Map<number | null, number>()
    for (const { scene, count } of this.find({ selfId })) counts.set(scene, (counts.get(scene) ?? 0) + count)
    return [...counts].map(([scene, count]) => ({ scene, count })).filter(({ count }) => count).sort((a, b) => b.count - a.count)
  }

  bots() {
    return [...new Set(this.find({}).filter(({ count }) => count > 0).map(({ selfId }) => selfId))]
  }

  private find({ selfId, relation, consent }: Omit<UserQuery, 'search'>) {
    return Object.values(this.groups ?? {})
      .filter(group => selfId === undefined || group.selfId === selfId)
      .filter(group => !relation || group.relation === relation)
      .filter(group => !consent || group.consent === consent)
  }

  private add(user: Omit<Group, 'count'>, count: number) {
    if (!this.groups) return
    const group = this.groups[toKey(user)] ??= { ...pick(user, COLUMNS), count: 0 }
    group.count += count
  }
}

/** Gives up what is never answered, so that it can be asked anew. */
async function inTime<T>(answer: Promise<T>): Promise<T> {
  let timer!: NodeJS.Timeout
  const end = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the database has not counted the users in ${PATIENCE / Time.second} s`)), PATIENCE)
  })
  try {
    return await Promise.race([answer, end])
  } finally {
    clearTimeout(timer)
  }
}

function toKey(group: Omit<Group, 'count'>) {
  return COLUMNS.map(column => group[column]).join(' ')
}
