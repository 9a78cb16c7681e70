import { QQUser } from '../model'
import { ListQuery, Sort, UserQuery } from '../query'
import { Roster } from '../roster'
import { QQUserService } from '../service'
import { id, optional, time } from './args'
import { Switchboard } from './calls'
import { fail } from './errors'
import { readPageQuery } from './queries'
import { Rows } from './rows'
import type { Page, PageQuery } from './protocol'

const LIMIT = { page: 20, search: 1000 }

/** Looks users up. */
export class Lists {
  constructor(private roster: Roster, private service: QQUserService, private rows: Rows, switchboard: Switchboard) {
    switchboard.add('qq-user/list', (client, query) => this.list(readPageQuery(query)))

    switchboard.add('qq-user/get', async (client, selfId, userId) => {
      const user = await service.get(id(selfId), id(userId))
      return user ? { user: rows.user(user), verdict: await service.canPush(user.selfId, user.userId) } : null
    })

    switchboard.add('qq-user/history', async (client, selfId, userId, before) => {
      const until = optional(time)(before)
      const entries = await service.history(id(selfId), id(userId), until === undefined ? {} : { before: new Date(until) })
      return entries.map(entry => rows.entry(entry))
    })

    switchboard.add('qq-user/forget', async (client, selfId, userId) => {
      const user = await service.get(id(selfId), id(userId)) ?? fail('unknown-user')
      await service.forget(user.selfId, user.userId)
    })
  }

  private async list({ sort = 'firstSeen', after, limit = LIMIT.page, ...query }: PageQuery): Promise<Page> {
    const selfIds = query.selfId === undefined ? await this.roster.bots() : [query.selfId]
    const pages: QQUser[][] = []
    const counts: number[] = []
    for (const selfId of selfIds) {
      const count = await this.count({ ...query, selfId })
      counts.push(count)
      const position = after && toPosition(after, selfId, sort)
      if (count && position !== 'end') pages.push(await this.roster.list({ ...query, selfId, sort, limit, after: position }))
    }
    const total = counts.reduce((sum, count) => sum + count, 0)
    const more = !!query.search && total > LIMIT.search
    return {
      users: merge(pages, sort).slice(0, limit).map(user => this.rows.user(user)),
      total: more ? LIMIT.search : total,
      ...more && { more },
    }
  }

  private count(query: UserQuery) {
    return query.search ? this.roster.countTo(LIMIT.search + 1, query) : this.roster.count(query)
  }
}

/** Newest first, in one moment by bot; the users of one bot stay in the order in which they are. */
function merge(pages: QQUser[][], sort: Sort) {
  if (pages.length < 2) return pages.flat()
  return pages.flat().sort((a, b) => +(b[sort] ?? 0) - +(a[sort] ?? 0) || compare(b.selfId, a.selfId))
}

/** Where a bot's own list goes on. */
function toPosition({ selfId = '', userId, ...after }: NonNullable<PageQuery['after']>, own: string, sort: Sort): ListQuery['after'] | 'end' {
  const at = after[sort]
  const order = selfId && compare(own, selfId)
  const firstSeen = new Date(after.firstSeen)
  const lastMessageAt = after.lastMessageAt === null ? null : new Date(after.lastMessageAt)
  if (!order) return { userId, firstSeen, lastMessageAt }
  // no id sorts before an empty one
  if (at === null) return order > 0 ? 'end' : { userId: '', firstSeen, lastMessageAt: new Date(1) }
  const bound = new Date(order > 0 ? at : at + 1)
  return { userId: '', firstSeen: bound, lastMessageAt: bound }
}

function compare(a: string, b: string) {
  return a < b ? -1 : a > b ? 1 : 0
}
