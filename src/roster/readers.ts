/** Somebody who waits for all that was pushed before. */
interface Reader {
  sequence: number
  resolve(): void
}

/** Those who wait until all that was pushed before them is dealt with. */
export class Readers {
  private readers: Reader[] = []

  /** Waits for all up to this place in the order of arrival. */
  wait(sequence: number): Promise<void> {
    return new Promise(resolve => this.readers.push({ sequence, resolve }))
  }

  /** Lets those go who wait for nothing as old as this; all of them unless told. */
  release(oldest = Infinity) {
    if (!this.readers.length) return
    const index = this.readers.findIndex(({ sequence }) => sequence >= oldest)
    for (const { resolve } of this.readers.splice(0, index < 0 ? this.readers.length : index)) resolve()
  }
}
