const KINDS = 100

export type Occurrence<T> = T & { count: number; at: number }

/** How often each kind of thing happened, and when (ms) it last did. Of too many kinds, the latest. */
export class Occurrences<T extends object> {
  private kinds = new Map<string, Occurrence<T>>()

  add(kind: T) {
    const key = JSON.stringify(kind)
    const { count = 0 } = this.kinds.get(key) ?? {}
    this.kinds.delete(key)
    this.kinds.set(key, { ...kind, count: count + 1, at: Date.now() })
    if (this.kinds.size > KINDS) this.kinds.delete(this.kinds.keys().next().value!)
  }

  /** The latest first. */
  list(): Occurrence<T>[] {
    return [...this.kinds.values()].reverse()
  }
}
