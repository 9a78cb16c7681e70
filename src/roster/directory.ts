import { $, Query } from 'koishi'
import { QQUser } from '../model'
import { toLimit } from '../shared/limit'
import { Changes } from './changes'
import { Changed, Counts } from './counts'
import { toKey } from './keys'
import { takePart } from './order'
import { cut, ListQuery, Sort, startsWith, toFilter, toRanges, UserQuery } from './query'
import { Store } from './store'

/** Whom to find. @param begins how the database is asked for what begins with a text */
export type Match = (begins: typeof startsWith) => Query.Expr<QQUser>

/** What is known of users beside the database. */
export interface Received {
  /** Resolves when everything that waited is written, or cannot be. */
  settled(): Promise<void>
  /** Hands the noted messages to the line of writes. */
  flush(): void
  /** A row with what was received since it was written. */
  applyUnwritten(key: string, row: QQUser | undefined, messages?: boolean): QQUser | undefined
}

const LIMIT = { initial: 20, max: 200 }
/** So many users of one link are read at once. */
const FEW = 2000

/** Finds and counts users. */
export class Directory {
  private counts: Counts

  constructor(private store: Store, changes: Changes<Changed>, private received: Received) {
    this.counts = new Counts(store, changes)
  }

  /** @param max how many users a page may have */
  async list(query: ListQuery, max = LIMIT.max): Promise<QQUser[]> {
    // names come with messages
    if (query.search) this.received.flush()
    await this.received.settled()
    const { sort = 'firstSeen' } = query
    const limit = toLimit(query.limit, { initial: LIMIT.initial, max })
    const rows = await this.page({ ...query, sort }, limit)
    // the next page begins where the database, which does not know the newest messages, sees the last row
    return rows.map(row => this.received.applyUnwritten(toKey(row), row, sort === 'firstSeen')!)
  }

  private async page(query: ListQuery & { sort: Sort }, limit: number): Promise<QQUser[]> {
    const { sort, after, sceneParam } = query
    const begins = await this.begins(query)
    if (sceneParam !== undefined) {
      // to look for few in their order, among all others, takes a database too long
      const all = await this.store.database.get('qq_user', toFilter(query, begins), { limit: FEW + 1 })
      if (all.length <= FEW) return takePart(all.filter(user => user.sceneParam === sceneParam), { sort, after, limit })
    }
    const rows: QQUser[] = []
    for (const range of toRanges(query, begins)) {
      if (rows.length >= limit) break
      rows.push(...await this.store.database.get('qq_user', range, {
        sort: { [sort]: 'desc', userId: 'desc' },
        limit: limit - rows.length,
      }))
    }
    return rows
  }

  /** Which of these users are on the roster. */
  async find(selfId: string, userIds: string[]): Promise<Set<string>> {
    await this.received.settled()
    const { rows } = await this.store.users(userIds.map(userId => ({ selfId, userId })))
    return new Set([...rows.values()].map(({ userId }) => userId))
  }

  async count({ search, sceneParam, ...query }: UserQuery): Promise<number> {
    if (search) {
      this.received.flush()
      await this.received.settled()
      return this.store.database.eval('qq_user', row => $.length(row.userId), toFilter({ ...query, search, sceneParam }, await this.begins({ search })))
    }
    if (sceneParam !== undefined) return this.countOf(sceneParam, query)
    await this.recount()
    return this.counts.get(query)
  }

  private async countOf(param: string, { selfId, relation, consent }: UserQuery) {
    const selfIds = selfId === undefined ? await this.bots() : [cut(selfId)]
    await this.received.settled()
    const groups = await Promise.all(selfIds.map(selfId => this.countByParam(selfId, [cut(param)])))
    return groups.flat()
      .filter(group => group.sceneParam === param && (relation ?? group.relation) === group.relation && (consent ?? group.consent) === group.consent)
      .reduce((sum, { count }) => sum + count, 0)
  }

  /** How many users of a bot came by each of these parameters, or by one that the database takes for the same. */
  countByParam(selfId: string, params: string[]) {
    return this.store.countByParam(selfId, params)
  }

  /** How many users of a bot were first seen within a time, by the parameter that they came by. */
  countSeen(selfId: string, since: Date, until: Date) {
    return this.store.countSeen(selfId, since, until)
  }

  /** Some of the users of a query, in no order. */
  async some(limit: number, query: UserQuery): Promise<QQUser[]> {
    if (query.search) this.received.flush()
    await this.received.settled()
    const rows = await this.store.database.get('qq_user', toFilter(query, await this.begins(query)), { limit })
    return rows.map(row => this.received.applyUnwritten(toKey(row), row)!)
  }

  /** A page of the users that are asked for, in the order of their ids. */
  async match(query: Match, limit: number, after?: string): Promise<QQUser[]> {
    const filter = await this.prepare(query)
    return this.store.database.get('qq_user', after === undefined ? filter : { $and: [filter, { userId: { $gt: after } }] }, { sort: { userId: 'asc' }, limit })
  }

  /** How many of these users there are of each relation and consent. */
  async survey(query: Match) {
    return this.store.database
      .select('qq_user', await this.prepare(query))
      // counts a column of the index, which then is all that is read
      .groupBy(['relation', 'consent'], { count: row => $.length(row.selfId) })
      .execute()
  }

  /** When the latest of these users was first seen. */
  async latest(query: Match): Promise<Date | undefined> {
    const [row] = await this.store.database.get('qq_user', await this.prepare(query), { sort: { firstSeen: 'desc' }, limit: 1, fields: ['firstSeen'] })
    return row?.firstSeen
  }

  /** How many users came from which scene, most first; of all bots unless told. */
  async scenes(selfId?: string) {
    await this.recount()
    return this.counts.scenes(selfId)
  }

  /** The bots that have users. */
  async bots() {
    await this.recount()
    return this.counts.bots()
  }

  private async recount() {
    await this.received.settled()
    if (!this.counts.fresh) await this.counts.load()
  }

  private async prepare(query: Match) {
    // when they last wrote, and what their names are, comes with messages
    this.received.flush()
    await this.received.settled()
    return query(await this.store.begins())
  }

  private async begins({ search }: UserQuery) {
    return search ? this.store.begins() : undefined
  }
}
