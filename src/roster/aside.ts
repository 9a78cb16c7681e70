import { Context, Time } from 'koishi'

/** A write that fails by itself, while others succeed. */
export interface SetAside {
  /** The id of the event. */
  id: string
  /** What the database said the last time. */
  error: string
  /** When (ms) it was set aside. */
  since: number
  /** How often it was tried. */
  tries: number
}

interface Entry extends SetAside {
  /** How many rounds it rests each time, and how many are left. */
  pause: number
  left: number
}

const ROUND = Time.minute
const MAX_PAUSE = Time.hour / ROUND

/** What cannot be written, each tried again now and then. */
export class Aside<T extends object> {
  private entries = new Map<T, Entry>()

  /** @param retry has one tried again */
  constructor(ctx: Context, private retry: (item: T) => void) {
    ctx.setInterval(() => this.wake(1), ROUND)
  }

  /** The longest set aside first. */
  get list(): SetAside[] {
    return [...this.entries.values()].map(({ id, error, since, tries }) => ({ id, error, since, tries }))
  }

  get items() {
    return [...this.entries.keys()]
  }

  get size() {
    return this.entries.size
  }

  has(item: T) {
    return this.entries.has(item)
  }

  add(item: T, id: string, error: string, tries: number) {
    const before = this.entries.get(item)
    const pause = before ? Math.min(before.pause * 2, MAX_PAUSE) : 1
    this.entries.set(item, { id, error, since: before?.since ?? Date.now(), tries, pause, left: pause })
  }

  delete(item: T) {
    return this.entries.delete(item)
  }

  clear() {
    this.entries.clear()
  }

  /** @param rounds how many have passed; enough for all of them unless told */
  wake(rounds = MAX_PAUSE) {
    for (const [item, entry] of this.entries) {
      // it is on its way until it is added again
      if (entry.left <= 0) continue
      entry.left -= rounds
      if (entry.left <= 0) this.retry(item)
    }
  }
}
