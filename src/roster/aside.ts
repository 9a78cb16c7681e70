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
  /** With those that are being tried again and are not answered. */
  private known = new WeakMap<T, Entry>()

  /** How many more may fail in this round. */
  private budget = LIMIT

  /** @param retry told when some may be due */
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
  due(isFree: (item: T) => boolean): T | undefined {
    if (!this.budget) return
    for (const [item, { left }] of this.entries) {
      if (left <= 0 && isFree(item)) return item
    }
  }

  get size() {
    return this.entries.size
  }

  has(item: T) {
    return this.entries.has(item)
  }

  /** Whether it was set aside before. */
  knows(item: T) {
    return this.known.has(item)
  }

  add(item: T, id: string, error: string, tries: number) {
    const before = this.known.get(item)
    const pause = before ? Math.min(before.pause * 2, MAX_PAUSE) : 1
    // the others have their turn first
    if (before) this.budget--
    this.entries.delete(item)
    const entry = { id, error, since: before?.since ?? Date.now(), tries, pause, left: pause }
    this.entries.set(item, entry)
    this.known.set(item, entry)
  }

  delete(item: T) {
    return this.entries.delete(item)
  }

  /** @param rounds how many have passed; enough for all of them unless told */
  wake(rounds = MAX_PAUSE) {
    this.budget = LIMIT
    for (const entry of this.entries.values()) entry.left -= rounds
    if (this.entries.size) this.retry()
  }

  private get sorted() {
    return [...this.entries].sort(([, a], [, b]) => a.since - b.since)
  }
}
