import { Bot, omit, Session, Universal } from 'koishi'
import { createPrivateSession } from '../session'
import { patchMethod } from '../shared/patch'
import { Answer, complete, isRebuilt, readEnvelope, Records } from './late-replies'
import { isOwn } from './own-messages'

/** The channel that the caller named. */
const CHANNEL = Symbol('qq-user.channel')
/** The user that the caller named. */
const USER = Symbol('qq-user.user')
/** What makes the message a reply. */
const REPLY = Symbol('qq-user.reply')

type Options = Omit<Universal.SendOptions, 'session'> & { session?: Session; [CHANNEL]?: string; [USER]?: string; [REPLY]?: Answer }

/** Where a message is to go. */
export interface Address {
  /** A user's or a group's. */
  id: string
  /** The caller said that it is a user's. */
  isPrivate: boolean
  /** The session that the message answers. */
  cause?: Session
  /** What makes it a reply, unless this plugin sends it, which chooses its ways itself. */
  reply?: Answer
}

/**
 * Gives each message options of its own, which say whom the caller named: Satori knows only the channel of the session
 * in the options, and those may be shared by many messages. A session that the adapter cannot answer becomes one that
 * it can, and an answer that it would send out of the blue a reply.
 *
 * @returns what takes it back
 */
export function noteAddresses(bot: Bot, records: Records) {
  const restores = [
    patchMethod(bot, 'createMessage', (create, createOn) => (channelId, content, referrer, options) => {
      const { session, [USER]: userId } = (options ?? {}) as Options
      if (session?.channelId !== channelId) {
        const other = userId === channelId ? createPrivateSession(bot, 'send', userId) : session && redirect(session, channelId)
        return create(channelId, content, referrer, { ...options, session: other, [CHANNEL]: channelId } as Universal.SendOptions)
      }
      const rebuilt = isRebuilt(session)
      const cause = rebuilt ? complete(session) : session
      const reply = session.isDirect && !isOwn(cause) && isAnswer(cause, channelId) ? Answer.find(cause, rebuilt, records) : undefined
      const own: Options = { ...options, session: cause, [CHANNEL]: channelId, [REPLY]: reply }
      return createOn(reply?.supervise(bot) ?? bot, channelId, content, referrer, own)
    }),
    patchMethod(bot, 'sendPrivateMessage', send => (userId, content, guildId, options) => {
      return send(userId, content, guildId, { ...options, [USER]: userId } as Universal.SendOptions)
    }),
  ]
  return () => restores.reverse().forEach(restore => restore())
}

/** Where a message is to go: where its caller sent it, also where the session in its options is of another channel. */
export function readAddress(message: Session, sent: Universal.SendOptions): Address {
  const { session, [CHANNEL]: id = message.channelId!, [USER]: userId, [REPLY]: reply } = sent as Options
  if (isAnswer(session, id)) return { id, isPrivate: userId === id, cause: session, reply }
  const isPrivate = userId === id || (session?.channelId === id && session.isDirect)
  return { id, isPrivate }
}

/** Sends a message that answers no session to a user. */
export function address(message: Session, options: Universal.SendOptions, userId: string) {
  message.channelId = userId
  message.isDirect = true
  // what the session of another channel brought along
  message.event.guild = undefined
  // options without our mark are the caller's own, not our copy, and stay as they are
  if (!(CHANNEL in options)) return
  // the adapter looks for the recipient of a file in there
  options.session = createPrivateSession(message.bot, 'send', userId)
}

/** A session of another channel, of which Satori would take the address, as one of this channel in which nobody said anything. */
function redirect(session: Session, channelId: string): Session {
  return Object.create(session, {
    event: { value: { ...omit(session.event, ['guild', 'message', 'referrer']), channel: { id: channelId, type: Universal.Channel.Type.TEXT } } },
    qq: { value: {} },
    seq: { value: 0, writable: true },
  })
}

/** Koishi's `ctx.broadcast()` makes sessions in which nobody said anything. */
function isAnswer(session: Session | undefined, channelId: string) {
  return session?.channelId === channelId && (!!session.messageId || isOwn(session) || !!readEnvelope(session)?.t)
}
