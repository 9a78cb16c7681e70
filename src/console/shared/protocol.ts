import type { BroadcastFault } from '../../broadcast/error'
import type { Remark } from '../../push/error'
import type { Reason } from '../../gate'
import type { QQUser, QQUserEntry } from '../../model'

/** A row of a table as it goes over the wire: times in ms. */
export type Wire<T> = { [K in keyof T]: T[K] extends Date ? number : T[K] extends Date | null ? number | null : T[K] }

export type UserRow = Wire<QQUser> & { avatar: string }
export type EntryRow = Wire<Omit<QQUserEntry, 'origin' | 'weak'>>

/** What the page knows from the start: the bots. Everything else is asked for when it is looked at. */
export interface Summary {
  bots: { selfId: string; name: string; avatar: string; online: boolean }[]
}

export interface Sent {
  ok: boolean
  /** Ids of the messages; none while the platform audits them. */
  ids?: string[]
  reason?: Reason
  code?: number
  /** What the reason does not say. */
  remark?: Remark
}

/** What a call fails with, as the error's whole text. */
export type ErrorCode =
  /** The arguments are not of the kind that the call takes. */
  | 'bad-request'
  /** Too much at a time: of this call, or of all of them. */
  | 'busy'
  /** The answer took too long, as when the database is down. What was begun may still come to an end. */
  | 'timeout'
  /** Something else; the log knows more. */
  | 'failed'
  | 'unknown-user'
  /** Some of the users that were named are not known; how many and which follows a colon. */
  | `unknown-users:${string}`
  | 'unknown-bot'
  /** What is to go along with a link may be made of letters, digits and hyphens, 32 at most. */
  | 'bad-param'
  /** There is nothing in the message. */
  | 'empty'
  /** There is an element in the message that Koishi would run something for; its name follows a colon. */
  | `component:${string}`
  /** The operator's text is faulty; a preview tells where. */
  | 'template'
  /** The import is over, or was given up for a new one. */
  | 'expired'
  /** The file has no column `openid` or `first_seen`. */
  | 'bad-header'
  /** The file is not CSV. */
  | 'bad-csv'
  /** There is no web server to download from. */
  | 'no-server'
  /** Why a broadcast is not made, or not changed. */
  | BroadcastFault

export interface SharedMessages {
  /** Somebody changed or is new. */
  'qq-user/changed': {
    user: UserRow
    entry: EntryRow
    /** How many others changed that there is no time to tell of. */
    missed?: number
  }
  'qq-user/sent': { ticket: string } & Sent
}
