import { Time } from 'koishi'
import { QQUserEntry } from '../model'
import { isDerived } from '../event'
import { Way } from './codes'

/** How long the platform takes replies to a message, in ms (documented 2026-01). For events no figure is documented. */
export const REPLY_WINDOW = Time.hour

/** How many replies the platform takes to a message (documented 2026-01). For events no figure is documented. */
export const REPLY_COUNT = 4

/** For how long the adapter answers on a session by itself, in ms. */
export const ADAPTER_WINDOW = 5 * Time.minute - 2 * Time.second

/** A way to reach a user: a reply to an event of theirs, a reply to a message of theirs, a message out of the blue, or a recall. */
export type Route =
  | { via: 'event'; id: string }
  | { via: 'message'; id: string }
  | { via: 'push' }
  | { via: 'recall' }

/** Whether the platform takes what goes this way for a reply. */
export function isReply({ via }: Route) {
  return via === 'event' || via === 'message'
}

export function toWay(route: Route): Way {
  if (isReply(route)) return 'reply'
  return route.via === 'recall' ? 'recall' : 'proactive'
}

/** The last message of a user. `at` in ms. */
export interface LastMessage {
  id: string
  at: number
}

type Entry = Pick<QQUserEntry, 'id' | 'type' | 'source' | 'occurredAt'>

/** Whether the platform takes replies to this event. */
export function canReply({ id, type, source }: Entry) {
  if (isDerived(id)) return false
  return source === 'friend-add' || source === 'msg-receive' || source === 'authorize'
    && (type === 'friend-push-allowed' || type === 'friend-push-rejected')
}

/** The ways to tell a user about what they have just done, best first. */
export function findRoutes(entry: Entry, last: LastMessage | undefined, now: number): Route[] {
  const routes: Route[] = []
  const isOpen = (since: number) => now - since < REPLY_WINDOW
  if (canReply(entry) && isOpen(+entry.occurredAt)) routes.push({ via: 'event', id: entry.id })
  // whoever has just said no is only written to where they wrote themselves
  if (entry.type !== 'friend-push-rejected') return [...routes, { via: 'push' }]
  if (last && isOpen(last.at)) routes.push({ via: 'message', id: last.id })
  return routes
}
