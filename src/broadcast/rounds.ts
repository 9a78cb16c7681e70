import { CancellableWaits } from '../delivery/cancellable-waits'
import { AttemptMeans, Attempts } from './attempts'
import { Flow } from './flow'
import { LEASE } from './lease'
import { PauseReason } from './lifecycle'
import { Persistence, RETRY } from './persistence'
import { Result } from './result'

const PAGE = 50

/** What rounds work with. */
export interface RoundMeans extends AttemptMeans {
  waits: CancellableWaits
  database: Persistence
  /** Pauses the broadcast. */
  pause(reason: PauseReason): Promise<void>
}

/** Goes through those who are still to be written to, round after round, several at once. */
export class Rounds {
  private attempts: Attempts
  private flow: Flow
  /** Those who are being written to. */
  private inHand = new Set<string>()
  private round = 1
  /** What kept some from being written to in this round. */
  private obstacle?: PauseReason
  /** How many were settled in this round. */
  private progress = 0
  private wakeUp?: () => void

  /** @param cautious whether the first answer that is lost ends it */
  constructor(private means: RoundMeans, cautious: boolean) {
    this.attempts = new Attempts(means)
    this.flow = new Flow(cautious)
  }

  /** Whether anybody was reached. */
  get fruitful() {
    return this.flow.fruitful
  }

  private get over() {
    return this.means.stop.aborted
  }

  /** Whether the platform lets nothing proactive of this bot through. */
  private get suspended() {
    return this.means.pusher.suspendedUntil(this.means.row.selfId) !== undefined
  }

  /** @returns true when nobody is left to be written to, false if it was ended before */
  async work(): Promise<boolean> {
    const { row, store, lease, logger, database } = this.means
    for (let after: string | undefined; !this.over;) {
      const page = await database.persist(() => store.pending(row.id, PAGE, after))
      for (const userId of page) {
        if (this.inHand.has(userId)) continue
        while (!this.over && (this.inHand.size >= this.flow.width || !lease.holds)) await this.change()
        if (this.over) return false
        this.inHand.add(userId)
        this.serve(userId).catch(error => logger.warn(error)).finally(() => {
          this.inHand.delete(userId)
          this.wake()
        })
      }
      after = page.at(-1) ?? after
      if (page.length === PAGE) continue
      while (!this.over && this.inHand.size) await this.change()
      if (this.over) return false
      if (!row.complete) await this.change()
      else if (await this.conclude()) return true
      else after = undefined
    }
    return false
  }

  /** What it waits for may have come. */
  wake() {
    this.wakeUp?.()
  }

  /** Resolves when nobody is being written to. */
  async idle() {
    while (this.inHand.size) await this.change()
  }

  /** Waits until something changes, or a moment. */
  private async change() {
    let timer!: NodeJS.Timeout
    await new Promise<void>((resolve) => {
      this.wakeUp = resolve
      timer = setTimeout(resolve, LEASE.beat)
    })
    clearTimeout(timer)
    this.wakeUp = undefined
  }

  /** At the end of a round. @returns whether that was the last */
  private async conclude(): Promise<boolean> {
    const { row, store, waits, database, stop } = this.means
    const { progress, obstacle } = this
    this.progress = 0
    this.obstacle = undefined
    this.round++
    if (!(await database.persist(() => store.pending(row.id, 1))).length) return true
    // nobody got it in this round: what stands in the bot's way pauses the broadcast, what stands in a user's is skipped in the next
    if (!progress && obstacle && this.suspended) await this.means.pause(obstacle)
    else if (!progress) await waits.sleep(RETRY, stop)
    return false
  }

  private async serve(userId: string) {
    const result = await this.attempts.make(userId, this.round)
    if (!result) return
    if (result.state !== 'pending') this.progress++
    const reason = this.flow.note(result)
    if (this.over) return
    if (reason) await this.means.pause(reason)
    else if (result.state === 'pending') await this.hold(result)
  }

  /** Whoever was not written to for now. */
  private async hold({ obstacle }: Extract<Result, { state: 'pending' }>) {
    const { row, waits, stop } = this.means
    if (obstacle === 'no-permission') {
      this.obstacle = obstacle
      // nobody can be reached on another way
      if (row.via.every(via => via === 'proactive') && this.suspended) await this.means.pause(obstacle)
    } else if (obstacle === 'queue-full' || obstacle === 'error' || obstacle === 'transient') {
      await waits.sleep(RETRY, stop).catch(() => {})
    }
  }
}
