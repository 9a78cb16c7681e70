import { Context } from 'koishi'
import { UserEvent } from '../event'
import { lasting } from '../shared/lasting'
import { Recent } from '../shared/recent'
import { readFailure } from './codes'
import { Internal, wrapSend } from './internal'
import { LastMessage, REPLY_WINDOW } from './route'

const MESSAGES = 10_000
/** How many replies the platform takes to a message (documented 2026-01). */
const REPLIES = 4

/** The last message of each user, and how many replies it takes yet. */
export class LastMessages {
  private messages: Recent<LastMessage>
  /** How many replies each message got. */
  private replies: Recent<number>
  /** Replies that are about to be sent. */
  private reserved = new Map<string, number>()

  constructor(ctx: Context) {
    this.messages = lasting(ctx, 'delivery.last', () => new Recent(MESSAGES, REPLY_WINDOW))
    this.replies = lasting(ctx, 'delivery.replied', () => new Recent(MESSAGES, REPLY_WINDOW))
  }

  hear({ id, selfId, userId, occurredAt }: Pick<UserEvent, 'id' | 'selfId' | 'userId' | 'occurredAt'>) {
    this.messages.set(`${selfId} ${userId}`, { id, at: occurredAt })
  }

  get(selfId: string, userId: string): LastMessage | undefined {
    return this.messages.get(`${selfId} ${userId}`)
  }

  /** How many replies the platform takes to a message yet. */
  repliesLeft({ id, at }: LastMessage): number {
    if (Date.now() - at >= REPLY_WINDOW) return 0
    return REPLIES - (this.replies.get(id) ?? 0) - (this.reserved.get(id) ?? 0)
  }

  /** Keeps a reply to a message from being taken by somebody else. @returns what gives it back */
  reserve(selfId: string, userId: string) {
    const id = this.get(selfId, userId)!.id
    this.reserved.set(id, (this.reserved.get(id) ?? 0) + 1)
    return () => {
      const left = this.reserved.get(id)! - 1
      if (left) this.reserved.set(id, left)
      else this.reserved.delete(id)
    }
  }

  /**
   * Counts the replies, whoever sends them.
   *
   * @returns what takes it back
   */
  count(internal: Partial<Internal> | undefined) {
    const add = (id: string, count: number) => this.replies.set(id, (this.replies.get(id) ?? 0) + count)
    return wrapSend(internal, send => async (openid, data) => {
      const id = data?.msg_id
      if (!id) return send(openid, data)
      add(id, 1)
      try {
        return await send(openid, data)
      } catch (error) {
        const { meaning, undelivered } = readFailure(error, true)
        if (meaning === 'window-closed') this.replies.set(id, REPLIES)
        else if (undelivered) add(id, -1)
        throw error
      }
    })
  }
}
