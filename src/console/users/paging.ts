import { QQUser } from '../../model'
import { compare, takePart } from '../../roster/order'
import { ListQuery, Sort } from '../../roster/query'
import { Roster } from '../../roster'
import type { PageQuery } from './protocol'

/** So few are read at once and put in order here: a database looks for them in order, among all others. */
const FEW = 500

/** The part of a page that one bot has. @param count how many users there are for this bot */
export async function readPart(roster: Roster, query: ListQuery & { selfId: string; sort: Sort; limit: number }, count: number): Promise<QQUser[]> {
  if (!count) return []
  if (count > FEW) return roster.users.list(query)
  return takePart(await roster.users.some(FEW, query), query)
}

/** Newest first, in one moment by bot; the users of one bot stay in the order in which they are. */
export function merge(pages: QQUser[][], sort: Sort) {
  if (pages.length < 2) return pages.flat()
  return pages.flat().sort((a, b) => +(b[sort] ?? 0) - +(a[sort] ?? 0) || compare(b.selfId, a.selfId))
}

/** Where a bot's own list goes on. */
export function toPosition({ selfId = '', userId, ...after }: NonNullable<PageQuery['after']>, own: string, sort: Sort): ListQuery['after'] | 'end' {
  const at = after[sort]
  const order = selfId && compare(own, selfId)
  const firstSeen = new Date(after.firstSeen)
  const lastMessageAt = after.lastMessageAt === null ? null : new Date(after.lastMessageAt)
  if (!order) return { userId, firstSeen, lastMessageAt }
  // no id sorts before an empty one
  if (at === null) return order > 0 ? 'end' : { userId: '', firstSeen, lastMessageAt: new Date(1) }
  const bound = new Date(order > 0 ? at : at + 1)
  return { userId: '', firstSeen: bound, lastMessageAt: bound }
}
