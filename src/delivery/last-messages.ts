import { Context } from 'koishi'
import { UserEvent } from '../event'
import { lasting } from '../shared/lasting'
import { RecentMap } from '../shared/recent-map'
import { countLeft, rememberReplies, ReplyNumbers } from './reply-numbers'
import { LastMessage, REPLY_WINDOW } from './route'

const MESSAGES = 10_000

/** Replies that are kept for somebody. */
export interface Reserved {
  /** The message that they go to. */
  id: string
  giveBack(): void
}

/** The last message of each user, and how many replies it takes yet. */
export class LastMessages {
  private messages: RecentMap<LastMessage>
  private replies: ReplyNumbers
  /** Replies that are about to be sent. */
  private reserved = new Map<string, number>()

  constructor(ctx: Context) {
    this.messages = lasting(ctx, 'delivery.last', () => new RecentMap(MESSAGES, REPLY_WINDOW))
    this.replies = rememberReplies(ctx)
  }

  note({ id, selfId, userId, occurredAt }: Pick<UserEvent, 'id' | 'selfId' | 'userId' | 'occurredAt'>) {
    this.messages.set(`${selfId} ${userId}`, { id, at: occurredAt })
  }

  get(selfId: string, userId: string): LastMessage | undefined {
    return this.messages.get(`${selfId} ${userId}`)
  }

  /** How many replies the platform takes to a message yet. */
  repliesLeft({ id, at }: LastMessage): number {
    if (Date.now() - at >= REPLY_WINDOW) return 0
    return countLeft(this.replies, id) - (this.reserved.get(id) ?? 0)
  }

  /**
   * Keeps replies to a message from being taken by somebody else.
   * @returns which message's they are, and what gives one back; nothing if there are not as many and the bot's own answer
   */
  reserve(selfId: string, userId: string, count: number): Reserved | undefined {
    const message = this.get(selfId, userId)
    if (!message || this.repliesLeft(message) <= count) return
    const { id } = message
    this.reserved.set(id, (this.reserved.get(id) ?? 0) + count)
    return {
      id,
      giveBack: () => {
        const left = this.reserved.get(id)! - 1
        if (left) this.reserved.set(id, left)
        else this.reserved.delete(id)
      },
    }
  }
}
