import { Time } from 'koishi'
import { Consent, EventSource, EventType, QQUser, QQUserEntry, Relation } from '../model'
import { UserEvent } from '../event'

/** One toggle that arrives through both of the platform's channels may differ by this much, in ms. */
export const TWIN_WINDOW = 10 * Time.second

const relations: Partial<Record<EventType, Relation>> = {
  'friend-added': 'friend',
  'friend-deleted': 'deleted',
}

const consents: Partial<Record<EventType, Consent>> = {
  'friend-push-rejected': 'rejected',
  'friend-push-allowed': 'allowed',
}

const ownToggles: EventSource[] = ['msg-reject', 'msg-receive', 'authorize']
const deeds: EventSource[] = ['friend-add', 'friend-del', ...ownToggles]

/** Whether the platform told of something that the user did. All else is concluded, and worth a record only if it is news. */
export function isDeed(source: EventSource) {
  return deeds.includes(source)
}

export function isWorthRecording({ source }: UserEvent, previous: QQUser | undefined, applied: boolean) {
  return applied || isDeed(source) || source === 'import' && !previous
}

export const toggleTypes = Object.keys(consents) as never[]

export function isToggle(type: EventType) {
  return type in consents
}

export interface Transition {
  user: QQUser
  /** Whether the event changed the state. */
  applied: boolean
}

/**
 * The state after an event. Relation, consent, scene and name are registers of their own, each decided by its newest
 * event, so that the order of arrival does not matter; of two events at the same time the later arrival wins.
 *
 * @param twin the event tells of a toggle that is known from the platform's other channel
 */
export function transition(previous: QQUser | undefined, event: UserEvent, twin = false): Transition {
  const user = previous ? { ...previous } : blank(event)
  const at = new Date(event.occurredAt)
  if (at < user.firstSeen) user.firstSeen = at

  const wins = (since: Date | null) => !since || at >= since
  let applied = false

  // a list from elsewhere says who they are, not what they did or chose
  const told = event.source !== 'import'

  const relation = told && relations[event.type]
  if (relation && wins(user.relationAt)) {
    applied = isDeed(event.source) || user.relation !== relation
    Object.assign(user, { relation, relationAt: at })
  }

  const consent = told && consents[event.type]
  const permitted = consent === 'rejected' || ownToggles.includes(event.source)
  if (consent && permitted && wins(user.consentAt)) {
    applied = !twin && (isDeed(event.source) || user.consent !== consent)
    Object.assign(user, { consent, consentAt: at })
  }

  if (event.scene !== undefined && wins(user.sceneAt)) {
    Object.assign(user, { scene: event.scene, sceneParam: event.sceneParam ?? null, sceneAt: at })
  }
  if (event.name && wins(user.nameAt)) {
    Object.assign(user, { name: event.name, nameAt: at })
  }
  if (event.source === 'message' && (!user.lastMessageAt || at > user.lastMessageAt)) {
    user.lastMessageAt = at
  }
  return { user, applied }
}

/** Somebody of whom nothing is known. */
export function blank({ selfId, userId, occurredAt }: Pick<UserEvent, 'selfId' | 'userId' | 'occurredAt'>): QQUser {
  return {
    selfId,
    userId,
    relation: 'unknown',
    relationAt: null,
    consent: 'unknown',
    consentAt: null,
    firstSeen: new Date(occurredAt),
    lastMessageAt: null,
    scene: null,
    sceneParam: null,
    sceneAt: null,
    name: null,
    nameAt: null,
  }
}

/**
 * Whether a toggle is known already from the platform's other channel: an entry with the same outcome and another
 * source lies within ten seconds, and the user has not changed their mind in between.
 *
 * @param entries toggles of the same user around that time, in the order of their arrival
 */
export function isTwin(event: UserEvent, entries: readonly Pick<QQUserEntry, 'type' | 'source' | 'occurredAt'>[]) {
  if (!isToggle(event.type)) return false
  // within the same second the order of arrival tells, which sorting keeps
  const line = [...entries, event].sort((a, b) => +a.occurredAt - +b.occurredAt)
  const own = line.indexOf(event)
  return line.some(({ type, source, occurredAt }, index) => {
    if (type !== event.type || source === event.source || !ownToggles.includes(source)) return false
    if (Math.abs(+occurredAt - event.occurredAt) > TWIN_WINDOW) return false
    return line.slice(Math.min(own, index), Math.max(own, index)).every(other => other.type === type)
  })
}
