import { $, Dict, pick, Time } from 'koishi'
import { QQUser } from '../model'
import { UserQuery } from './query'
import { Store } from './store'

const COLUMNS = ['selfId', 'relation', 'consent', 'scene'] as const

interface Group extends Pick<QQUser, typeof COLUMNS[number]> {
  count: number
}

/** Another process may write to the same table, so that what is counted here drifts. */
const KEEP = 10 * Time.minute

/** How many users there are of each kind, kept up to date by every commit instead of scanned for. */
export class Counts {
  private groups?: Dict<Group>
  private loadedAt = 0

  constructor(private store: Store) {}

  get fresh() {
    return !!this.groups && Math.abs(Date.now() - this.loadedAt) < KEEP
  }

  /** Has them counted anew. */
  expire() {
    this.loadedAt = 0
  }

  /** To be called from the write queue only, so that no commit falls between the scan and its result. */
  async load() {
    const rows = await this.store.database
      .select('qq_user')
      // counts a column of the index, which then is all that is read
      .groupBy([...COLUMNS], { count: row => $.length(row.selfId) })
      .execute() as Group[]
    this.groups = Object.create(null)
    for (const row of rows) this.groups![toKey(row)] = row
    this.loadedAt = Date.now()
  }

  /** Takes note of a change: of somebody new without `previous`, of somebody erased without `user`. */
  move(previous: QQUser | undefined, user: QQUser | undefined) {
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

function toKey(group: Omit<Group, 'count'>) {
  return COLUMNS.map(column => group[column]).join(' ')
}
