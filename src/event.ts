import { EventSource, EventType, MAX_ID } from './model'

/** The platform's envelope around a dispatch. */
export interface Envelope {
  id?: unknown
  op?: number
  s?: number
  t: string
  d: unknown
}

/** A fact about a user, as the rest of the plugin sees it. Times are in milliseconds. */
export interface UserEvent {
  id: string
  type: EventType
  source: EventSource
  selfId: string
  userId: string
  occurredAt: number
  receivedAt: number
  scene?: number
  sceneParam?: string
  name?: string
  /** The event only implies what it says. One that says it outright, of about the same time, is right. */
  weak?: boolean
  /** Nobody knows when it was: it counts as of its receipt, and after all that is known by then. */
  untimed?: boolean
}

/** What a payload says, before it is known which envelope and which bot it belongs to. */
export interface Fact extends Omit<UserEvent, 'id' | 'selfId' | 'receivedAt'> {
  /** The field that could not be read, of a fact that counts all the same. */
  unread?: string
}

/** An id that every database can hold as a key: printable ASCII, no spaces, at most 100 characters. */
export function readId(value: unknown, max = MAX_ID): string | undefined {
  return typeof value === 'string' && value.length <= max && /^[\x21-\x7e]+$/.test(value) ? value : undefined
}

export const MAX_EVENT_ID = 255

/**
 * Nothing happened to a user sooner, in ms. PostgreSQL's driver fails on times at which the zone had an offset of half an
 * hour, as Singapore's until 1982.
 */
export const EARLIEST = Date.UTC(2001, 8, 9)

/** An id for an event whose envelope is unknown: the same for the same event, and never one that can be replied to. */
export function deriveId(selfId: string, { type, source, userId, occurredAt }: Fact) {
  return `~${source}:${type}:${selfId}:${userId}:${occurredAt}`
}

export function isDerived(id: string) {
  return id.startsWith('~')
}

/** How many characters of a text that a user chose are kept. */
export const MAX_TEXT = 64

/** Text that a user chose: no control characters, and no more than is kept. */
export function readText(value: unknown): string | undefined {
  if (typeof value !== 'string') return
  return [...value.replace(/[\p{Cc}\p{Cs}]/gu, '').trim()].slice(0, MAX_TEXT).join('') || undefined
}
