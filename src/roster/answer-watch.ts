import { Time } from 'koishi'

/** After how long (ms) without an answer a write is told of, and others go on if the database takes them. */
export const HANGING = 10 * Time.second

/** Sees to it that nobody waits for a database that does not answer, as when another session holds a lock. */
export class AnswerWatch {
  /** Whether an answer has not come for long. */
  hanging = false

  /** @param tell told when it has not */
  constructor(private tell: () => void) {}

  async watch<R>(ask: () => Promise<R>): Promise<R> {
    const timer = setTimeout(() => {
      this.hanging = true
      this.tell()
    }, HANGING)
    try {
      return await ask()
    } finally {
      clearTimeout(timer)
      this.hanging = false
    }
  }
}
