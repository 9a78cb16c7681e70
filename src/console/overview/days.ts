import { $, Context, Time } from 'koishi'
import { QQUserEntry } from '../../model'
import { Roster } from '../../roster'
import { counters, Movement } from '../../roster/statistics'
import { DayCache } from '../shared/day-cache'

interface Day {
  /** By bot. */
  movements: Map<string, Movement>
  loaded: boolean
  loading: Promise<void>
}

/** What happened on which day, counted now and then, and kept up to date in between. */
export class Days {
  private days = new DayCache<Day>(2)

  constructor(private ctx: Context, private roster: Roster) {
    ctx.effect(() => roster.follow({
      changed: ({ entries }) => entries.forEach(entry => this.note(entry)),
      // what is being counted as well
      doubted: () => this.days.clear(),
    }))
  }

  /** @param number as of `Time.getDateNumber()` @param selfId all bots unless told */
  async get(number: number, selfId?: string): Promise<Movement> {
    const { movements } = await this.days.get(number, '', () => this.load(number))
    return sum([...movements].filter(([id]) => selfId === undefined || id === selfId).map(([, movement]) => movement))
  }

  private note({ selfId, type, occurredAt, applied }: QQUserEntry) {
    const day = this.days.find(Time.getDateNumber(occurredAt))
    // what is being counted will have it
    if (applied && day?.loaded) add(day, selfId, type, 1)
  }

  private load(number: number) {
    const day = { movements: new Map(), loaded: false } as Day
    day.loading = this.roster.scan(() => this.read(number), ({ result, missed }) => {
      for (const { selfId, type, count } of result) add(day, selfId, type, count)
      for (const { selfId, type, occurredAt, applied } of missed.flatMap(({ entries }) => entries)) {
        if (applied && Time.getDateNumber(occurredAt) === number) add(day, selfId, type, 1)
      }
      day.loaded = true
    })
    return day
  }

  private read(number: number) {
    return this.ctx.database
      .select('qq_user_event', {
        applied: true,
        occurredAt: { $gte: Time.fromDateNumber(number), $lt: Time.fromDateNumber(number + 1) },
      })
      .groupBy(['selfId', 'type'], { count: row => $.length(row.id) })
      .execute()
  }
}

/** What happened on all of these days. */
export function sum(movements: Movement[]): Movement {
  const total: Movement = { added: 0, deleted: 0, rejected: 0, allowed: 0 }
  for (const movement of movements) {
    for (const key in total) total[key as keyof Movement] += movement[key as keyof Movement]
  }
  return total
}

function add({ movements }: Day, selfId: string, type: QQUserEntry['type'], count: number) {
  const movement = movements.get(selfId) ?? sum([])
  movements.set(selfId, movement)
  movement[counters[type]] += count
}
