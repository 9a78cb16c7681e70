import { Logger, Time } from 'koishi'
import { CancellableWaits } from '../delivery/cancellable-waits'
import { StoppedError } from '../delivery/objections'

/** After how long (ms) what failed for now is tried again. */
export const RETRY = Time.second

/** Repeats what a broadcast cannot go on without, until the database takes it. */
export class Persistence {
  /** Since when the database takes nothing. That the broadcast stands still cannot be written then, and is told from here. */
  trouble?: Date

  constructor(private id: number, private waits: CancellableWaits, private logger: Logger, private stop: AbortSignal) {}

  /** @throws StoppedError at the end of it all */
  async persist<T>(task: () => Promise<T>): Promise<T> {
    while (true) {
      try {
        const result = await task()
        this.trouble = undefined
        return result
      } catch (error) {
        if (this.stop.aborted || this.waits.ended) throw new StoppedError('aborted')
        if (!this.trouble) this.logger.warn('broadcast %d waits for the database: %s', this.id, error)
        this.trouble ??= new Date()
        await this.waits.sleep(RETRY, this.stop)
      }
    }
  }
}
