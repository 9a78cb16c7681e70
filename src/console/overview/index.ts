import { $, Context, Time } from 'koishi'
import { RecentMap } from '../../shared/recent-map'
import { Roster } from '../../roster'
import { PROBE } from '../../roster/keys'
import { Movement, Statistics, Totals } from '../../roster/statistics'
import { count, id, optional, record } from '../shared/args'
import { CallRegistry } from '../shared/calls'
import { Days, sum } from './days'
import type { Overview, OverviewCalls, OverviewQuery } from './protocol'

const WEEK = 7
const MAX_DAYS = 365
const PARAMS = { limit: 20, size: 100, age: 10 * Time.minute }

const readQuery = record<OverviewQuery>({
  selfId: optional(id),
  days: optional(count(1, MAX_DAYS)),
})

/** The numbers of the first page. */
export class OverviewPanel {
  private days: Days
  private statistics: Statistics
  private params = new RecentMap<Promise<Overview['sceneParams']>>(PARAMS.size, PARAMS.age)

  constructor(private ctx: Context, private roster: Roster, calls: CallRegistry<OverviewCalls>) {
    this.days = new Days(ctx, roster)
    this.statistics = new Statistics(ctx, roster)
    calls.add('qq-user/overview', (client, query) => this.get(readQuery(query)))
  }

  private async get({ selfId, days = 30 }: OverviewQuery): Promise<Overview> {
    const today = Time.getDateNumber()
    const movements: Movement[] = []
    // newest first
    for (let back = 0; back < Math.max(days, 2 * WEEK); back++) movements.push(await this.days.get(today - back, selfId))
    const totals = await this.statistics.totals(selfId)
    return {
      totals,
      today: movements[0],
      week: sum(movements.slice(0, WEEK)),
      weekBefore: sum(movements.slice(WEEK, 2 * WEEK)),
      days: walk(today, movements.slice(0, days), totals),
      scenes: await this.roster.users.scenes(selfId),
      sceneParams: await this.sceneParams(selfId),
    }
  }

  private sceneParams(selfId = '') {
    const kept = this.params.get(selfId)
    if (kept) return kept
    const counts = this.countParams(selfId)
    this.params.set(selfId, counts)
    counts.catch(() => this.params.delete(selfId))
    return counts
  }

  private async countParams(selfId: string) {
    const rows = await this.ctx.database
      .select('qq_user', { selfId: selfId || { $ne: PROBE }, sceneParam: { $gt: '' } })
      .groupBy('sceneParam', { count: row => $.length(row.userId) })
      .orderBy('count', 'desc')
      .limit(PARAMS.limit)
      .execute()
    return rows as Overview['sceneParams']
  }
}

/** Goes back from the present totals, a day at a time. */
function walk(today: number, movements: Movement[], { friends, rejected }: Totals) {
  return movements.map((movement, back) => {
    const day = { date: toDate(today - back), ...movement, friends: Math.max(0, friends), rejected: Math.max(0, rejected) }
    friends -= movement.added - movement.deleted
    rejected -= movement.rejected - movement.allowed
    return day
  }).reverse()
}

function toDate(number: number) {
  return new Date(number * Time.day).toISOString().slice(0, 10)
}
