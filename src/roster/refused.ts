/** What was refused, in the order in which it is tried again. Whoever was refused together is tried together. */
export class Refused<T> {
  private batches: T[][] = []

  get size() {
    return this.batches.length
  }

  get items(): T[] {
    return this.batches.flat()
  }

  /** Before all others. @param parts into how many batches to cut it */
  add(items: T[], parts = 1) {
    const size = Math.ceil(items.length / parts)
    const batches = []
    for (let start = 0; start < items.length; start += size) batches.push(items.slice(start, start + size))
    this.batches.unshift(...batches)
  }

  take(): T[] | undefined {
    return this.batches.shift()
  }

  keep(matches: (item: T) => boolean) {
    this.batches = this.batches.map(batch => batch.filter(matches)).filter(batch => batch.length)
  }
}
