import { HANGING, outlast } from '../shared/outlast'

/** How often a table is read again because it was written to meanwhile. */
const ROUNDS = 3

/** Somebody who keeps account of what is changed. */
export interface Follower<T> {
  changed(change: T): void
  /** What is in the tables may differ from what was told. */
  doubted(): void
}

export interface Scan<T, R> {
  result: R
  /** What was changed since the reading began, and is not in the result. */
  missed: T[]
  /** Nothing was changed meanwhile. */
  exact: boolean
  /** What was changed meanwhile may be in the result, or not. */
  doubtful: boolean
}

/** A change that is being written. */
interface Writing {
  ended: Promise<void>
  /** Since when, in ms. */
  since: number
  /** Whether somebody reads although it has not ended. */
  overtaken: boolean
}

/** What is being changed in the tables, so that they can be read beside the writes without missing or doubling any. */
export class Changes<T> {
  private followers = new Set<Follower<T>>()
  /** One, but for those that are not answered. */
  private writings = new Set<Writing>()
  /** How many changes there were. */
  private count = 0
  /** How often the tables became doubtful. */
  private doubts = 0
  /** What was changed since each scan began that is under way. */
  private scans = new Set<T[]>()

  /** @returns ends it */
  follow(follower: Follower<T>) {
    this.followers.add(follower)
    return () => { this.followers.delete(follower) }
  }

  /** Makes known that the tables may not be what was told of them. */
  doubt() {
    this.doubts++
    for (const follower of this.followers) follower.doubted()
  }

  /** Carries out a change. */
  async carryOut(write: () => Promise<T>): Promise<T> {
    let end!: () => void
    const writing: Writing = { ended: new Promise(resolve => end = resolve), since: Date.now(), overtaken: false }
    this.writings.add(writing)
    this.count++
    try {
      const change = await write()
      for (const missed of this.scans) missed.push(change)
      for (const follower of this.followers) follower.changed(change)
      return change
    } catch (error) {
      // part of it may be in the table
      this.doubt()
      throw error
    } finally {
      this.writings.delete(writing)
      end()
      if (writing.overtaken) this.doubt()
    }
  }

  private find(overtaken: boolean) {
    return [...this.writings].find(writing => writing.overtaken === overtaken)
  }

  /** Waits for a change that is being written, if it comes to an end: a table can be read while another session's lock is in its way. */
  private async pass(writing: Writing) {
    writing.overtaken = await outlast(writing.ended, async () => true, HANGING - Math.abs(Date.now() - writing.since))
  }

  /**
   * Reads a table. What is written in the meantime is in the result or is told as missed, never both. Whoever goes on in
   * the same tick follows from there.
   */
  async scan<R>(read: () => Promise<R>, use: (scan: Scan<T, R>) => void): Promise<void> {
    for (let round = 1; ; round++) {
      // nobody could tell whether the answer contains a write that is under way
      for (let writing; (writing = this.find(false));) await this.pass(writing)
      const { count, doubts } = this
      const missed: T[] = []
      this.scans.add(missed)
      try {
        const result = await read()
        const exact = this.count === count
        if (!exact && round < ROUNDS) continue
        // the writes never cease, so this has to do; a write that begins after our read reads first, and so comes after our answer
        return use({ result, missed, exact, doubtful: !!this.find(true) || this.doubts > doubts })
      } finally {
        this.scans.delete(missed)
      }
    }
  }
}
