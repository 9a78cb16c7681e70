import { $, Context, Time } from 'koishi'
import { QQUserEntry } from '../model'
import { Recent } from '../shared/recent'
import { Roster } from '../roster'
import { columns, Movement } from '../roster/statistics'

interface Day {
  /** By bot. */
  movements: Map<string, Movement>
  loaded: boolean
  loading: Promise<void>
}

/** How long a count is kept: another process may write to the same ledger. */
const KEEP = { today: Time.minute, past: Time.hour }
const SIZE = 400

/** What happened on which day, counted now and then, and kept up to date in between. */
export class Days {
  private current = new Recent<Day>(2, KEEP.today)
  private past = new Recent<Day>(SIZE, KEEP.past)

  constructor(private ctx: Context, private roster: Roster) {
    ctx.effect(() => roster.follow({
      changed: ({ entries }) => entries.forEach(entry => this.note(entry)),
      // what is being counted as well
      doubted: () => {
        this.current.clear()
        this.past.clear()
      },
    }))
  }

  /** @param number as of `Time.getDateNumber()` @param selfId all bots unless told */
  async get(number: number, selfId?: string): Promise<Movement> {
    const shelf = this.shelf(number)
    const key = String(number)
    let day = shelf.get(key)
    if (!day) {
      shelf.set(key, day = this.load(number))
      day.loading.catch(() => shelf.delete(key))
    }
    await day.loading
    return sum([...day.movements].filter(([id]) => selfId === undefined || id === selfId).map(([, movement]) => movement))
  }

  private shelf(number: number) {
    return number === Time.getDateNumber() ? this.current : this.past
  }

  private note({ selfId, type, occurredAt, applied }: QQUserEntry) {
    const number = Time.getDateNumber(occurredAt)
    const day = this.shelf(number).get(String(number))
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
  movement[columns[type]] += count
}
