import type { EventType, NoticeState } from '../../model'
import type { UserQuery } from '../../roster/query'
import type { RecipientsQuery } from '../broadcasts/protocol'

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

/** How far a download is. */
export interface ExportProgress {
  url: string
  rows: number
  total: number
  done: boolean
  /** It ended before its time, or never began. */
  aborted?: boolean
}

/** What of a line cannot be used: a column, a quote that is never closed, or all of it, as the database refuses it. */
export type ImportField = 'openid' | 'first_seen' | 'quote' | 'database'

export interface ImportReport {
  /** Lines read so far, the header not counted. */
  lines: number
  /** Users that are new, or would be. */
  added: number
  /** Users that were known already and stay as they are, but for an earlier `firstSeen` or a missing name. */
  known: number
  /** The lines that cannot be used and why, the first 1000. Line 1 is the header. */
  errors: { line: number; field: ImportField; value: string }[]
  /** How many lines cannot be used, those beyond `errors` included. */
  failed: number
}

export interface TransferCalls {
  'qq-user/export'(query: ExportQuery): Promise<Export>
  /** Begins an import; with `dryRun` nothing is written. CSV with the columns `openid`, `first_seen` and, if wanted, `name`. */
  'qq-user/import'(selfId: string, dryRun: boolean): Promise<{ ticket: string }>
  /** The next piece of the file, 64 KiB at most; `last` with the final one. */
  'qq-user/import-chunk'(ticket: string, text: string, last: boolean): Promise<ImportReport>
}

export interface TransferMessages {
  'qq-user/exported': ExportProgress
}
