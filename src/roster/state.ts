import { Time } from 'koishi'
import { Consent, EventSource, eventSources, EventType, QQUser, QQUserEntry, Relation } from '../model'
import { UserEvent } from '../event'

/** One toggle that arrives through both of the platform's channels may differ by this much, in ms. */
const DUPLICATE_WINDOW = 10 * Time.second

/** Who was seen this long before they added the bot, in ms, was there before. */
const LONG_BEFORE = Time.hour

const relations: Partial<Record<EventType, Relation>> = {
  'friend-added': 'friend',
  'friend-deleted': 'deleted',
}

const consents: Partial<Record<EventType, Consent>> = {
  'friend-push-rejected': 'rejected',
  'friend-push-allowed': 'allowed',
}

/** What a source tells of: the user's own move, their switch (outright, or as the platform implies it), or what is concluded. */
const kinds: Record<EventSource, 'move' | 'switch' | 'implied-switch' | 'conclusion'> = {
  'friend-add': 'move',
  'friend-del': 'move',
  'msg-reject': 'switch',
  'msg-receive': 'switch',
  'authorize': 'implied-switch',
  'message': 'conclusion',
  'send-error': 'conclusion',
  'operator': 'conclusion',
  'import': 'conclusion',
}

const telling = (...wanted: string[]) => eventSources.filter(source => wanted.includes(kinds[source])) as EventSource[]
const ownSwitch = telling('switch')
const ownToggles = telling('switch', 'implied-switch')
export const ownMoves = telling('move')

/** What of a ledger entry tells one action of a user from another. */
export type UserAction = Pick<QQUserEntry, 'id' | 'type' | 'source' | 'occurredAt'> & Partial<Pick<QQUserEntry, 'weak'>>

/** Whether the platform told of something that the user did. All else is concluded, and worth a record only if it is news. */
export function isUserAction(source: EventSource) {
  return kinds[source] !== 'conclusion'
}

export function isWorthRecording({ source }: UserEvent, previous: QQUser | undefined, applied: boolean) {
  return applied || isUserAction(source) || source === 'import' && !previous
}

/** The types that move the same register as this one. */
export function siblings(type: EventType) {
  return Object.keys(type in consents ? consents : relations) as EventType[]
}

/** From which time (ms) on a ledger entry may change what an event counts for: as the same action reported twice, or as a newer one. */
export function relatedSince({ type, occurredAt }: Pick<UserEvent, 'type' | 'occurredAt'>) {
  const second = toSecond(occurredAt) * Time.second
  return type in consents ? second - DUPLICATE_WINDOW : second
}

/** Whether such an entry can exist at all: the user's row carries the time of the newest one. */
export function mayBeRelated(event: UserEvent, row: QQUser | undefined) {
  if (!row || !isUserAction(event.source)) return false
  const since = event.type in consents ? row.consentAt : row.relationAt
  return !!since && +since >= relatedSince(event)
}

export interface Transition {
  user: QQUser
  /** Whether the event counts: it changed the state, or told of something that the user did last. */
  applied: boolean
  /** Whether the event tells again what is on record. */
  duplicate: boolean
  /** Whether the event only implies what something on record contradicts. */
  overruled: boolean
  /** Whether the event and one on record disagree, of which one only implies what it says. */
  disputed: boolean
}

/**
 * The state after an event. Relation, consent, scene and name are registers of their own, each decided by its newest
 * event that is not overruled, so that the order of arrival does not matter; of two events at the same time the later
 * arrival wins. What the user did counts even where something newer was concluded; only a newer action makes it late.
 *
 * @param recorded what is on record of the user that bears on the event, in the order of its arrival
 */
export function transition(previous: QQUser | undefined, event: UserEvent, recorded: readonly UserAction[] = []): Transition {
  const user = previous ? { ...previous } : blank(event)
  // a rejection whose time nobody could read counts as the newest event
  if (event.untimed && user.consentAt && +user.consentAt > event.occurredAt) event = { ...event, occurredAt: +user.consentAt }
  const at = new Date(event.occurredAt)
  if (at < user.firstSeen) user.firstSeen = at

  const wins = (since: Date | null) => !since || difference(at, since) >= 0
  const own: UserAction = { ...event, occurredAt: at }
  const line = [...others(event, recorded), own]
  const standing = line.filter(action => !isOverruled(action, line))
  const overruled = !standing.includes(own)
  const retold = !overruled && isDuplicate(event, standing)
  const done = isUserAction(event.source) && !overruled && !retold && !isSuperseded(event, standing)
  // whether the switch changes because this event overrules the one that it was set by
  let reversed = false
  let applied = false

  // a list from elsewhere says who they are, not what they did or chose
  const isReported = event.source !== 'import'

  const relation = isReported && relations[event.type]
  if (relation) {
    const newest = wins(user.relationAt)
    applied = done || !isUserAction(event.source) && newest && user.relation !== relation
    if (newest) Object.assign(user, { relation, relationAt: at })
  }

  const consent = isReported && consents[event.type]
  if (consent && isPermitted(event)) {
    const known = user.consent
    const fallen = line.some(action => !standing.includes(action) && +action.occurredAt === +(user.consentAt ?? NaN))
    if (fallen) Object.assign(user, toRegister(standing.filter(action => action !== own)))
    const newest = !overruled && wins(user.consentAt)
    if (newest) Object.assign(user, { consent, consentAt: at })
    reversed = fallen && !overruled && user.consent !== known
    applied = done || reversed || !isUserAction(event.source) && newest && consent !== known
  }

  applyDetails(user, event, wins)
  if (event.source === 'message' && (!user.lastMessageAt || at > user.lastMessageAt)) {
    user.lastMessageAt = at
  }
  const duplicate = retold && !reversed
  return { user, applied, duplicate, overruled, disputed: !duplicate && isDisputed(own, line) }
}

/**
 * What the ledger does not have of an event that another process recorded: whoever wrote over it could not set it right.
 *
 * @returns the same user if nothing is missing
 */
export function completeDetails(user: QQUser, event: UserEvent): QQUser {
  const completed = { ...user }
  return applyDetails(completed, event, since => !since || event.occurredAt > +since) ? completed : user
}

/** Where somebody came from and what they are called. @returns whether the event knows better than the user's row */
function applyDetails(user: QQUser, { scene, sceneParam, name, occurredAt }: UserEvent, wins: (since: Date | null) => boolean): boolean {
  const at = new Date(occurredAt)
  const hasOrigin = scene !== undefined && wins(user.sceneAt)
  const hasName = !!name && wins(user.nameAt)
  if (hasOrigin) Object.assign(user, { scene, sceneParam: sceneParam ?? null, sceneAt: at })
  if (hasName) Object.assign(user, { name, nameAt: at })
  return hasOrigin || hasName
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
 * Whether an action is on record already, told under another id: by the same source within the same second or, of a toggle,
 * by the platform's other channel within ten seconds, and the user has not changed their mind in between.
 *
 * @param recorded what the user did around that time and stands, in the order of its arrival
 */
export function isDuplicate(event: UserEvent, recorded: readonly UserAction[]) {
  if (!isUserAction(event.source)) return false
  // within the same second the order of arrival tells, which sorting keeps
  const line: UserAction[] = [...others(event, recorded), { ...event, occurredAt: new Date(event.occurredAt) }]
  const self = line.at(-1)!
  line.sort((a, b) => toSecond(a.occurredAt) - toSecond(b.occurredAt))
  const own = line.indexOf(self)
  return line.some((action, index) => {
    if (action === self || action.type !== event.type || !isSameAction(event, action)) return false
    // what was only concluded in between is not of the user's doing
    return line.slice(Math.min(own, index), Math.max(own, index)).every(({ type, source }) => type === event.type || !isUserAction(source))
  })
}

function isSameAction({ source, occurredAt }: UserEvent, action: UserAction) {
  if (action.source === source) return toSecond(action.occurredAt) === toSecond(occurredAt)
  return ownToggles.includes(source) && ownToggles.includes(action.source) && isNear(action.occurredAt, occurredAt)
}

function isSuperseded(event: UserEvent, recorded: readonly UserAction[]) {
  return others(event, recorded).some(({ source, occurredAt }) => isUserAction(source) && difference(occurredAt, event.occurredAt) > 0)
}

/** What moves the same register. An attempt that failed half way may have left the event itself there. */
function others({ id, type }: Pick<UserEvent, 'id' | 'type'>, recorded: readonly UserAction[]) {
  const types = siblings(type)
  return recorded.filter(action => action.id !== id && types.includes(action.type))
}

/** Whether an action only implies an outcome, and the switch itself said the opposite at about the same time. */
function isOverruled({ type, weak, occurredAt }: UserAction, line: readonly UserAction[]) {
  return !!weak && line.some((action) => {
    return ownSwitch.includes(action.source) && action.type !== type && isNear(action.occurredAt, occurredAt)
  })
}

/**
 * Whether this event is what makes an implied action and a `C2C_MSG_*` event contradict each other. With a
 * `C2C_MSG_REJECT` at about that time it is no contradiction worth telling.
 */
function isDisputed(own: UserAction, line: readonly UserAction[]) {
  return line.some((action) => {
    if (!isOverruled(action, line) || line.some(other => other.source === 'msg-reject' && isNear(other.occurredAt, action.occurredAt))) return false
    return action === own || isOverruled(action, [own]) && !isOverruled(action, line.filter(other => other !== own))
  })
}

/** Nobody but the user lifts a rejection. */
function isPermitted({ type, source }: Pick<UserEvent, 'type' | 'source'>) {
  return consents[type] === 'rejected' || ownToggles.includes(source)
}

/** What the switch is known to be from what is on record alone. */
function toRegister(recorded: readonly UserAction[]): Pick<QQUser, 'consent' | 'consentAt'> {
  return recorded.filter(action => action.source !== 'import' && isPermitted(action)).reduce((register, { type, occurredAt }) => {
    if (register.consentAt && difference(occurredAt, register.consentAt) < 0) return register
    return { consent: consents[type]!, consentAt: occurredAt }
  }, { consent: 'unknown', consentAt: null } as Pick<QQUser, 'consent' | 'consentAt'>)
}

/**
 * Whether somebody who adds the bot comes back: they had left, or were there long before. What they wrote or chose a
 * moment before is a part of their coming.
 */
export function isReturning(user: QQUser, previous: QQUser | undefined, occurredAt: number | Date) {
  const left = previous?.relation === 'deleted' && +previous.relationAt! <= +occurredAt
  return left || +user.firstSeen <= +occurredAt - LONG_BEFORE
}

function isNear(a: Date | number, b: Date | number) {
  return Math.abs(difference(a, b)) <= DUPLICATE_WINDOW
}

/** How much later a time is, in ms, as far as both are known: some sources tell whole seconds only. */
function difference(a: Date | number, b: Date | number) {
  const exact = +a % Time.second && +b % Time.second
  return exact ? +a - +b : (toSecond(a) - toSecond(b)) * Time.second
}

function toSecond(time: Date | number) {
  return Math.floor(+time / Time.second)
}
