import { QQUser } from '../model'
import { UserQuery } from '../roster/query'
import { Roster } from '../roster'
import { QQUserService } from '../service'
import { id, optional, time } from './args'
import { Switchboard } from './calls'
import { fail } from './errors'
import { merge, readPart, toPosition } from './paging'
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
      if (position !== 'end') pages.push(await readPart(this.roster, { ...query, selfId, sort, limit, after: position }, count))
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
