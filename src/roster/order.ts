import { QQUser } from '../model'
import { ListQuery, Sort } from './query'

type Position = NonNullable<ListQuery['after']>

/** The page among all users of one bot that it may have, newest first. */
export function takePart(users: QQUser[], { sort, after, limit }: { sort: Sort; after?: Position; limit: number }) {
  const order = (a: Position, b: Position) => +(b[sort] ?? 0) - +(a[sort] ?? 0) || compare(b.userId, a.userId)
  return users.filter(user => !after || order(after, user) < 0).sort(order).slice(0, limit)
}

export function compare(a: string, b: string) {
  return a < b ? -1 : a > b ? 1 : 0
}
