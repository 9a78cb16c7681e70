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
  /** How long it rests, in ms. */
  pause: number
  /** When (ms) it is to be tried again. */
  next: number
}

const PAUSE = { min: Time.minute, max: Time.hour }

/** What cannot be written, each tried again now and then. */
export class Aside<T extends object> {
  private entries = new Map<T, Entry>()

  /** @param retry has one tried again */
  constructor(ctx: Context, private retry: (item: T) => void) {
    ctx.setInterval(() => this.wake(Date.now()), PAUSE.min)
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
    const now = Date.now()
    const before = this.entries.get(item)
    const pause = before ? Math.min(before.pause * 2, PAUSE.max) : PAUSE.min
    this.entries.set(item, { id, error, since: before?.since ?? now, tries, pause, next: now + pause })
  }

  delete(item: T) {
    return this.entries.delete(item)
  }

  clear() {
    this.entries.clear()
  }

  /** @param now whose time has come by then; all of them unless told */
  wake(now = Infinity) {
    for (const [item, entry] of this.entries) {
      if (entry.next > now) continue
      // it is on its way until it is added again
      entry.next = Infinity
      this.retry(item)
    }
  }
}
