import { Lanes, Priority, Ranked } from './lanes'
import { Refused } from './refused'
import { Waiters } from './waiters'

interface Waiting extends Ranked {
  /** Its place in the order of arrival. */
  sequence: number
}

/** What waits to be written, and whose turn is next. Who waits for all that came before, waits here as well. */
export class Backlog<T extends Waiting> {
  /** In the order of their arrival, with those that are being written. */
  private waiting = new Set<T>()
  /** Those that were not tried yet. */
  private lanes = new Lanes<T>()
  /** Those that were refused, as they are to be tried again: they may be written in part, and nothing goes before them. */
  private refused = new Refused<T>()
  private waiters = new Waiters()
  private sequence = 0

  get size() {
    return this.waiting.size
  }

  get items(): Iterable<T> {
    return this.waiting
  }

  has(item: T) {
    return this.waiting.has(item)
  }

  add(item: T) {
    item.sequence = ++this.sequence
    this.waiting.add(item)
    this.lanes.push(item)
  }

  /** Lets those wait again that had left, at the end of the order of arrival; their turn is up to `putBack`. */
  rejoin(items: T[]) {
    for (const item of items) this.waiting.add(item)
  }

  /** Lets those wait no more whose turn came. */
  leave(items: T[]) {
    for (const item of items) this.waiting.delete(item)
    this.waiters.release(this.waiting.values().next().value?.sequence)
  }

  /** Lets one wait no more, wherever it is. */
  delete(item: T) {
    if (!this.lanes.delete(item)) this.refused.keep(other => other !== item)
    this.leave([item])
  }

  /** Lets those wait no more that match, but for what is being written. */
  deleteMatching(matches: (item: T) => boolean) {
    const left: T[] = []
    const stays = (item: T) => {
      const isMatch = matches(item)
      if (isMatch) left.push(item)
      return !isMatch
    }
    this.refused.keep(stays)
    for (const item of [...this.lanes]) if (!stays(item)) this.lanes.delete(item)
    this.leave(left)
  }

  /** The oldest of a priority, but nothing that is being written. */
  first(priority: Priority): T | undefined {
    return this.refused.items.find(item => item.priority === priority) ?? this.lanes.first(priority)
  }

  /** Gives what was refused its turn before all others. @param parts into how many batches to cut it */
  putBack(items: T[], parts?: number) {
    this.refused.add(items, parts)
  }

  get hasRefused() {
    return this.refused.size > 0
  }

  takeRefused(): T[] | undefined {
    return this.refused.take()
  }

  /** Fills a batch with what was not tried yet. @param isAlone what shares a batch with nothing */
  fill(batch: T[], size: number, isAlone: (item: T) => boolean) {
    this.lanes.take(batch, size, isAlone)
  }

  /** Waits until all that waits now is dealt with. */
  wait(): Promise<void> {
    return this.waiters.wait(this.sequence)
  }

  /** Lets those go who wait for it, although it is not. */
  endWaits() {
    this.waiters.release()
  }
}
