import { Delivery } from '../delivery'
import { Pusher } from '../push'
import { Roster } from '../roster'
import { compose } from './content'
import { BroadcastError } from './error'
import { BroadcastRow } from './model'
import { Result, toResult } from './result'

export interface Hooks {
  /** Ends it, unless a request is under way. */
  stop: AbortSignal
  /** Takes the recipient on, right before the first request. */
  claim(): Promise<boolean>
}

/** Sends a broadcast to one of its recipients, who is decided upon as of now. */
export class Sender {
  constructor(private pusher: Pusher, private roster: Roster, private delivery: Delivery) {}

  /** @throws whatever keeps a request from being made */
  async send({ selfId, content, via: allowed }: Pick<BroadcastRow, 'selfId' | 'content' | 'via'>, userId: string, hooks: Hooks): Promise<Result> {
    const user = await this.roster.get(selfId, userId)
    if (!user) return { state: 'skipped', reason: 'unknown-user', code: null, via: null }
    const bot = this.delivery.find(selfId)
    if (!bot) return { state: 'pending', obstacle: 'offline', code: null, via: null }
    try {
      const elements = compose(content, user, { id: selfId, name: bot.user?.name ?? '' })
      const { outcome, via } = await this.pusher.sendBroadcastMessage({ selfId, userId, elements, allowed, ...hooks })
      return toResult(outcome, via ?? null, allowed)
    } catch (error) {
      if (error instanceof BroadcastError) return { state: 'failed', reason: error.reason, code: null, via: null }
      throw error
    }
  }
}
