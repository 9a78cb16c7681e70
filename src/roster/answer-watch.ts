import { HANGING } from '../shared/outlast'

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
