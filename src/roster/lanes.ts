import { EventSource } from '../model'
import { isUserAction } from './state'

/** Somebody waits for what is urgent, users did what is normal, and what is low was only concluded. */
export type Priority = 'urgent' | 'normal' | 'low'

/** What matters least first. */
export const PRIORITIES: Priority[] = ['low', 'normal', 'urgent']

export interface Ranked {
  priority: Priority
  /** Whom it is about, where the order matters: what goes before takes along what came earlier. */
  key?: string
}

/** A flood of messages must not delay what a user chose. */
export function toPriority(source: EventSource): Priority {
  return isUserAction(source) || source === 'operator' || source === 'import' ? 'normal' : 'low'
}

/** What waits, each priority in the order of its arrival. */
export class Lanes<T extends Ranked> {
  // a set keeps the order, and gives up whichever item without moving the rest
  private lanes = { urgent: new Set<T>(), normal: new Set<T>(), low: new Set<T>() }
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
    yield* this.lanes.urgent
    yield* this.lanes.normal
    yield* this.lanes.low
  }
}
