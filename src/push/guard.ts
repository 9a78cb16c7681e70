import { Context, Session, Time, Universal } from 'koishi'
import { QQUser } from '../model'
import { Address, address, readAddress } from '../delivery/addressing'
import { runSafely } from '../shared/run-safely'
import { isOwn } from '../delivery/own-messages'
import { ADAPTER_WINDOW } from '../delivery/route'
import { Reason, Verdict } from '../gate'
import { RecentMap } from '../shared/recent-map'
import { Roster } from '../roster'
import { toKey } from '../roster/committer'
import { blank } from '../roster/state'

declare module 'koishi' {
  interface Events {
    /**
     * A proactive private message, of whatever plugin, was stopped before it left. `session` is the message's own. Of a
     * user who is not on the roster all but the ids is unknown.
     */
    'qq-user/stopped'(user: QQUser, reason: string, session: Session): void
  }
}

/** For how long a message waits for the database to say whether it is wanted, in ms. */
const PATIENCE = 3 * Time.second
const QUIET = { size: 10_000, age: Time.hour }
const GROUPS = { size: 20_000, age: Time.hour }

/**
 * Stands before every message that leaves: private messages reach users, and those that nobody asked for do not leave
 * when the user said no.
 */
export class Guard {
  private quiet = new RecentMap<true>(QUIET.size, QUIET.age)
  private outage = new RecentMap<true>(1, Time.minute)
  private groups = new RecentMap<true>(GROUPS.size, GROUPS.age)
  /** What gives up the messages that wait for the database. */
  private waiting = new Set<() => void>()

  /** @param judge decides about proactive messages; nothing is stopped without it */
  constructor(private ctx: Context, private roster: Roster, private judge?: (user: QQUser, recall?: boolean) => Verdict) {
    ctx.on('before-send', (session, options) => this.check(session, options), true)
    ctx.on('dispose', () => this.waiting.forEach(giveUp => giveUp()))
  }

  /** Takes note of a group, so that its messages are not taken for a user's. */
  noteGroup(selfId: string, groupId: string) {
    this.groups.set(toKey({ selfId, userId: groupId }), true)
  }

  /**
   * Why a request that may not have passed `before-send` must not leave, if so.
   * @throws when the database does not say
   */
  async askObjection(selfId: string, userId: string, recall: boolean): Promise<Reason | undefined> {
    if (!this.judge) return
    const user = await this.find(selfId, userId, true)
    const verdict = this.judge(user!, recall)
    if (verdict.ok) return
    this.log(user!, verdict.reason)
    return verdict.reason
  }

  private async check(session: Session, options: Universal.SendOptions): Promise<true | undefined> {
    if (session.platform !== 'qq') return
    const where = readAddress(session, options)
    const { id, isPrivate, cause, reply } = where
    // an answer in a group is not ours to judge, and our own messages are judged before each request
    if (cause && (!cause.isDirect || isOwn(cause))) return
    const judge = isPassive(session, where) ? undefined : this.judge
    // by the time of its request it may be too late for a reply: if it is stopped then, that is told as well
    if (this.judge) reply?.whenStopped(reason => runSafely(this.ctx, async () => this.tell((await this.find(session.selfId, id, true))!, reason, session)))
    if (cause && !judge) return
    const user = isPrivate && !judge ? undefined : await this.find(session.selfId, id, isPrivate || !!cause)
    if (!cause && (user || isPrivate)) address(session, options, id)
    const verdict = user && judge?.(user)
    if (!verdict || verdict.ok) return
    this.log(user, verdict.reason)
    this.tell(user, verdict.reason, session)
    return true
  }

  private tell(user: QQUser, reason: Reason, session: Session) {
    runSafely(this.ctx, () => this.ctx.emit('qq-user/stopped', user, reason, session))
  }

  /**
   * @param isPrivate whether the id is certainly a user's: one who is not on the roster is then judged as a blank user
   * @throws when the database does not say: a private message is held to be unwanted then, and what may be a group's is
   * let through
   */
  private async find(selfId: string, id: string, isPrivate: boolean) {
    const key = toKey({ selfId, userId: id })
    if (!isPrivate && (this.groups.get(key) || this.roster.strangers.get(key))) return
    try {
      const user = await this.patiently(this.roster.get(selfId, id))
      return user ?? (isPrivate ? blank({ selfId, userId: id, occurredAt: Date.now() }) : undefined)
    } catch (error) {
      if (!isPrivate) return this.ctx.logger.debug(error)
      this.complain(error)
      throw new Error(`the message was stopped, as the database does not say whether it is wanted: ${error}`)
    }
  }

  private patiently<T>(answer: Promise<T>): Promise<T> {
    return new Promise((resolve, reject) => {
      const stop = () => {
        clearTimeout(timer)
        this.waiting.delete(giveUp)
      }
      const giveUp = () => {
        stop()
        reject(new Error('no answer in time'))
      }
      const timer = setTimeout(giveUp, PATIENCE)
      this.waiting.add(giveUp)
      answer.then(resolve, reject).finally(stop)
    })
  }

  private complain(error: unknown) {
    if (this.outage.get('')) return
    this.outage.set('', true)
    this.ctx.logger.warn('proactive private messages are stopped, as the database does not say who wants them: %s', error)
  }

  private log(user: QQUser, reason: Reason) {
    const key = toKey(user)
    if (this.quiet.get(key)) return
    this.quiet.set(key, true)
    this.ctx.logger.warn('a message to %s was stopped (%s); this is not logged again for an hour', user.userId, reason)
  }
}

/** Whether it will be sent as a reply. */
function isPassive(session: Session, { cause, reply }: Address) {
  if (session.elements?.some(({ type, attrs }) => type === 'passive' && (attrs.messageId || attrs.eventId))) return true
  if (reply) return reply.isPassive()
  if (!cause || Date.now() - cause.timestamp >= ADAPTER_WINDOW) return false
  return !!cause.messageId || !!(cause as { qq?: { id?: unknown } }).qq?.id
}
