import { Context, Time } from 'koishi'
import { QQUser } from '../../model'
import { Roster } from '../../roster'
import { DayCache } from '../shared/day-cache'

type Counts = Map<string, number>

interface Day {
  counts: Counts
  loaded: boolean
  loading: Promise<void>
}

/** Of how many bots today is kept. */
const BOTS = 400

/** How many users were new on which day, by the parameter that they came by. */
export class LinkDays {
  private days = new DayCache<Day>(BOTS)

  constructor(ctx: Context, private roster: Roster) {
    ctx.effect(() => roster.follow({
      changed: ({ users }) => users.forEach(({ previous, user }) => {
        this.move(previous, -1)
        this.move(user, 1)
      }),
      doubted: () => this.days.clear(),
    }))
  }

  /** @param number as of `Time.getDateNumber()` */
  async get(selfId: string, number: number): Promise<ReadonlyMap<string, number>> {
    const { counts } = await this.days.get(number, selfId, () => this.load(selfId, number))
    return counts
  }

  private move(user: QQUser | undefined, count: number) {
    if (!user?.sceneParam) return
    const day = this.days.find(Time.getDateNumber(user.firstSeen), user.selfId)
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
