import { Bot, Session } from 'koishi'
import { EventType } from './model'
import { Envelope, Fact } from './event'
import { unwrap } from './shared/patch'

/** A session of a user's event. The adapter's package, if it is imported, says more of `qq`. */
export type UserSession = Session & {
  /** The platform's envelope. */
  qq: Envelope
}

declare module 'koishi' {
  interface Events {
    /**
     * A user added the bot (the platform's `FRIEND_ADD`). `session.send()` reaches them as a passive reply.
     * `session.qq` is the platform's envelope.
     */
    'friend-added'(session: UserSession): void
    /** A user deleted the bot (`FRIEND_DEL`). The platform takes no reply to this. */
    'friend-deleted'(session: UserSession): void
    /**
     * A user turned proactive messages off (`C2C_MSG_REJECT`, to which the platform takes no reply,
     * or `INTERACTION_CREATE` type 18, to which it does).
     */
    'friend-push-rejected'(session: UserSession): void
    /** A user turned proactive messages on (`C2C_MSG_RECEIVE` or `INTERACTION_CREATE` type 18). Both can be replied to. */
    'friend-push-allowed'(session: UserSession): void
  }
}

/** Gives the adapter's session for a user event what it takes to be answered: a private channel and milliseconds. */
export function mend(session: Session, bot: Bot, { occurredAt, userId }: Fact) {
  // it was not known yet when the adapter made the session
  session.selfId = bot.selfId
  session.timestamp = occurredAt
  session.userId = userId
  session.channelId = userId
  session.isDirect = true
  // by which other versions of the adapter know what a reply is to
  const { id, t, d } = session.event._data as Envelope
  session.event.referrer ??= { id, t, d: { id: (d as { id?: unknown }).id } }
  return session
}

/** A session for an event of which the adapter makes none. */
export function createSession(bot: Bot, fact: Fact, envelope: Envelope) {
  const session = bot.session({ type: fact.type }) as Session
  session.setInternal('qq', envelope)
  return mend(session, bot, fact)
}

/** The session, through the bot that is there now: the adapter may have been reloaded since it was made. */
export function renew(session: Session, fact: Fact): Session {
  const bot = session.app.bots[session.sid]
  if (!bot || unwrap(bot) === unwrap(session.bot)) return session
  return createSession(unwrap(bot), fact, session.event._data as Envelope)
}

/** A session through which a user can be written to, without an event of theirs at hand. */
export function createPrivateSession(bot: Bot, type: EventType | 'send' | 'push', userId: string): Session {
  const session = bot.session({ type }) as Session
  session.userId = session.channelId = userId
  session.isDirect = true
  session.setInternal('qq', {})
  return session
}
