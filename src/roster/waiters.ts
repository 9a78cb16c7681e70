/** Somebody who waits for all that was pushed before. */
interface Waiter {
  sequence: number
  resolve(): void
}

/** Those who wait until all that was pushed before them is dealt with. */
export class Waiters {
  private waiters: Waiter[] = []

  /** Waits for all up to this place in the order of arrival. */
  wait(sequence: number): Promise<void> {
    return new Promise(resolve => this.waiters.push({ sequence, resolve }))
  }

  /** Lets those go who wait for nothing as old as this; all of them unless told. */
  release(oldest = Infinity) {
    if (!this.waiters.length) return
    const index = this.waiters.findIndex(({ sequence }) => sequence >= oldest)
    for (const { resolve } of this.waiters.splice(0, index < 0 ? this.waiters.length : index)) resolve()
  }
}
