import { Time } from 'koishi'
import { AnswerWatch } from './answer-watch'

/** How long (ms) to wait before the next try, the more often the longer. */
const RETRY = [0.2, 0.5, 1, 2, 5].map(value => value * Time.second)
/** For how long (ms) a write proves that the database is up while it is looked for what is at fault. */
const PROOF = 200

/** Whether the database takes writes, as far as the last ones tell. */
export class Availability {
  private failures = 0
  /** When (ms) the database last took a write. */
  private provenAt = -Infinity
  private answers: AnswerWatch

  /**
   * @param probe writes something of which nothing is left, and rejects if the database takes no writes
   * @param tellOfNoAnswer told when an answer has not come for long
   */
  constructor(private probe: () => Promise<void>, tellOfNoAnswer: () => void) {
    this.answers = new AnswerWatch(tellOfNoAnswer)
  }

  /** Whether the database refused the last write, or does not answer. */
  get failing() {
    return this.failures > 0 || this.answers.hanging
  }

  /** Whether it took a write a moment ago. */
  get proven() {
    return Math.abs(Date.now() - this.provenAt) < PROOF
  }

  /** Asks it, which is noticed where it does not answer. */
  watch<R>(ask: () => Promise<R>): Promise<R> {
    return this.answers.watch(ask)
  }

  /** It took a write. */
  prove() {
    this.provenAt = Date.now()
  }

  /** Whether anything else can be written, which tells a write that is at fault from a database that is down. */
  takesWrites(): Promise<boolean> {
    return this.probe().then(() => {
      this.prove()
      return true
    }, () => false)
  }

  /** It is down. @returns whether it was up before, and how long (ms) to wait before the next try */
  fail() {
    this.failures++
    return { isFirst: this.failures === 1, pause: RETRY[Math.min(this.failures, RETRY.length) - 1] }
  }

  /** It is up. @returns whether it was down before */
  recover(): boolean {
    const wasDown = this.failures > 0
    this.failures = 0
    return wasDown
  }
}
