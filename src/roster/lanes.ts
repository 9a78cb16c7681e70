import { EventSource } from '../model'
import { isUserAction } from './state'

/** `low`: what was only concluded, as from a message. `normal`: what a user did. `urgent`: what somebody waits for. */
export type Priority = typeof PRIORITIES[number]
/** What matters least first. */
export const PRIORITIES = ['low', 'normal', 'urgent'] as const
const MOST_FIRST = [...PRIORITIES].reverse()

export interface Ranked {
  priority: Priority
  /** Whom it is about, where the order matters: one that goes before `low` takes along those that came earlier with the same key. */
  key?: string
}

/** A flood of messages must not delay what a user chose. */
export function toPriority(source: EventSource): Priority {
  return isUserAction(source) || source === 'operator' || source === 'import' ? 'normal' : 'low'
}

/** What waits, each priority in the order of its arrival. */
export class Lanes<T extends Ranked> {
  // a set keeps the order, and gives up whichever item without moving the rest
  private lanes: Record<Priority, Set<T>> = { urgent: new Set(), normal: new Set(), low: new Set() }
  /** What is low, by whom it is about. */
  private low = new Map<string, Set<T>>()

  push(item: T) {
    const { priority, key } = item
    if (key !== undefined && priority === 'low') {
      this.low.set(key, (this.low.get(key) ?? new Set()).add(item))
    } else if (key !== undefined) {
      for (const earlier of this.low.get(key) ?? []) {
        this.delete(earlier)
        earlier.priority = priority
        this.lanes[priority].add(earlier)
      }
    }
    this.lanes[priority].add(item)
  }

  delete(item: T) {
    const { priority, key } = item
    if (key !== undefined && priority === 'low') {
      const items = this.low.get(key)
      items?.delete(item)
      if (!items?.size) this.low.delete(key)
    }
    return this.lanes[priority].delete(item)
  }

  /** Fills a batch with what is next. @param isAlone what shares a batch with nothing */
  take(batch: T[], size: number, isAlone: (item: T) => boolean) {
    for (const item of this) {
      if (batch.length >= size || batch.length && isAlone(item)) break
      this.delete(item)
      batch.push(item)
      if (isAlone(item)) break
    }
    return batch
  }

  /** The oldest of a priority. */
  first(priority: Priority): T | undefined {
    return this.lanes[priority].values().next().value
  }

  * [Symbol.iterator]() {
    for (const priority of MOST_FIRST) yield* this.lanes[priority]
  }
}
