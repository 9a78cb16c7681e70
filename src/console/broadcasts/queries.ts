import { recipientStates } from '../../broadcast/model'
import { consents, eventTypes, noticeStates, relations } from '../../model'
import { UserQuery } from '../../roster/query'
import { vias } from '../../push/ways'
import { count, flag, id, list, nullable, oneOf, optional, Reader, record, text, time } from '../shared/args'
import { fail } from '../shared/errors'
import type {
  AudienceQuery, AudienceRow, BroadcastDraft, BroadcastsQuery, DraftQuery, ExportQuery, LedgerQuery, OverviewQuery, PageQuery, PreviewQuery,
  RecipientPageQuery, RecipientsQuery,
} from '../protocol'

const MAX = { days: 365, page: 100, search: 64, recipients: 250, title: 255, content: 10_000, param: 255, users: 10_000, number: 2 ** 31 - 1 }

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

export const broadcastId = count(1, MAX.number)

const recipients = {
  id: broadcastId,
  state: optional(oneOf(...recipientStates)),
}

const readRecipientsQuery = record<RecipientsQuery>(recipients)

export const readRecipientPageQuery = record<RecipientPageQuery>({
  ...recipients,
  limit: optional(count(1, MAX.recipients)),
  after: optional(id),
})

export const readBroadcastsQuery = record<BroadcastsQuery>({
  selfId: optional(id),
  limit: optional(count(1, MAX.page)),
  after: optional(broadcastId),
  active: optional(flag),
})

const audience = record<AudienceRow>({
  relation: filters.relation,
  consent: filters.consent,
  scene: optional(count(0, MAX.number)),
  sceneParam: optional(text(MAX.param)),
  search,
  userIds: optional(list(id, MAX.users)),
  activeSince: optional(time),
})

const via = optional(list(oneOf(...vias), vias.length))

export const readAudienceQuery = record<AudienceQuery>({ selfId: id, audience, via })

export const readDraftQuery = record<DraftQuery>({ selfId: id, userId: id, content: text(MAX.content), via })

export const readBroadcastDraft = record<BroadcastDraft>({
  selfId: id,
  content: text(MAX.content),
  title: optional(text(MAX.title)),
  audience,
  startAt: optional(time),
  via,
})

export const readExportQuery: Reader<ExportQuery> = (value) => {
  const { table, query } = record<{ table: ExportQuery['table']; query: unknown }>({
    table: oneOf('users', 'ledger', 'recipients'),
    query: value => value,
  })(value)
  if (table === 'users') return { table, query: readUserQuery(query) }
  return table === 'ledger' ? { table, query: readLedgerQuery(query) } : { table, query: readRecipientsQuery(query) }
}
