import { Context, Logger, Time } from 'koishi'
import { PRIORITIES, Ranked } from './lanes'

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

export interface AsideOptions<T> {
  /** How many may be set aside. */
  limit: number
  /** The id by which an operator knows a write. */
  identify(item: T): string
  /** Told when some may be due. */
  retry(): void
}

/** What cannot be written, each tried again now and then. */
export class Aside<T extends Ranked & { tries: number }> {
  private entries = new Map<T, Entry>()
  /** With those that are being tried again and are not answered. */
  private known = new WeakMap<T, Entry>()

  /** How many more may fail in this round. */
  private budget = LIMIT
  private overflowing = false
  private logger: Logger

  constructor(ctx: Context, private options: AsideOptions<T>) {
    // the last lines are written when the context is gone
    this.logger = ctx.logger('qq-user')
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

  has(item: T) {
    return this.entries.has(item)
  }

  /** @returns what has to make way for it: the oldest of what matters least, when too much is set aside */
  add(item: T, error: string): T | undefined {
    const { limit, identify } = this.options
    const id = identify(item)
    const before = this.known.get(item)
    const evicted = !this.entries.has(item) && this.entries.size >= limit ? this.findLeast() : undefined
    if (!before) this.logger.error('%s cannot be written and is set aside while others are; it is tried again now and then: %s', id, error)
    const pause = before ? Math.min(before.pause * 2, MAX_PAUSE) : 1
    // the others have their turn first
    if (before) this.budget--
    this.entries.delete(item)
    const entry = { id, error, since: before?.since ?? Date.now(), tries: item.tries, pause, left: pause }
    this.entries.set(item, entry)
    this.known.set(item, entry)
    return evicted
  }

  private findLeast() {
    if (!this.overflowing) this.logger.error('%d writes are set aside; the oldest of what matters least are given up', this.options.limit)
    this.overflowing = true
    const { items } = this
    return PRIORITIES.map(priority => items.find(item => item.priority === priority)).find(item => item)
  }

  delete(item: T) {
    return this.entries.delete(item)
  }

  /** @param rounds how many have passed; enough for all of them unless told */
  wake(rounds = MAX_PAUSE) {
    this.budget = LIMIT
    for (const entry of this.entries.values()) entry.left -= rounds
    if (this.entries.size) this.options.retry()
  }

  private get sorted() {
    return [...this.entries].sort(([, a], [, b]) => a.since - b.since)
  }
}
