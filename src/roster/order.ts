import { QQUser } from '../model'
import { ListQuery, Sort } from './query'

type Position = NonNullable<ListQuery['after']>

/** Puts users of one bot in order, newest first, and cuts a page out of them. They have to be all that the page may consist of. */
export function takePart(users: QQUser[], { sort, after, limit }: { sort: Sort; after?: Position; limit: number }) {
  const order = (a: Position, b: Position) => +(b[sort] ?? 0) - +(a[sort] ?? 0) || compare(b.userId, a.userId)
  return users.filter(user => !after || order(after, user) < 0).sort(order).slice(0, limit)
}

export function compare(a: string, b: string) {
  return a < b ? -1 : a > b ? 1 : 0
}
