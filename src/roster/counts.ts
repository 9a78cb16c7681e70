import { $, Dict, pick, Time } from 'koishi'
import { QQUser } from '../model'
import { PROBE } from './probe'
import { UserQuery } from './query'
import { Store } from './store'

const COLUMNS = ['selfId', 'relation', 'consent', 'scene'] as const

interface Group extends Pick<QQUser, typeof COLUMNS[number]> {
  count: number
}

/** For how long a count is good: another process may write to the same table, so that what is counted here drifts. */
const KEEP = { exact: 10 * Time.minute, near: Time.minute }
/** How often users are counted while others are being written. */
const ROUNDS = 3

/** A change of the table: of somebody new without `previous`, of somebody erased without `user`. */
export interface Move {
  previous?: QQUser
  user?: QQUser
}

/** How many users there are of each kind, kept up to date by every commit instead of scanned for. */
export class Counts {
  private groups?: Dict<Group>
  private loadedAt = 0
  /** For how long they are good, in ms. */
  private keep = 0
  private loading?: Promise<void>
  /** The change that is being written, if one is. */
  private change?: Promise<void>
  /** How many changes there were. */
  private changes = 0
  /** How often what is counted became doubtful. */
  private doubts = 0
  /** What was changed since the scan began that is under way. */
  private moves?: Move[]

  constructor(private store: Store) {}

  get fresh() {
    return !!this.groups && Math.abs(Date.now() - this.loadedAt) < this.keep
  }

  /** Has them counted anew. */
  expire() {
    this.doubts++
    this.keep = 0
  }

  /**
   * Counts anew, once for all who ask meanwhile. What is written in the meantime is counted once, whether the database
   * had it in its answer or not.
   */
  load(): Promise<void> {
    return this.loading ??= this.scan().finally(() => { this.loading = this.moves = undefined })
  }

  private async scan() {
    for (let round = 1; ; round++) {
      // of what is being written nobody can tell whether the answer has it
      while (this.change) await this.change
      const { changes, doubts } = this
      const moves: Move[] = this.moves = []
      const rows = await this.read()
      const exact = this.changes === changes
      if (!exact && round < ROUNDS) continue
      this.groups = Object.create(null)
      for (const row of rows) this.groups![toKey(row)] = row
      // as they never cease: what began later reads before it writes, and so is later than the answer
      for (const move of moves) this.move(move)
      this.loadedAt = Date.now()
      this.keep = this.doubts > doubts ? 0 : exact ? KEEP.exact : KEEP.near
      return
    }
  }

  private async read() {
    const rows = await this.store.database
      .select('qq_user')
      // counts a column of the index, which then is all that is read
      .groupBy([...COLUMNS], { count: row => $.length(row.selfId) })
      .execute() as Group[]
    return rows.filter(({ selfId }) => selfId !== PROBE)
  }

  /** Carries out a change of the table, and counts what it moves. */
  async follow<T extends { users: Move[] }>(write: () => Promise<T>): Promise<T> {
    let end!: () => void
    this.change = new Promise(resolve => end = resolve)
    this.changes++
    try {
      const result = await write()
      for (const move of result.users) {
        this.moves?.push(move)
        this.move(move)
      }
      return result
    } catch (error) {
      // part of it may be in the table
      this.expire()
      throw error
    } finally {
      this.change = undefined
      end()
    }
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

function toKey(group: Omit<Group, 'count'>) {
  return COLUMNS.map(column => group[column]).join(' ')
}
