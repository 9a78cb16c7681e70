import { Dict } from 'koishi'
import type { DataService } from '@koishijs/plugin-console'
import type { EventType, NoticeState, QQUser, QQUserEntry } from '../model'
import type { BroadcastFault } from '../broadcast/error'
import type { Estimate } from '../broadcast/model'
import type { Meaning } from '../delivery/codes'
import type { Reason } from '../gate'
import type { LinkReason } from '../links/error'
import type { LinkNumbers } from '../links/model'
import type { Remark } from '../push/error'
import type { Reach, Span } from '../push/ways'
import type { UserQuery } from '../roster/query'
import type { Movement } from '../roster/statistics'
import type {
  AudienceQuery, BroadcastAction, BroadcastDetail, BroadcastDraft, BroadcastPreview, BroadcastRow, BroadcastsQuery, DraftQuery,
  RecipientPageQuery, RecipientRow, RecipientsQuery,
} from './broadcasts-protocol'

export type * from './broadcasts-protocol'

/** A row of a table as it goes over the wire: times in ms. */
export type Wire<T> = { [K in keyof T]: T[K] extends Date ? number : T[K] extends Date | null ? number | null : T[K] }

export type UserRow = Wire<QQUser> & { avatar: string }
export type EntryRow = Wire<Omit<QQUserEntry, 'origin' | 'weak'>>

/** What the page knows from the start: the bots. Everything else is asked for when it is looked at. */
export interface Summary {
  bots: { selfId: string; name: string; avatar: string; online: boolean }[]
}

export interface OverviewQuery {
  /** One bot, or all of them. */
  selfId?: string
  /** How many days the lines go back, 30 unless told, 365 at most. */
  days?: number
}

export interface Overview {
  totals: { friends: number; reachable: number; rejected: number; deleted: number; unknown: number }
  today: Movement
  /** The last seven days, today included, and the seven before. */
  week: Movement
  weekBefore: Movement
  /** One for each day in the operator's (the server's) time zone, oldest first; `friends` and `rejected` as of its end. */
  days: (Movement & { date: string; friends: number; rejected: number })[]
  scenes: { scene: number | null; count: number }[]
  /** The operator's own data on generated links, most first, 20 at most. */
  sceneParams: { sceneParam: string; count: number }[]
}

export type Sort = 'firstSeen' | 'lastMessageAt'

export interface PageQuery extends UserQuery {
  sort?: Sort
  /** The last row of the page before. For a page of all bots, its `selfId` tells apart who came in the same moment. */
  after?: Pick<UserRow, 'userId' | Sort> & Partial<Pick<UserRow, 'selfId'>>
  /** 20 unless told, 100 at most. */
  limit?: number
}

export interface Page {
  users: UserRow[]
  /** How many there are altogether. */
  total: number
  /** A search found too many: only the first 1000 of each bot are looked at, and no others are shown. */
  cut?: boolean
}

export type NoticeKey = 'icebreaker' | 'pushAllowed' | 'pushRejected'

export interface PreviewQuery {
  key: NoticeKey
  selfId: string
  userId: string
  locale: string
}

export interface Preview {
  /** The text, as Koishi elements in their markup; to be shown as text, never as HTML. */
  content: string
  /** What the operator wrote; empty where the default text is used, unless that is faulty. */
  source: string
  errors: { index: number; expression: string; kind: 'syntax' | 'unclosed' | 'unknown' | 'failing' | 'unsafe' | 'too-long' }[]
  /** The error where it could not be rendered at all. */
  failure?: string
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

/** A link, or a parameter that arrives without a link having been made here. */
export interface LinkRow extends LinkNumbers {
  selfId: string
  sceneParam: string
  /** `null` where no link was made. */
  url: string | null
  title: string
  createdAt: number | null
}

/** How many users were new on each of the last 30 days, today included, the oldest first. */
export interface LinkLine {
  selfId: string
  sceneParam: string
  days: number[]
}

/** What became of the making of a link. */
export type Made =
  | { ok: true; selfId: string; sceneParam: string; url: string }
  /** `failed`: something else; the log knows more. */
  | { ok: false; reason: LinkReason | 'failed'; code?: number }

export interface Diagnosis {
  /** Whether any QQ adapter is loaded. */
  adapter: boolean
  bots: {
    selfId: string
    name: string
    online: boolean
    /** Whether the two intents are on; `undefined` where the adapter does not tell. */
    intents: { users?: boolean; interactions?: boolean }
    /** Until when (ms) the platform does not let the bot push. */
    suspendedUntil?: number
    /** How many messages wait for what the bot may send, and how many requests for what it may ask. */
    waiting: { messages: number; requests: number }
  }[]
  /** When (ms) each kind of dispatch last arrived since start. */
  arrivals: Dict<number | null>
  malformed: { type: string; field: string; count: number; at: number }[]
  /** Of kinds that this plugin does not know. */
  unknown: { type: string; kind: string; count: number; at: number }[]
  /** `known` tells whether the code, 0 for none, is one that this plugin knows. */
  refusals: { code: number; known: boolean; meaning: Meaning; count: number; at: number }[]
  /** How often the platform's two channels contradicted each other about a switch. */
  disputes: { selfId: string; count: number; at: number }[]
  database: {
    reachable: boolean
    waiting: number
    failing: boolean
    /** What cannot be written while others can, by its id, the longest set aside first. */
    setAside: { id: string; error: string; since: number; tries: number }[]
  }
}

/** Which entries of the ledger. Everything given must hold; times in ms, `until` not included. */
export interface LedgerQuery {
  selfId?: string
  userId?: string
  type?: EventType
  notice?: NoticeState
  since?: number
  until?: number
}

export type ExportQuery =
  | { table: 'users'; query: UserQuery }
  | { table: 'ledger'; query: LedgerQuery }
  | { table: 'recipients'; query: RecipientsQuery }

/** A download, good for one GET within a minute. */
export interface Export {
  url: string
  total: number
}

export interface ImportReport {
  /** Lines read so far, the header not counted. */
  lines: number
  /** Users that are new, or would be. */
  added: number
  /** Users that were known already and stay as they are, but for an earlier `firstSeen` or a missing name. */
  known: number
  /** The lines that cannot be used and why, the first 1000. Line 1 is the header. */
  errors: { line: number; field: string; value: string }[]
  /** How many lines cannot be used, those beyond `errors` included. */
  failed: number
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

/** Every one of these is for authority 4 only. */
export interface Calls {
  'qq-user/overview'(query: OverviewQuery): Promise<Overview>
  'qq-user/list'(query: PageQuery): Promise<Page>
  'qq-user/get'(selfId: string, userId: string): Promise<{ user: UserRow; verdict: Reach; span: Span } | null>
  'qq-user/history'(selfId: string, userId: string, before?: number): Promise<EntryRow[]>
  /** Starts a push through the gate; its outcome follows as `qq-user/sent` with the same ticket. */
  'qq-user/push'(selfId: string, userId: string, content: string): Promise<{ ticket: string }>
  'qq-user/forget'(selfId: string, userId: string): Promise<void>
  'qq-user/preview'(query: PreviewQuery): Promise<Preview>
  /** Starts sending a notice to a user who may get it; its outcome follows as `qq-user/sent`. */
  'qq-user/send-notice'(query: PreviewQuery): Promise<{ ticket: string }>
  /** The links of a bot, or of all of them, the newest first, and after them what else users came by, 50 at most. */
  'qq-user/links'(selfId?: string): Promise<LinkRow[]>
  /** Those of whom any user came lately. */
  'qq-user/link-lines'(selfId?: string): Promise<LinkLine[]>
  /** Starts making a link, unless there is one; what becomes of it follows as `qq-user/link-made`. */
  'qq-user/create-link'(selfId: string, sceneParam: string, title?: string): Promise<{ ticket: string }>
  'qq-user/remove-link'(selfId: string, sceneParam: string): Promise<void>
  'qq-user/diagnose'(): Promise<Diagnosis>
  'qq-user/export'(query: ExportQuery): Promise<Export>
  'qq-user/broadcasts'(query: BroadcastsQuery): Promise<BroadcastRow[]>
  'qq-user/broadcast-get'(id: number): Promise<BroadcastDetail | null>
  'qq-user/broadcast-recipients'(query: RecipientPageQuery): Promise<RecipientRow[]>
  'qq-user/broadcast-estimate'(query: AudienceQuery): Promise<Estimate>
  'qq-user/broadcast-preview'(query: DraftQuery): Promise<BroadcastPreview>
  /** Starts sending it to one user; its outcome follows as `qq-user/sent`. */
  'qq-user/broadcast-test'(query: DraftQuery): Promise<{ ticket: string }>
  'qq-user/broadcast-create'(draft: BroadcastDraft): Promise<BroadcastRow>
  /** @returns what it is now, or the new one */
  'qq-user/broadcast-do'(id: number, action: BroadcastAction): Promise<BroadcastRow>
  /** Begins an import; with `dryRun` nothing is written. CSV with the columns `openid`, `first_seen` and, if wanted, `name`. */
  'qq-user/import'(selfId: string, dryRun: boolean): Promise<{ ticket: string }>
  /** The next piece of the file, 64 KiB at most; `last` with the final one. */
  'qq-user/import-chunk'(ticket: string, text: string, last: boolean): Promise<ImportReport>
}

/** What the server sends on its own, to clients of authority 4 only. */
export interface Messages {
  /** Somebody changed or is new. */
  'qq-user/changed': {
    user: UserRow
    entry: EntryRow
    /** How many others changed that there is no time to tell of. */
    missed?: number
  }
  'qq-user/sent': { ticket: string } & Sent
  'qq-user/link-made': { ticket: string } & Made
  /** A broadcast changed: its state at once, its numbers now and then while it runs. */
  'qq-user/broadcast': BroadcastRow
  'qq-user/exported': {
    url: string
    rows: number
    total: number
    done: boolean
    /** The download ended before its time, or never began. */
    aborted?: boolean
  }
}

export type { NoticeState }

declare module '@koishijs/console' {
  interface Events extends Calls {}

  namespace Console {
    interface Services {
      qqUser: DataService<Summary>
    }
  }
}
