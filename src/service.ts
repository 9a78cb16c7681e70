import { clone, Context, Fragment, h } from 'koishi'
import { QQUser, QQUserEntry } from './model'
import { HistoryOptions } from './roster/ledger'
import { ListQuery, UserQuery } from './roster/query'
import { Broadcasts } from './broadcast'
import { Pusher, PushOptions } from './push'
import { findComponent } from './push/component'
import { Reach, toVias } from './push/ways'
import { PushError } from './push/error'
import { Roster } from './roster'
import { Links } from './links'

declare module 'koishi' {
  interface Context {
    /** The users of the QQ bots. */
    qqUser: QQUserService
  }
}

/**
 * What other plugins can ask, as `ctx.qqUser`. Everything that was received before the call is taken into account,
 * even if it is still being written. While the database is down, `push` throws a PushError (`offline`), and every other
 * method throws the database's own error.
 */
export class QQUserService {
  /**
   * @param broadcasts one message to many users
   * @param links links that invite users, and who came by them
   */
  constructor(
    private ctx: Context,
    private roster: Roster,
    private pusher: Pusher,
    readonly broadcasts: Broadcasts,
    readonly links: Links,
  ) {}

  /** The user, or `undefined` if the bot never heard of them. */
  async get(selfId: string, userId: string): Promise<QQUser | undefined> {
    // a copy, as the original is what is decided by
    return clone(await this.roster.get(selfId, userId))
  }

  /**
   * A page of users, newest first. For the next page pass its last user as `after`.
   * @param query `limit` is 20 unless told, 200 at most
   */
  list(query: ListQuery = {}): Promise<QQUser[]> {
    return this.roster.users.list(query)
  }

  /** How many users there are. Kept, not scanned for, unless the query has a `search`. */
  count(query: UserQuery = {}): Promise<number> {
    return this.roster.users.count(query)
  }

  /** What happened to a user, newest first; 100 entries unless told. */
  history(selfId: string, userId: string, options?: HistoryOptions): Promise<QQUserEntry[]> {
    return this.roster.history(selfId, userId, options)
  }

  /**
   * Whether the user may be written to now without waiting for an answer, and on which way a push would go: proactively,
   * else as a reply to the user's last message, else as a recall. If not, why.
   */
  canPush(selfId: string, userId: string): Promise<Reach> {
    return this.pusher.judge(selfId, userId)
  }

  /**
   * Writes to a user who did not write first, as soon as the platform's limits allow; users take turns. What a user
   * may be sent is decided when the message's turn has come.
   *
   * @param content Koishi elements; none that Koishi or a plugin runs something for, such as `<execute>`
   * @param options `via` limits it to some of the ways
   * @returns the ids of the messages; none while the platform audits them
   * @throws PushError telling why nothing arrived, and TypeError for a `via` that is none
   */
  async push(selfId: string, userId: string, content: Fragment, options?: PushOptions): Promise<string[]> {
    toVias(options?.via)
    const elements = h.normalize(content)
    const component = findComponent(this.ctx, elements)
    if (component !== undefined) throw new PushError('refused', undefined, { detail: `<${component}> is a component, and a message runs none` })
    return this.pusher.push(selfId, userId, elements, options)
  }

  /** Erases all that is known of a user: the row, the ledger, and with them what they chose about proactive messages. */
  async forget(selfId: string, userId: string): Promise<void> {
    await this.roster.forget(selfId, userId)
    await this.pusher.forget(selfId, userId)
    await this.broadcasts.forget(selfId, userId)
  }
}
