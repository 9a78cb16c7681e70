import { Bot, Session, Universal } from 'koishi'
import { createPrivateSession } from '../session'
import { wrap } from '../shared/patch'

/** The channel that the caller named. */
const CHANNEL = Symbol('qq-user.channel')
/** The user that the caller named. */
const USER = Symbol('qq-user.user')

type Cause = Universal.SendOptions['session']

type Options = Universal.SendOptions & { [CHANNEL]?: string; [USER]?: string }

/** Where a message is to go. */
export interface Address {
  /** A user's or a group's. */
  id: string
  /** The caller said that it is a user's. */
  isPrivate: boolean
  /** The session that the message answers. */
  cause: Cause
}

/**
 * Gives each message options of its own, which say whom the caller named: Satori knows only the channel of the session
 * in the options, and those may be shared by many messages.
 *
 * @returns what takes it back
 */
export function noteAddresses(bot: Bot) {
  const restores = [
    wrap(bot, 'createMessage', create => (channelId, content, referrer, options) => {
      return create(channelId, content, referrer, { ...options, [CHANNEL]: channelId } as Options)
    }),
    wrap(bot, 'sendPrivateMessage', send => (userId, content, guildId, options) => {
      return send(userId, content, guildId, { ...options, [USER]: userId } as Options)
    }),
  ]
  return () => restores.reverse().forEach(restore => restore())
}

/** Where a message is to go, as its caller said, not as a session says that is somebody else's. */
export function readAddress(message: Session, options: Options): Address {
  const { session, [CHANNEL]: id = message.channelId!, [USER]: userId } = options
  return { id, isPrivate: userId === id, cause: isAnswer(session, id) ? session : undefined }
}

/** Sends a message that answers no session to a user. */
export function address(message: Session, options: Options, userId: string) {
  message.channelId = userId
  message.isDirect = true
  // what the session of another channel brought along
  message.event.guild = undefined
  // without these marks, the options are not a copy
  if (!(CHANNEL in options)) return
  // the adapter looks for the recipient of a file in there
  options.session = createPrivateSession(message.bot, 'send', userId)
}

/** Koishi's `ctx.broadcast()` makes sessions in which nobody said anything. */
function isAnswer(session: Cause, channelId: string) {
  return session?.channelId === channelId && !!(session.messageId || (session as { qq?: unknown }).qq)
}
