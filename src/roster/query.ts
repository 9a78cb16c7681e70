import { Query } from 'koishi'
import { EARLIEST } from '../event'
import { Consent, QQUser, Relation } from '../model'
import { PROBE } from './keys'

/** Which users to list or count. Everything given must hold. */
export interface UserQuery {
  selfId?: string
  relation?: Relation
  consent?: Consent
  /** What was on the link that the user last came by. */
  sceneParam?: string
  /** The beginning of a user's id or name. */
  search?: string
}

/** What a list can be sorted by, newest first. Who never wrote comes last. */
export type Sort = 'firstSeen' | 'lastMessageAt'

export interface ListQuery extends UserQuery {
  /** `firstSeen` unless told. */
  sort?: Sort
  /** The last user of the page before. */
  after?: Pick<QQUser, 'userId' | 'firstSeen'> & Partial<Pick<QQUser, 'lastMessageAt'>>
  /** How many users, 20 unless told, 200 at most. */
  limit?: number
}

/** @param begins how the database is asked for what begins with a text */
export function toFilter({ selfId, relation, consent, sceneParam, search }: UserQuery, begins = startsWith): Query.Expr<QQUser> {
  return {
    selfId: selfId === undefined ? { $ne: PROBE } : cut(selfId),
    ...relation && { relation: cut(relation) as Relation },
    ...consent && { consent: cut(consent) as Consent },
    ...sceneParam !== undefined && { sceneParam: cut(sceneParam) },
    ...search && toSearch(search, begins),
  }
}

export function toSearch(search: string, begins = startsWith): Query.Expr<QQUser> {
  return { $or: [...begins('userId', cut(search)), ...begins('name', cut(search))] }
}

/**
 * The page after a user, newest first, as the ranges that it may stretch over. The bound on the time alone is what lets
 * an index find its beginning.
 */
export function toRanges({ after, sort = 'firstSeen', ...query }: ListQuery, begins = startsWith): Query.Expr<QQUser>[] {
  const filter = toFilter(query, begins)
  const time = after?.[sort]
  const timed: Query.Expr<QQUser> = !after ? filter : {
    $and: [filter, { [sort]: { $lte: time } }, { $or: [{ [sort]: { $lt: time } }, { userId: { $lt: cut(after.userId) } }] }],
  }
  if (sort === 'firstSeen') return [timed]
  const untimed: Query.Expr<QQUser> = { $and: [filter, { lastMessageAt: null as never }] }
  if (after && !time) return [{ $and: [untimed, { userId: { $lt: cut(after.userId) } }] }]
  return [{ $and: [timed, { [sort]: { $gte: new Date(EARLIEST) } }] }, untimed]
}

/** Longer than any column, so that it is found nowhere. */
const NOWHERE = '~'.repeat(256)

/**
 * However long a text is that is found nowhere: a statement that is too long breaks SQLite, and a NUL breaks PostgreSQL. Half
 * a character, too, stands for one that is found nowhere: in a statement for SQLite it becomes a whole one with the quote
 * that follows it, and what comes then would be no text any more.
 */
export function cut(text: string) {
  const start = text.slice(0, NOWHERE.length)
  return /[\0\p{Cs}]/u.test(start) ? NOWHERE : start
}

type Column = 'userId' | 'name'

/**
 * Ranges instead of a pattern: an index serves them, and no character has a meaning. The second has what some databases
 * put behind the last character of 16 bits.
 */
export function startsWith(column: Column, prefix: string): Query.Expr<QQUser>[] {
  return [
    { [column]: { $gte: prefix, $lt: prefix + '\uffff' } },
    { [column]: { $gte: prefix + '\u{10000}', $lt: prefix + '\u{10ffff}' } },
  ]
}

/** For a database whose order does not keep together what begins alike. */
export function matchesStart(column: Column, prefix: string): Query.Expr<QQUser>[] {
  return [{ [column]: { $regex: '^' + prefix.replace(/[|\\{}()[\]^$+*?.]/g, '\\$&') } }]
}
