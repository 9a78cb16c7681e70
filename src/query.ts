import { Query } from 'koishi'
import { Consent, QQUser, Relation } from './model'

/** Which users to list or count. Everything given must hold. */
export interface UserQuery {
  selfId?: string
  relation?: Relation
  consent?: Consent
  /** The beginning of a user's id or name. */
  search?: string
}

export interface ListQuery extends UserQuery {
  /** The last user of the page before. */
  after?: Pick<QQUser, 'userId' | 'firstSeen'>
  /** How many users, 20 unless told, 200 at most. */
  limit?: number
}

const LIMIT = { initial: 20, max: 200 }

export function toFilter({ selfId, relation, consent, search }: UserQuery): Query.Expr<QQUser> {
  return {
    ...selfId !== undefined && { selfId },
    ...relation && { relation },
    ...consent && { consent },
    ...search && { $or: [{ userId: startsWith(search) }, { name: startsWith(search) }] },
  }
}

/** The page after a user, newest first. The bound on `firstSeen` alone is what lets an index find its beginning. */
export function toPage({ after, ...query }: ListQuery): Query.Expr<QQUser> {
  const filter = toFilter(query)
  if (!after) return filter
  const { firstSeen, userId } = after
  const position: Query.Expr<QQUser> = { $or: [{ firstSeen: { $lt: firstSeen } }, { userId: { $lt: userId } }] }
  return { $and: [filter, { firstSeen: { $lte: firstSeen } }, position] }
}

export function toLimit({ limit = LIMIT.initial }: ListQuery) {
  return Math.max(1, Math.min(LIMIT.max, Math.floor(limit) || LIMIT.initial))
}

// a range instead of a pattern: an index serves it, and no character has a meaning
function startsWith(prefix: string) {
  return { $gte: prefix, $lt: prefix + '\uffff' }
}
