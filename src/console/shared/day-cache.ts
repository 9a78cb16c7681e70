import { Time } from 'koishi'
import { RecentMap } from '../../shared/recent-map'

interface Counted {
  /** When it is counted. */
  loading: Promise<void>
}

/** How long a count is kept: another process may write to the same table. */
const KEEP = { today: Time.minute, past: Time.hour }
const SIZE = 400

/** What was counted of which day, as of `Time.getDateNumber()`. */
export class DayCache<D extends Counted> {
  private current: RecentMap<D>
  private past = new RecentMap<D>(SIZE, KEEP.past)

  /** @param size of how many it is kept on one day */
  constructor(size: number) {
    this.current = new RecentMap(size, KEEP.today)
  }

  /** What there is, maybe not counted yet. */
  find(number: number, owner = ''): D | undefined {
    return this.shelf(number).get(toKey(number, owner))
  }

  /** What is counted, by now. @param load counts it if need be */
  async get(number: number, owner: string, load: () => D): Promise<D> {
    const shelf = this.shelf(number)
    const key = toKey(number, owner)
    let day = shelf.get(key)
    if (!day) {
      shelf.set(key, day = load())
      day.loading.catch(() => shelf.delete(key))
    }
    await day.loading
    return day
  }

  clear() {
    this.current.clear()
    this.past.clear()
  }

  private shelf(number: number) {
    return number === Time.getDateNumber() ? this.current : this.past
  }
}

function toKey(number: number, owner: string) {
  return `${owner} ${number}`
}
