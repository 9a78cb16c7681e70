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
  /** Resolves when they are answered. */
  ended: Promise<unknown>
  followers: Set<T>
}

/**
 * What the database does not answer although it takes others, as where another session has a lock on a row. Nobody can take
 * such a write back: it may be carried out at any time, so whatever is about the same users waits for it.
 */
export class Stuck<T extends Write> {
  private byKey = new Map<string, StuckBatch<T>>()
  private all = new Set<StuckBatch<T>>()

  /** How many writes that are. */
  size = 0

  get batches(): StuckBatch<T>[] {
    return [...this.all]
  }

  /** What waits for them. */
  get followers(): T[] {
    return [...this.all].flatMap(({ followers }) => [...followers])
  }

  /** As an operator sees it: the database has said nothing. */
  list(identify: (item: T) => string): SetAside[] {
    return [...this.all].flatMap(({ batch, since }) => {
      return batch.map(item => ({ id: identify(item), error: '', since, tries: 1 })).filter(({ id }) => id)
    })
  }

  add(batch: T[], ended: Promise<unknown>, since = Date.now()): StuckBatch<T> {
    const stuck = { batch, since, ended, followers: new Set<T>() }
    this.all.add(stuck)
    this.size += batch.length
    for (const { key } of batch) if (key !== undefined) this.byKey.set(key, stuck)
    return stuck
  }

  delete(stuck: StuckBatch<T>) {
    this.all.delete(stuck)
    this.size -= stuck.batch.length + stuck.followers.size
    for (const { key } of stuck.batch) if (key !== undefined) this.byKey.delete(key)
  }

  /** Whether a write is about the same user as one of these. */
  has(item: T) {
    return !!this.find(item)
  }

  /** Lets a write wait if it is about the same user. @returns whether it is */
  join(item: T): boolean {
    const stuck = this.find(item)
    if (!stuck) return false
    stuck.followers.add(item)
    this.size++
    return true
  }

  /** Lets a write wait no more. */
  release(item: T) {
    if (this.find(item)?.followers.delete(item)) this.size--
  }

  private find({ key }: T) {
    return key === undefined ? undefined : this.byKey.get(key)
  }
}
