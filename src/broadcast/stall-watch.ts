import { Logger, Time } from 'koishi'
import { Stall } from './model'

const LOOK = Time.second
/** From how many failures on these are what keeps a broadcast from getting on. */
const FAILURES = 3

const texts: Record<Stall, string> = {
  limit: 'what the bot may send is used up, and other messages go first',
  lease: 'the database does not confirm that no other process runs it',
  error: 'something fails before each request',
  unknown: 'for no reason that is known',
}

/** Notices that nothing has come of a broadcast for a while. It counts how often it looked, as a clock may be set. */
export class StallWatch {
  /** Why that is so. */
  reason?: Stall
  private looks = 0
  private failures = 0
  private failure?: unknown
  private told?: Stall
  private timer: NodeJS.Timeout

  /**
   * @param patience how long (ms) a while is
   * @param find what stands in the way; nothing where that is told elsewhere
   */
  constructor(private id: number, private logger: Logger, private patience: number, private find: () => Stall | undefined) {
    this.timer = setInterval(() => this.look(), LOOK)
  }

  close() {
    clearInterval(this.timer)
  }

  /** Something came of it. */
  progress() {
    this.looks = this.failures = 0
    this.reason = undefined
  }

  /** Something failed before a request was made. */
  fail(cause: unknown) {
    this.failures++
    this.failure = cause
  }

  private look() {
    if (++this.looks * LOOK < this.patience) return
    const found = this.find()
    this.reason = found && this.failures >= FAILURES ? 'error' : found
    if (!this.reason || this.reason === this.told) return
    this.told = this.reason
    this.logger.info('broadcast %d does not get on: %s%s', this.id, texts[this.reason], this.reason === 'error' ? ` (${this.failure})` : '')
  }
}
