import { Broadcasts } from '../../broadcast'
import { BroadcastRecipient } from '../../broadcast/model'
import { QQUser, QQUserEntry } from '../../model'
import { Roster } from '../../roster'
import { EntryQuery } from '../../roster/ledger'
import { UserQuery } from '../../roster/query'
import type { RecipientsQuery } from '../broadcasts/protocol'
import { fail } from '../shared/errors'
import { BOM, toLine } from './csv-writer'
import type { ExportQuery, LedgerQuery } from './protocol'

const PAGE = 250

/** A file, as pieces of so many rows. */
export interface Piece {
  text: string
  rows: number
}

/** What each column of a table is called in a file; `null` where it is left out. */
type Columns<T = object> = Record<keyof T, string | null>

const userColumns: Columns<QQUser> = {
  selfId: 'bot',
  userId: 'openid',
  name: 'name',
  nameAt: null,
  relation: 'relation',
  relationAt: 'relation_at',
  consent: 'consent',
  consentAt: 'consent_at',
  firstSeen: 'first_seen',
  lastMessageAt: 'last_message_at',
  scene: 'scene',
  sceneParam: 'scene_param',
  sceneAt: null,
}

const entryColumns: Columns<QQUserEntry> = {
  id: 'id',
  selfId: 'bot',
  userId: 'openid',
  type: 'type',
  source: 'source',
  occurredAt: 'occurred_at',
  receivedAt: 'received_at',
  applied: 'applied',
  weak: null,
  notice: 'notice',
  noticeReason: 'notice_reason',
  origin: null,
}

const recipientColumns: Columns<BroadcastRecipient> = {
  userId: 'openid',
  state: 'state',
  reason: 'reason',
  code: 'code',
  via: 'via',
  at: 'at',
}

/** Where the rows come from. */
export interface Tables {
  roster: Roster
  broadcasts: Broadcasts
}

export async function countRows({ roster, broadcasts }: Tables, { table, query }: ExportQuery): Promise<number> {
  if (table === 'users') return roster.users.count(query)
  if (table === 'ledger') return roster.countEntries(toEntryQuery(query))
  const { counts } = await broadcasts.get(query.id) ?? fail('not-found')
  // who is under way counts as pending
  return query.state === undefined ? counts.total : query.state === 'sending' ? 0 : counts[query.state]
}

/** Reads a page only when it is asked for. */
export async function* writeRows(tables: Tables, query: ExportQuery): AsyncGenerator<Piece> {
  const { columns, pages } = open(tables, query)
  const written = Object.entries<string | null>(columns).filter(([, header]) => header !== null)
  yield { text: BOM + toLine(written.map(([, header]) => header)), rows: 0 }
  for await (const page of pages) {
    yield { text: page.map(row => toLine(written.map(([key]) => row[key as never]))).join(''), rows: page.length }
  }
}

function open({ roster, broadcasts }: Tables, { table, query }: ExportQuery): { columns: Columns; pages: AsyncGenerator<object[]> } {
  if (table === 'users') return { columns: userColumns, pages: readUsers(roster, query) }
  if (table === 'ledger') return { columns: entryColumns, pages: readEntries(roster, toEntryQuery(query)) }
  return { columns: recipientColumns, pages: readRecipients(broadcasts, query) }
}

/** @param read a page, `PAGE` at most, after what was the last of the page before */
async function* turn<T>(read: (after?: T) => Promise<T[]>): AsyncGenerator<T[]> {
  let after: T | undefined
  do {
    const page = await read(after)
    yield page
    after = page.length < PAGE ? undefined : page.at(-1)
  } while (after)
}

async function* readUsers(roster: Roster, query: UserQuery): AsyncGenerator<QQUser[]> {
  const selfIds = query.selfId === undefined ? await roster.users.bots() : [query.selfId]
  for (const selfId of selfIds) yield* turn<QQUser>(after => roster.users.list({ ...query, selfId, after, limit: PAGE }, PAGE))
}

/** In the order of time, which an index has for all bots together and for one user, but not for one bot. */
async function* readEntries(roster: Roster, { selfId, ...query }: EntryQuery): AsyncGenerator<QQUserEntry[]> {
  const indexed = query.userId === undefined ? query : { ...query, selfId }
  for await (const page of turn<QQUserEntry>(after => roster.entries(indexed, PAGE, after))) {
    yield selfId === undefined ? page : page.filter(entry => entry.selfId === selfId)
  }
}

function readRecipients(broadcasts: Broadcasts, { id, state }: RecipientsQuery): AsyncGenerator<BroadcastRecipient[]> {
  return turn<BroadcastRecipient>(after => broadcasts.recipients(id, { state, after: after?.userId, limit: PAGE }))
}

function toEntryQuery({ since, until, ...query }: LedgerQuery): EntryQuery {
  return {
    ...query,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
  }
}
