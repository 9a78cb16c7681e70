import { QQUser } from '../../model'
import { takePart } from '../../roster/order'
import { UserQuery } from '../../roster/query'
import { Roster } from '../../roster'
import { count, id, nullable, oneOf, optional, record, time } from '../shared/args'
import { CallRegistry } from '../shared/calls'
import { Rows } from '../shared/rows'
import { userFilters } from '../shared/user-filters'
import { merge, readPart, toPosition } from './paging'
import type { Page, PageQuery, Sort, UsersCalls } from './protocol'

const LIMIT = { page: 20, search: 1000 }
const MAX_PAGE = 100

const readQuery = record<PageQuery>({
  ...userFilters,
  sort: optional(oneOf('firstSeen', 'lastMessageAt')),
  limit: optional(count(1, MAX_PAGE)),
  after: optional(record<NonNullable<PageQuery['after']>>({
    selfId: optional(id),
    userId: id,
    firstSeen: time,
    lastMessageAt: nullable(time),
  })),
})

/** Lists users and looks them up. */
export class UsersPanel {
  constructor(private roster: Roster, private rows: Rows, calls: CallRegistry<UsersCalls>) {
    calls.add('qq-user/list', (client, query) => this.list(readQuery(query)))
  }

  private async list({ sort = 'firstSeen', after, limit = LIMIT.page, ...query }: PageQuery): Promise<Page> {
    const selfIds = query.selfId === undefined ? await this.roster.users.bots() : [query.selfId]
    const parts = await Promise.all(selfIds.map((selfId) => {
      const part = { ...query, selfId, sort, limit, after: after && toPosition(after, selfId, sort) }
      return query.search ? this.search(part) : this.browse(part)
    }))
    return {
      users: merge(parts.map(({ users }) => users), sort).slice(0, limit).map(user => this.rows.user(user)),
      total: parts.reduce((sum, { count }) => sum + count, 0),
      ...parts.some(({ cut }) => cut) && { cut: true },
    }
  }

  private async browse({ after, ...query }: PartQuery): Promise<Part> {
    const count = await this.roster.users.count(query)
    return { count, users: after === 'end' ? [] : await readPart(this.roster, { ...query, after }, count) }
  }

  /** To put very many in order, or to look for few among them, takes a database too long. */
  private async search({ selfId, search, relation, consent, sceneParam, after, ...query }: PartQuery): Promise<Part> {
    const found = await this.roster.users.some(LIMIT.search + 1, { selfId, search })
    const users = found.slice(0, LIMIT.search)
      .filter(user => (relation ?? user.relation) === user.relation && (consent ?? user.consent) === user.consent)
      .filter(user => (sceneParam ?? user.sceneParam) === user.sceneParam)
    return {
      count: users.length,
      cut: found.length > LIMIT.search,
      users: after === 'end' ? [] : takePart(users, { ...query, after }),
    }
  }
}

interface PartQuery extends UserQuery {
  selfId: string
  sort: Sort
  limit: number
  after: ReturnType<typeof toPosition> | undefined
}

/** What one bot has of a page. */
interface Part {
  users: QQUser[]
  /** How many there are altogether. */
  count: number
  /** Not all that a search finds was looked at. */
  cut?: boolean
}
