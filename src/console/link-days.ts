import { Context, Time } from 'koishi'
import { QQUser } from '../model'
import { Recent } from '../shared/recent'
import { Roster } from '../roster'

type Counts = Map<string, number>

interface Day {
  counts: Counts
  loaded: boolean
  loading: Promise<void>
}

/** How long a count is kept: another process may write to the same table. */
const KEEP = { today: Time.minute, past: Time.hour }
const SIZE = 400

/** How many users were new on which day, by the parameter that they came by. */
export class LinkDays {
  private current = new Recent<Day>(SIZE, KEEP.today)
  private past = new Recent<Day>(SIZE, KEEP.past)

  constructor(ctx: Context, private roster: Roster) {
    ctx.effect(() => roster.follow({
      changed: ({ users }) => users.forEach(({ previous, user }) => {
        this.move(previous, -1)
        this.move(user, 1)
      }),
      doubted: () => {
        this.current.clear()
        this.past.clear()
      },
    }))
  }

  /** @param number as of `Time.getDateNumber()` */
  async get(selfId: string, number: number): Promise<ReadonlyMap<string, number>> {
    const shelf = this.shelf(number)
    const key = `${selfId} ${number}`
    let day = shelf.get(key)
    if (!day) {
      shelf.set(key, day = this.load(selfId, number))
      day.loading.catch(() => shelf.delete(key))
    }
    await day.loading
    return day.counts
  }

  private shelf(number: number) {
    return number === Time.getDateNumber() ? this.current : this.past
  }

  private move(user: QQUser | undefined, count: number) {
    if (!user?.sceneParam) return
    const number = Time.getDateNumber(user.firstSeen)
    const day = this.shelf(number).get(`${user.selfId} ${number}`)
    // what is being counted will have it
    if (day?.loaded) add(day.counts, user.sceneParam, count)
  }

  private load(selfId: string, number: number) {
    const day = { counts: new Map(), loaded: false } as Day
    const read = () => this.roster.users.countSeen(selfId, Time.fromDateNumber(number), Time.fromDateNumber(number + 1))
    day.loading = this.roster.scan(read, ({ result, missed }) => {
      for (const { sceneParam, count } of result) if (sceneParam) add(day.counts, sceneParam, count)
      for (const { previous, user } of missed.flatMap(({ users }) => users)) {
        for (const [row, sign] of [[previous, -1], [user, 1]] as const) {
          if (row?.selfId === selfId && row.sceneParam && Time.getDateNumber(row.firstSeen) === number) add(day.counts, row.sceneParam, sign)
        }
      }
      day.loaded = true
    })
    return day
  }
}

function add(counts: Counts, param: string, count: number) {
  counts.set(param, (counts.get(param) ?? 0) + count)
}
