import { Logger, Random } from 'koishi'
import { Pusher } from '../push'
import { LeaseKeeper } from './lease-keeper'
import { BroadcastRow } from './model'
import { Result } from './result'
import { Sender } from './sender'
import { Settlements } from './settlements'
import { StallWatch } from './stall-watch'
import { BroadcastStore, Settlement } from './store'

/** In how many rounds somebody is tried whose attempts break off for no reason that is known. */
const ROUNDS = 3

/** What an attempt works with. */
export interface AttemptMeans {
  row: BroadcastRow
  store: BroadcastStore
  settlements: Settlements
  sender: Sender
  pusher: Pusher
  lease: LeaseKeeper
  stall: StallWatch
  logger: Logger
  /** This process. */
  owner: string
  /** Ends it, unless a request is under way. */
  stop: AbortSignal
}

/** Attempts to write to one recipient of a broadcast. */
export class Attempts {
  constructor(private means: AttemptMeans) {}

  /** Takes a recipient on, sends, and puts on record what came of it. @returns that; nothing if they were not to be had */
  async make(userId: string, round: number): Promise<Result | undefined> {
    const { row, settlements, owner, sender, lease, stop } = this.means
    const token = owner + Random.id(8)
    let claimed: Promise<boolean> | undefined
    const claim = () => claimed ??= stop.aborted || !lease.holds ? Promise.resolve(false) : this.claim(userId, token)
    let result: Result
    try {
      result = await sender.send(row, userId, { stop, claim })
    } catch (cause) {
      result = { state: 'pending', obstacle: 'error', code: null, via: null, cause }
    }
    // where it is not known whether they were taken on, they are given back
    const own = await claimed?.catch(() => true)
    if (own === false) return
    result = await this.reconsider(userId, round, result)
    const { state, code, via } = result
    const settlement: Settlement = { broadcast: row.id, userId, token, state, code, via, reason: 'reason' in result ? result.reason : '', at: new Date() }
    if (own) await settlements.settle(settlement, 'sending')
    else if (state !== 'pending') await settlements.settle(settlement, 'pending')
    return result
  }

  private async claim(userId: string, token: string) {
    const { row, store, settlements } = this.means
    settlements.inHand.add(token)
    const claimed = await store.claim(row.id, userId, token, new Date())
    if (!claimed) settlements.inHand.delete(token)
    return claimed
  }

  /** Gives up on a user who could not be written to in two rounds although the bot can write to others. */
  private async reconsider(userId: string, round: number, result: Result): Promise<Result> {
    const { row, pusher, lease, stall, logger, stop } = this.means
    if (result.state !== 'pending' || stop.aborted) return result
    const { obstacle, code, via } = result
    if (obstacle === 'no-permission' && round > 1 && pusher.suspendedUntil(row.selfId) === undefined) {
      return { state: 'skipped', reason: obstacle, code, via }
    }
    if (obstacle === 'transient' && round > 1) return { state: 'failed', reason: obstacle, code, via }
    if (obstacle !== 'error') return result
    logger.debug(result.cause)
    stall.fail(result.cause)
    // of a database that takes writes it is no fault
    if (round < ROUNDS || !await lease.prove()) return result
    logger.warn('broadcast %d: %s is not written to: %s', row.id, userId, result.cause)
    return { state: 'failed', reason: 'refused', code, via }
  }
}
