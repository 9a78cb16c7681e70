import { UserEvent } from '../../src/event'
import { EventSource, EventType, eventTypes, QQUser } from '../../src/model'
import { isWorthRecording, mayBeRelated, relatedSince, transition, UserAction } from '../../src/roster/state'

const start = Date.UTC(2026, 0, 1)

export type Kind = readonly [type: EventType, source: EventSource]

export const kinds = {
  add: ['friend-added', 'friend-add'],
  del: ['friend-deleted', 'friend-del'],
  reject: ['friend-push-rejected', 'msg-reject'],
  receive: ['friend-push-allowed', 'msg-receive'],
  authorizeOff: ['friend-push-rejected', 'authorize'],
  authorizeOn: ['friend-push-allowed', 'authorize'],
  message: ['friend-added', 'message'],
  refusedByUser: ['friend-push-rejected', 'send-error'],
  notFriends: ['friend-deleted', 'send-error'],
} as const satisfies Record<string, Kind>

const entered = eventTypes.flatMap(type => (['operator', 'import'] as const).map(source => [type, source] as const))
export const allKinds: Kind[] = [...Object.values(kinds), ...entered]

/** An event at a second. */
export function event(kind: Kind, second: number, rest: Partial<UserEvent> = {}): UserEvent {
  const [type, source] = kind
  return {
    id: `${source}:${type}:${second}`,
    type,
    source,
    selfId: '100',
    userId: 'U',
    occurredAt: start + second * 1000,
    receivedAt: start + second * 1000 + 50,
    ...rest,
  }
}

/** What comes of a stream of events, one user's, as they are put on record. */
export function replay(events: readonly UserEvent[], observe?: (event: UserEvent, before: QQUser | undefined, after: QQUser) => void) {
  const ids = new Set<string>()
  const recorded: UserAction[] = []
  const applied: boolean[] = []
  const duplicates: boolean[] = []
  const overruled: boolean[] = []
  const disputed: boolean[] = []
  const told: UserEvent[] = []
  let user: QQUser | undefined
  for (const event of events) {
    if (ids.has(event.id)) continue
    ids.add(event.id)
    const before = user
    // as the ledger is asked
    const bearing = mayBeRelated(event, user) ? recorded.filter(({ occurredAt }) => +occurredAt >= relatedSince(event)) : []
    const result = transition(user, event, bearing)
    user = result.user
    applied.push(result.applied)
    duplicates.push(result.duplicate)
    overruled.push(result.overruled)
    disputed.push(result.disputed)
    told.push(event)
    if (isWorthRecording(event, before, result.applied)) recorded.push({ ...event, occurredAt: new Date(event.occurredAt) })
    observe?.(event, before, user)
  }
  return { user: user!, events: told, applied, duplicates, overruled, disputed }
}

export const at = (second: number) => new Date(start + second * 1000)
export const state = (...events: UserEvent[]) => replay(events).user
export const applied = (...events: UserEvent[]) => replay(events).applied
export const duplicates = (...events: UserEvent[]) => replay(events).duplicates
