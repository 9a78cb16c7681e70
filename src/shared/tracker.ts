/** Knows what is under way. */
export class Tracker {
  private running = new Set<Promise<unknown>>()

  track<T>(promise: Promise<T>): Promise<T> {
    const done = promise.finally(() => this.running.delete(done))
    this.running.add(done)
    return done
  }

  /** Resolves when nothing is under way any more, or after a time (ms). */
  async idle(limit: number): Promise<void> {
    let timer!: NodeJS.Timeout
    const timeout = new Promise<'late'>(resolve => timer = setTimeout(() => resolve('late'), limit))
    while (this.running.size) {
      if (await Promise.race([Promise.allSettled(this.running), timeout]) === 'late') break
    }
    clearTimeout(timer)
  }
}
