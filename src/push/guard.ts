import { Context, Session, Time, Universal } from 'koishi'
import { QQUser } from '../model'
import { attempt } from '../shared/attempt'
import { isOwn } from '../delivery/own'
import { Verdict } from '../gate'
import { Recent } from '../shared/recent'
import { Roster } from '../roster'
import { createPrivateSession } from '../session'

declare module 'koishi' {
  interface Events {
    /** A proactive private message, of whatever plugin, was stopped before it left. `session` is the message's own. */
    'qq-user/stopped'(user: QQUser, reason: string, session: Session): void
  }
}

/** For how long the adapter answers on a session by itself, in ms. */
const ADAPTER_WINDOW = 5 * Time.minute - 2 * Time.second
const QUIET = { size: 10_000, age: Time.hour }
const STRANGERS = { size: 20_000, age: Time.hour }

/**
 * Stands before every message that leaves: private messages to users on the roster reach them, and those that nobody
 * asked for do not leave when the user said no.
 */
export class Guard {
  private quiet = new Recent<true>(QUIET.size, QUIET.age)
  /** Ids that are no user's: a group's, or somebody's who was never heard of. */
  private strangers = new Recent<true>(STRANGERS.size, STRANGERS.age)

  /** @param judge decides about proactive messages; nothing is stopped without it */
  constructor(private ctx: Context, private roster: Roster, private judge?: (user: QQUser) => Verdict) {
    ctx.on('before-send', (session, options) => this.check(session, options), true)
    ctx.on('qq-user/updated', ({ selfId, userId }) => this.strangers.delete(`${selfId} ${userId}`))
  }

  /** Takes note of a group, so that its messages are not taken for a user's. */
  meet(selfId: string, groupId: string) {
    this.strangers.set(`${selfId} ${groupId}`, true)
  }

  private async check(session: Session, options: Universal.SendOptions): Promise<true | undefined> {
    if (session.platform !== 'qq') return
    const cause = options.session
    // an answer in a group, or what is decided before each of its requests
    if (cause && (!cause.isDirect || isOwn(cause))) return
    const passive = isPassive(session, cause)
    if (cause && passive) return
    const { selfId, channelId } = session
    const user = await this.find(selfId, channelId!).catch((error) => {
      // with the database down a private message is held to be unwanted, and what may be a group's is let through
      if (cause) throw error
    })
    if (!user) return
    session.isDirect = true
    // the adapter looks for the recipient of a file in there
    options.session ??= createPrivateSession(session.bot, 'friend-push-allowed', user.userId)
    const verdict = passive ? undefined : this.judge?.(user)
    if (!verdict || verdict.ok) return
    this.report(user, verdict.reason, session)
    return true
  }

  private async find(selfId: string, id: string) {
    const key = `${selfId} ${id}`
    if (this.strangers.get(key)) return
    const user = await this.roster.get(selfId, id)
    if (!user) this.strangers.set(key, true)
    return user
  }

  private report(user: QQUser, reason: string, session: Session) {
    const key = `${user.selfId} ${user.userId}`
    if (!this.quiet.get(key)) {
      this.quiet.set(key, true)
      this.ctx.logger.warn('a message to %s was stopped (%s); this is not logged again for an hour', user.userId, reason)
    }
    attempt(this.ctx, () => this.ctx.emit('qq-user/stopped', user, reason, session))
  }
}

/** Whether the adapter will send it as a reply. */
function isPassive(session: Session, cause?: Universal.SendOptions['session']) {
  if (session.elements?.some(({ type, attrs }) => type === 'passive' && (attrs.messageId || attrs.eventId))) return true
  if (!cause || Date.now() - cause.timestamp >= ADAPTER_WINDOW) return false
  return !!cause.messageId || !!(cause as { qq?: { id?: unknown } }).qq?.id
}
