import { QQUser, QQUserEntry } from '../model'
import { Roster } from '../roster'
import { EntryQuery, Position } from '../roster/ledger'
import { UserQuery } from '../roster/query'
import { BOM, toLine } from './csv-writer'
import type { ExportQuery, LedgerQuery } from './protocol'

const PAGE = 250

/** A file, as pieces of so many rows. */
export interface Piece {
  text: string
  rows: number
}

const userColumns = {
  bot: 'selfId',
  openid: 'userId',
  name: 'name',
  relation: 'relation',
  relation_at: 'relationAt',
  consent: 'consent',
  consent_at: 'consentAt',
  first_seen: 'firstSeen',
  last_message_at: 'lastMessageAt',
  scene: 'scene',
  scene_param: 'sceneParam',
} as const satisfies Record<string, keyof QQUser>

const entryColumns = {
  id: 'id',
  bot: 'selfId',
  openid: 'userId',
  type: 'type',
  source: 'source',
  occurred_at: 'occurredAt',
  received_at: 'receivedAt',
  applied: 'applied',
  notice: 'notice',
  notice_reason: 'noticeReason',
} as const satisfies Record<string, keyof QQUserEntry>

export function countRows(roster: Roster, { table, query }: ExportQuery): Promise<number> {
  return table === 'users' ? roster.count(query) : roster.countEntries(toEntryQuery(query))
}

/** Reads a page only when it is asked for. */
export async function* writeRows(roster: Roster, { table, query }: ExportQuery): AsyncGenerator<Piece> {
  const columns: Record<string, keyof QQUser | keyof QQUserEntry> = table === 'users' ? userColumns : entryColumns
  const keys = Object.values(columns)
  yield { text: BOM + toLine(Object.keys(columns)), rows: 0 }
  const pages = table === 'users' ? readUsers(roster, query) : readEntries(roster, toEntryQuery(query))
  for await (const page of pages) {
    yield { text: page.map(row => toLine(keys.map(key => row[key as never]))).join(''), rows: page.length }
  }
}

async function* readUsers(roster: Roster, query: UserQuery): AsyncGenerator<QQUser[]> {
  const selfIds = query.selfId === undefined ? await roster.bots() : [query.selfId]
  for (const selfId of selfIds) {
    let after: QQUser | undefined
    do {
      const page = await roster.list({ ...query, selfId, after, limit: PAGE }, PAGE)
      yield page
      after = page.length < PAGE ? undefined : page.at(-1)
    } while (after)
  }
}

/** In the order of time, which an index has for all bots together and for one user, but not for one bot. */
async function* readEntries(roster: Roster, { selfId, ...query }: EntryQuery): AsyncGenerator<QQUserEntry[]> {
  const indexed = query.userId === undefined ? query : { ...query, selfId }
  let after: Position | undefined
  do {
    const page = await roster.entries(indexed, PAGE, after)
    yield selfId === undefined ? page : page.filter(entry => entry.selfId === selfId)
    after = page.length < PAGE ? undefined : page.at(-1)
  } while (after)
}

function toEntryQuery({ since, until, ...query }: LedgerQuery): EntryQuery {
  return {
    ...query,
    since: since === undefined ? undefined : new Date(since),
    until: until === undefined ? undefined : new Date(until),
  }
}
