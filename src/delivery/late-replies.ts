import { Bot, omit, Session } from 'koishi'
import { Reason } from '../gate'
import { readFailure } from './codes'
import { Internal, Request } from './internal'
import { closesWayOnly } from './policy'
import { closeReplies, countLeft, nextNumber, Numbers, ReplyNumbers } from './reply-numbers'
import { REPLY_WINDOW } from './route'
import { StoppedError } from './objections'

type Envelope = { id?: unknown; t?: unknown }

/** What can be replied to. `at` in ms. */
interface Source {
  field: 'msg_id' | 'event_id'
  id: string
  at: number
}

/** What is known of the replies, whoever made them. */
export interface Records {
  replies: ReplyNumbers
  numbers: Numbers
  /** The APIs that the plugin watches over, which decides there about what is no reply. */
  watched: WeakSet<object>
}

/** The events that take a reply. */
const repliable: unknown[] = ['FRIEND_ADD', 'C2C_MSG_RECEIVE', 'INTERACTION_CREATE']

/** Whether a session lacks the platform's envelope, as one does that was rebuilt from stored data. */
export function isRebuilt(session: Session) {
  return !readEnvelope(session)
}

/** The session as the adapter can answer it. What it writes does not reach the one that it was made from. */
export function complete(session: Session): Session {
  const { _type, _data } = session.event
  return Object.create(session, {
    qq: { value: (_type === 'qq' && _data) || {} },
    seq: { value: 0, writable: true },
  })
}

/** The platform's envelope, if the session has one. */
export function readEnvelope(session: Session) {
  return (session as { qq?: Envelope }).qq
}

/** Makes a private answer a reply for as long as the platform takes one, and no longer. The adapter knows but its own five minutes. */
export class Answer {
  /**
   * @param rebuilt the adapter numbers the replies on this session anew, so that its numbers may have been used
   * @returns nothing where there is nothing to reply to
   */
  static find(session: Session, rebuilt: boolean, records: Records) {
    const source = findSource(session)
    return source && new Answer(session, source, rebuilt, records)
  }

  private stopped?: (reason: Reason) => void

  private constructor(private session: Session, private source: Source, private rebuilt: boolean, private records: Records) {}

  /** Whether the next request will be a reply, as far as is known. */
  isPassive() {
    const { id, at } = this.source
    // written so that a time that is NaN counts as open: the platform will tell
    return !(Date.now() - at >= REPLY_WINDOW) && countLeft(this.records.replies, id) > 0
  }

  /** Lets somebody know that it was no reply any more and did not leave. */
  whenStopped(callback: (reason: Reason) => void) {
    this.stopped = callback
  }

  /** The bot as an encoder is to see it. */
  supervise(bot: Bot): Bot {
    if (!bot.internal?.sendPrivateMessage) return bot
    const internal: Internal = Object.create(bot.internal)
    internal.sendPrivateMessage = (openid, data) => this.send(bot, openid, data)
    return Object.create(bot, { internal: { value: internal } })
  }

  private async send(bot: Bot, openid: string, data: Request) {
    const send = (data: Request) => bot.internal.sendPrivateMessage(openid, data)
    if (!this.concerns(openid, data)) return send(data)
    const message = omit(data, ['msg_id', 'event_id', 'msg_seq'])
    const isNumbered = this.isAddressed(data) && !this.rebuilt
    while (this.isPassive()) {
      try {
        return await send(isNumbered ? data : { ...message, ...this.address() })
      } catch (error) {
        const { meaning } = readFailure(error, 'reply')
        // another process used our number, so the next one is tried; with a number of the adapter's the reply was sent before
        if (meaning === 'duplicate' && !isNumbered) continue
        if (!closesWayOnly(meaning)) throw error
        closeReplies(this.records.replies, this.source.id)
      }
    }
    // the plugin is gone, and nobody decides whether it may go out proactively
    if (!this.records.watched.has(bot.internal)) throw new StoppedError('aborted')
    try {
      return await send(message)
    } catch (error) {
      if (error instanceof StoppedError) this.stopped?.(error.reason)
      throw error
    }
  }

  /** A request that knows another way is left alone. */
  private concerns(openid: string, data: Request) {
    const { userId, channelId } = this.session
    if (openid !== userId && openid !== channelId) return false
    if (!data || data.is_wakeup) return false
    return this.isAddressed(data) || !(data.msg_id || data.event_id)
  }

  /** Whether the adapter has made a reply of it. */
  private isAddressed(data: Request) {
    return (data.msg_id || data.event_id) === this.source.id
  }

  private address(): Request {
    const { field, id } = this.source
    // replies to events are numbered where they are counted
    return field === 'event_id' ? { event_id: id } : { msg_id: id, msg_seq: nextNumber(this.records.numbers) }
  }
}

function findSource(session: Session): Source | undefined {
  const { messageId, timestamp: at } = session
  if (messageId) return { field: 'msg_id', id: messageId, at }
  const { id, t } = readEnvelope(session) ?? {}
  if (id && typeof id === 'string' && repliable.includes(t)) return { field: 'event_id', id, at }
}
