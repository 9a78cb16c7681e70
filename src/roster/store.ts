import { $, Context, Dict, Logger, omit } from 'koishi'
import { Driver } from 'minato'
import { QQUser, QQUserEntry, Relation } from '../model'
import { unwrap } from '../shared/patch'
import { ask, inChunks } from './chunks'
import { Counted, countExactly, countSeen, isMySQL, Seen } from './exact'
import { foldCase, inOrder, isKey, toKey, UserKey } from './keys'
import { matchesStart, startsWith } from './query'
import * as sqlite from './sqlite'
import { untrace } from './untrace'

export interface StoredUsers {
  /** By key. */
  rows: Map<string, QQUser>
  /** The folded keys under which the database has a user of another spelling. */
  misspelt: Set<string>
}

/** Columns that processes agree on when they record the same event, but for `receivedAt`, of which the last one stays. */
type Agreed = 'id' | 'selfId' | 'userId' | 'type' | 'source' | 'occurredAt' | 'receivedAt' | 'weak'

/** All other columns: each process decides on them for itself, and the values of the first one that records an event stay. */
const decided: Record<Exclude<keyof QQUserEntry, Agreed>, true> = { applied: true, notice: true, noticeReason: true, origin: true }
const DECIDED = Object.keys(decided) as (keyof typeof decided)[]

const INITIAL: Partial<QQUserEntry> = { notice: 'none', noticeReason: '' }

const ORIGIN = ['scene', 'sceneParam', 'sceneAt'] as const

/** This plugin's tables, reached as directly as the database at hand allows. */
export class Store {
  /** Without the proxy that tells Cordis who asks, which takes longer than many a query. */
  readonly database: Context['database']
  /** Whether other processes may write to the same database. */
  readonly shared: boolean
  readonly logger: Logger
  private driver: Driver
  private ordered?: boolean
  private folding?: boolean

  constructor(ctx: Context) {
    this.logger = ctx.logger('qq-user')
    this.database = unwrap(ctx.database)
    this.driver = this.database.select('qq_user').driver
    this.shared = !sqlite.isSQLite(this.driver)
    ctx.effect(() => untrace(this.driver))
  }

  /** The rows of these users. A database that does not tell upper case from lower returns others' as well. */
  async users(items: readonly UserKey[]): Promise<StoredUsers> {
    const ids = new Map<string, Set<string>>()
    for (const { selfId, userId } of items.filter(isKey)) ids.set(selfId, (ids.get(selfId) ?? new Set()).add(userId))
    const found = await Promise.all([...ids].map(([selfId, userIds]) => {
      return ask(userIds, id => [id], userId => this.database.get('qq_user', { selfId, userId }))
    }))
    const rows = new Map<string, QQUser>()
    const misspelt = new Set<string>()
    for (const row of found.flat()) {
      // erased while another process wrote some of its columns: no more than that is left
      if (!row.firstSeen) continue
      if (ids.get(row.selfId)?.has(row.userId)) rows.set(toKey(row), row)
      else misspelt.add(foldCase(toKey(row)))
    }
    return { rows, misspelt }
  }

  async user(key: UserKey): Promise<QQUser | undefined> {
    return (await this.users([key])).rows.get(toKey(key))
  }

  /** How this database is asked for what begins with a text. In many a collation of PostgreSQL such things do not lie together. */
  async begins() {
    if (this.ordered === undefined) {
      const [row] = await this.database.get('qq_user', {}, { limit: 1, fields: ['selfId', 'userId'] })
      if (!row) return startsWith
      const beginning = { $or: startsWith('userId', row.userId.slice(0, -1)) }
      this.ordered = !!(await this.database.get('qq_user', { $and: [row, beginning] }, ['userId'])).length
    }
    return this.ordered ? startsWith : matchesStart
  }

  /**
   * How many users of a bot came by each of these parameters. A database that does not tell upper case from lower returns
   * other spellings of them as well.
   */
  async countByParam(selfId: string, params: string[]): Promise<Counted[]> {
    const folds = params.length > 0 && await this.folds()
    return ask(params, param => [param], (sceneParam) => {
      if (folds && isMySQL(this.driver)) return countExactly(this.driver, selfId, sceneParam)
      return this.database
        .select('qq_user', { selfId, sceneParam })
        .groupBy(['sceneParam', 'relation', 'consent'], { count: row => $.length(row.selfId) })
        .execute()
    })
  }

  /** How many users of a bot were first seen within a time, by the parameter that they came by. */
  async countSeen(selfId: string, since: Date, until: Date): Promise<Seen[]> {
    if (await this.folds() && isMySQL(this.driver)) return countSeen(this.driver, selfId, since, until)
    const rows = await this.database
      .select('qq_user', { selfId, firstSeen: { $gte: since, $lt: until } })
      // a column would lead a database to the index of parameters, by which it would look at all users
      .groupBy({ param: row => $.concat(row.sceneParam as never, '') }, { count: row => $.length(row.userId) })
      .execute()
    return rows.map(({ param, count }) => ({ sceneParam: param, count }))
  }

  /** Whether this database takes upper case for lower. */
  private async folds() {
    if (this.folding === undefined) {
      const [row] = await this.database.get('qq_user', {}, { limit: 1, fields: ['selfId', 'userId', 'relation'] })
      if (!row) return false
      // no user has a relation in upper case
      const relation = row.relation.toUpperCase() as Relation
      this.folding = !!(await this.database.get('qq_user', { ...row, relation }, ['userId'])).length
    }
    return this.folding
  }

  /**
   * Writes users, of whom only some columns may be given, and then entries, leaving alone those that are recorded already:
   * whatever is recorded has been written in full.
   */
  async save(users: Partial<QQUser>[], entries: QQUserEntry[]) {
    if (sqlite.isSQLite(this.driver)) return sqlite.save(this.driver, users, entries)
    if (users.length) {
      const sorted = inOrder(users, user => toKey(user as UserKey))
      await this.database.upsert('qq_user', row => keepOrigins(row as never, sorted) as never)
    }
    if (!entries.length) return
    const ordered = inOrder(entries, ({ id }) => id)
    await this.database.upsert('qq_user_event', row => toClaims(row as never, ordered) as never)
  }

  /** To be awaited before a write by way of `database`: on SQLite it would be part of whatever transaction somebody has open. */
  untilAlone(): Promise<void> {
    return sqlite.untilAlone(this.driver)
  }

  /** Changes entries. @returns how many there were */
  async update(values: sqlite.NoticeValues, { id: ids, ...query }: sqlite.NoticeQuery) {
    let count = 0
    for (const id of inChunks(ids, id => [id])) {
      if (sqlite.isSQLite(this.driver)) count += await sqlite.update(this.driver, values, { id, ...query })
      else count += (await this.database.set('qq_user_event', { id, ...query }, values)).matched ?? 0
    }
    return count
  }
}

/**
 * Where somebody came from is not in the ledger, from which all else can be set right: who does not know it leaves what
 * another process may have written. `relation` is empty only in a row that is just being inserted; it comes last, since some
 * databases assign one column after the other.
 */
function keepOrigins(row: Dict, users: Partial<QQUser>[]) {
  const isNew = $.eq(row.relation, '')
  const origin = Object.fromEntries(ORIGIN.map(column => [column, $.if(isNew, null as never, row[column])]))
  return users.map(user => user.sceneAt === null ? { ...omit(user, ['relation']), ...origin, relation: user.relation } : user)
}

/**
 * Updates that every database carries out together with the insertion. Of two processes that record an event the first
 * has it, because `origin` is empty only in a row that is just being inserted, and only such a row is changed. `origin`
 * comes last, since some databases assign one column after the other; initial values need not be assigned.
 */
function toClaims(row: Dict, entries: QQUserEntry[]) {
  const nobodys = $.eq(row.origin, '')
  const columns = DECIDED.filter(column => entries.some(entry => entry[column] !== INITIAL[column]))
  return entries.map(entry => ({
    ...omit(entry, DECIDED),
    ...Object.fromEntries(columns.map(column => [column, $.if(nobodys, entry[column] as never, row[column])])),
  }))
}
