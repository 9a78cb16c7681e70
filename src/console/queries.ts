import { consents, eventTypes, noticeStates, relations } from '../model'
import { UserQuery } from '../roster/query'
import { count, id, nullable, oneOf, optional, Reader, record, text, time } from './args'
import { fail } from './errors'
import type { ExportQuery, LedgerQuery, OverviewQuery, PageQuery, PreviewQuery } from './protocol'

const MAX = { days: 365, page: 100, search: 64, param: 255 }

const search: Reader<string | undefined> = (value) => {
  const read = optional(text(MAX.search))(value)
  return read?.replace(/[\p{Cc}\p{Cs}]/gu, '').trim() || undefined
}

const filters = {
  selfId: optional(id),
  relation: optional(oneOf(...relations)),
  consent: optional(oneOf(...consents)),
  sceneParam: optional(text(MAX.param)),
  search,
}

export const readOverviewQuery = record<OverviewQuery>({
  selfId: optional(id),
  days: optional(count(1, MAX.days)),
})

export const readPageQuery = record<PageQuery>({
  ...filters,
  sort: optional(oneOf('firstSeen', 'lastMessageAt')),
  limit: optional(count(1, MAX.page)),
  after: optional(record<NonNullable<PageQuery['after']>>({
    selfId: optional(id),
    userId: id,
    firstSeen: time,
    lastMessageAt: nullable(time),
  })),
})

export const readPreviewQuery = record<PreviewQuery>({
  key: oneOf('icebreaker', 'pushAllowed', 'pushRejected'),
  selfId: id,
  // none for somebody made up
  userId: value => value === '' ? '' : id(value),
  locale: value => /^[\w-]{0,32}$/.test(text(32)(value)) ? value as string : fail('bad-request'),
})

const readUserQuery = record<UserQuery>(filters)

const readLedgerQuery = record<LedgerQuery>({
  selfId: optional(id),
  userId: optional(id),
  type: optional(oneOf(...eventTypes)),
  notice: optional(oneOf(...noticeStates)),
  since: optional(time),
  until: optional(time),
})

export const readExportQuery: Reader<ExportQuery> = (value) => {
  const { table, query } = record<{ table: ExportQuery['table']; query: unknown }>({
    table: oneOf('users', 'ledger'),
    query: value => value,
  })(value)
  return table === 'users' ? { table, query: readUserQuery(query) } : { table, query: readLedgerQuery(query) }
}
