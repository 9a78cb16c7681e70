import { $, Context, Time } from 'koishi'
import { EventType } from '../model'
import { RecentMap } from '../shared/recent-map'
import { Roster } from '.'
import { UserQuery } from './query'

export interface Movement {
  added: number
  deleted: number
  rejected: number
  allowed: number
}

/** How many users there are of each kind. */
export interface Totals {
  friends: number
  reachable: number
  rejected: number
  deleted: number
  unknown: number
}

interface Report {
  totals: Totals
  /** Since midnight, in the time zone of `Time.getTimezoneOffset()`. */
  today: Movement
  /** Within the last seven days, today included. */
  week: Movement
  /** Users by the scene that they came from, most first. */
  scenes: { scene: number | null; count: number }[]
}

const KEEP = Time.minute

/** What of a movement each event counts for. */
export const counters: Record<EventType, keyof Movement> = {
  'friend-added': 'added',
  'friend-deleted': 'deleted',
  'friend-push-rejected': 'rejected',
  'friend-push-allowed': 'allowed',
}

/** Numbers for operators. Totals are kept; what happened lately is counted once a minute at most. */
export class Statistics {
  private movements = new RecentMap<Promise<Movement>>(100, KEEP)

  constructor(private ctx: Context, private roster: Roster) {}

  async get(selfId: string): Promise<Report> {
    const today = Time.fromDateNumber(Time.getDateNumber())
    return {
      totals: await this.totals(selfId),
      today: await this.move(selfId, today),
      week: await this.move(selfId, new Date(+today - 6 * Time.day)),
      scenes: await this.roster.users.scenes(selfId),
    }
  }

  /** Of one bot, or of all of them. */
  async totals(selfId?: string): Promise<Totals> {
    const count = (query: UserQuery) => this.roster.users.count({ selfId, ...query })
    const [friends, refusing, rejected, deleted, unknown] = await Promise.all([
      count({ relation: 'friend' }),
      count({ relation: 'friend', consent: 'rejected' }),
      count({ consent: 'rejected' }),
      count({ relation: 'deleted' }),
      count({ consent: 'unknown' }),
    ])
    return { friends, reachable: friends - refusing, rejected, deleted, unknown }
  }

  private move(selfId: string, since: Date) {
    const key = `${selfId} ${+since}`
    const kept = this.movements.get(key)
    if (kept) return kept
    const movement = this.scan(selfId, since)
    this.movements.set(key, movement)
    movement.catch(() => this.movements.delete(key))
    return movement
  }

  private async scan(selfId: string, since: Date) {
    const movement: Movement = { added: 0, deleted: 0, rejected: 0, allowed: 0 }
    const rows = await this.ctx.database
      .select('qq_user_event', { selfId, applied: true, occurredAt: { $gte: since } })
      .groupBy('type', { count: row => $.length(row.id) })
      .execute()
    for (const { type, count } of rows) movement[counters[type]] = count
    return movement
  }
}
