import { Awaitable, Logger } from 'koishi'

/**
 * What arrived and has not been dealt with yet, in order. It outlives whoever deals with it: what one handler leaves
 * behind, the next one gets.
 */
export class Inbox<T> {
  private items = new Set<T>()
  private handler?: (item: T) => Awaitable<unknown>
  private dropped = false

  /** @param limit how many wait while there is no handler; beyond that the oldest are given up */
  constructor(private limit: number) {}

  get size() {
    return this.items.size
  }

  /** @returns what its handler makes of it */
  add(item: T) {
    this.items.add(item)
    if (this.handler) return this.handler(item)
    if (this.items.size <= this.limit) return
    this.items.delete(this.items.keys().next().value!)
    if (this.dropped) return
    this.dropped = true
    new Logger('qq-user').error('%d events wait for the database service; the oldest are given up', this.limit)
  }

  /** Hands over what waits and whatever comes. @returns takes the handler away again, and leaves what it has not taken */
  attach(handler: (item: T) => Awaitable<unknown>) {
    this.handler = handler
    this.dropped = false
    for (const item of [...this.items]) handler(item)
    return () => {
      if (this.handler === handler) this.handler = undefined
    }
  }

  /** Whether nobody has dealt with it yet. */
  has(item: T) {
    return this.items.has(item)
  }

  /** Takes what was dealt with out. @returns whether it was still there: of two handlers, only one takes it */
  take(item: T) {
    return this.items.delete(item)
  }
}
