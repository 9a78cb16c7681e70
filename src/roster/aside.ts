import { Context, Time } from 'koishi'

/** A write that fails by itself, while others succeed. */
export interface SetAside {
  /** The id of the event. */
  id: string
  /** What the database said the last time; empty while it has not answered. */
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
/** How many are tried again in vain in a round. */
const LIMIT = 20

/** What cannot be written, each tried again now and then. */
export class Aside<T extends object> {
  private entries = new Map<T, Entry>()

  /** How many more may fail in this round. */
  private budget = LIMIT

  /** @param retry told when some are due */
  constructor(ctx: Context, private retry: () => void) {
    ctx.setInterval(() => this.wake(1), ROUND)
  }

  /** The longest set aside first. */
  get list(): SetAside[] {
    return this.sorted.map(([, entry]) => entry).map(({ id, error, since, tries }) => ({ id, error, since, tries }))
  }

  get items() {
    return this.sorted.map(([item]) => item)
  }

  /** What is to be tried again next. */
  get due(): T | undefined {
    if (!this.budget) return
    for (const [item, { left }] of this.entries) {
      if (left <= 0) return item
    }
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
    // the others have their turn first
    if (before) this.budget--
    this.entries.delete(item)
    this.entries.set(item, { id, error, since: before?.since ?? Date.now(), tries, pause, left: pause })
  }

  delete(item: T) {
    return this.entries.delete(item)
  }

  /** @param rounds how many have passed; enough for all of them unless told */
  wake(rounds = MAX_PAUSE) {
    this.budget = LIMIT
    for (const entry of this.entries.values()) entry.left -= rounds
    if (this.due) this.retry()
  }

  private get sorted() {
    return [...this.entries].sort(([, a], [, b]) => a.since - b.since)
  }
}
