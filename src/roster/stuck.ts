import type { SetAside } from './aside'

/** What matters here of a write. */
interface Write {
  /** Whom it is about. */
  key?: string
}

/** Writes that were not answered, and what came later about the same users. */
export interface StuckBatch<T> {
  batch: T[]
  since: number
  followers: T[]
}

/**
 * What the database does not answer although it takes others, as where another session has a lock on a row. Nobody can take
 * such a write back: it may be carried out at any time, so whatever is about the same users waits for it.
 */
export class Stuck<T extends Write> {
  private batches = new Map<string | undefined, StuckBatch<T>>()
  private all = new Set<StuckBatch<T>>()

  /** How many writes that are. */
  get size() {
    return [...this.all].reduce((sum, { batch, followers }) => sum + batch.length + followers.length, 0)
  }

  /** What waits for them. */
  get followers(): T[] {
    return [...this.all].flatMap(({ followers }) => followers)
  }

  /** As an operator sees it: the database has said nothing. */
  list(identify: (item: T) => string): SetAside[] {
    return [...this.all].flatMap(({ batch, since }) => {
      return batch.map(item => ({ id: identify(item), error: '', since, tries: 1 })).filter(({ id }) => id)
    })
  }

  add(batch: T[]): StuckBatch<T> {
    const stuck = { batch, since: Date.now(), followers: [] }
    this.all.add(stuck)
    for (const { key } of batch) if (key !== undefined) this.batches.set(key, stuck)
    return stuck
  }

  delete(stuck: StuckBatch<T>) {
    this.all.delete(stuck)
    for (const { key } of stuck.batch) if (this.batches.get(key) === stuck) this.batches.delete(key)
  }

  /** Lets a write wait if it is about the same user. @returns whether it is */
  join(item: T): boolean {
    const stuck = item.key === undefined ? undefined : this.batches.get(item.key)
    stuck?.followers.push(item)
    return !!stuck
  }
}
