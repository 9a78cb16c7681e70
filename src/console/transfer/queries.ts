import { eventTypes, noticeStates } from '../../model'
import { UserQuery } from '../../roster/query'
import { readRecipientsQuery } from '../broadcasts/queries'
import { id, oneOf, optional, Reader, record, time } from '../shared/args'
import { userFilters } from '../shared/user-filters'
import type { ExportQuery, LedgerQuery } from './protocol'

const readUserQuery = record<UserQuery>(userFilters)

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
    table: oneOf('users', 'ledger', 'recipients'),
    query: value => value,
  })(value)
  if (table === 'users') return { table, query: readUserQuery(query) }
  return table === 'ledger' ? { table, query: readLedgerQuery(query) } : { table, query: readRecipientsQuery(query) }
}
