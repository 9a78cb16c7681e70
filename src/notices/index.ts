import { Bot, Context, h, Session, Universal } from 'koishi'
import { NoticeState, QQUser, QQUserEntry } from '../model'
import { UserEvent } from '../event'
import { Config } from '../config'
import { Roster } from '../roster'
import { Delivery, Outcome } from '../delivery'
import { Admission } from '../gate'
import { findRoutes, LastMessage, REPLY_WINDOW } from '../delivery/route'
import { createPrivateSession } from '../session'
import { Recent } from '../shared/recent'
import { attempt } from '../shared/attempt'
import { NoticeKey, Texts, toNoticeKey } from './texts'

/** What is owed for an event at the time that it is put on record. */
export function plan(config: Config, event: UserEvent, applied: boolean, twin: boolean): [NoticeState, string] {
  const key = toNoticeKey(event)
  if (!key || twin || !config[key].enabled) return ['none', '']
  return applied ? ['pending', ''] : ['skipped', 'stale']
}

const MESSAGES = 10_000
const RESUME = 100

/** Tells users what the operator has to say when something changes. */
export class Notices {
  readonly texts: Texts
  private last = new Recent<LastMessage>(MESSAGES, REPLY_WINDOW)

  constructor(
    private ctx: Context,
    config: Config,
    private roster: Roster,
    private delivery: Delivery,
    private admit: (selfId: string, userId: string) => Promise<Admission>,
  ) {
    this.texts = new Texts(ctx, config)
    const resume = (bot: Bot) => attempt(ctx, () => this.resume(bot))
    ctx.on('bot-status-updated', resume)
    ctx.on('ready', () => ctx.bots.forEach(resume))
  }

  /** Remembers the message that a user can be answered on. */
  hear({ id, selfId, userId, occurredAt }: UserEvent) {
    this.last.set(`${selfId} ${userId}`, { id, at: occurredAt })
  }

  /** Sends what is owed for an entry, once and for all. @param returning asked of the ledger unless told */
  async send(entry: QQUserEntry, user: QQUser, session: Session, returning?: boolean) {
    const key = toNoticeKey(entry)
    if (!key || entry.notice !== 'pending') return
    const [claimed, elements] = await Promise.all([
      this.roster.claimNotice(entry.id),
      this.render(key, entry, user, session, returning),
    ])
    if (!claimed) return
    const outcome = await this.deliver(entry, elements, session)
    await this.roster.settleNotice(entry.id, outcome.state, outcome.reason)
    this.report(key, entry, outcome)
  }

  private async render(key: NoticeKey, entry: QQUserEntry, user: QQUser, session: Session, returning?: boolean) {
    returning ??= await this.roster.isReturning(user, entry)
    return this.texts.render(key, { ...entry, returning }, user, session)
  }

  private async deliver(entry: QQUserEntry, elements: h[] | undefined, session: Session): Promise<Outcome> {
    if (!elements) return { state: 'failed', reason: 'template', meaning: 'content' }
    const { selfId, userId, type } = entry
    return this.delivery.deliver({
      bot: session.bot,
      userId,
      elements,
      session: () => createPrivateSession(session.bot, type, userId),
      routes: findRoutes(entry, this.last.get(`${selfId} ${userId}`), Date.now()),
      admit: () => this.admit(selfId, userId),
    })
  }

  private report(key: NoticeKey, { userId }: QQUserEntry, { state, reason }: Outcome) {
    const level = state === 'failed' ? 'warn' : 'debug'
    this.ctx.logger[level]('%s for %s: %s %s', key, userId, state, reason)
  }

  /** Takes up the notices that were owed when the bot, or this process, went away. */
  private async resume(bot: Bot) {
    if (bot.platform !== 'qq' || bot.hidden || bot.status !== Universal.Status.ONLINE) return
    const entries = await this.roster.pendingNotices(bot.selfId, RESUME)
    for (const entry of entries) await this.catchUp(bot, entry)
    if (entries.length === RESUME) await this.resume(bot)
  }

  private async catchUp(bot: Bot, entry: QQUserEntry) {
    const { id, type, selfId, userId, occurredAt } = entry
    const user = await this.roster.get(selfId, userId)
    if (user && Date.now() - +occurredAt < REPLY_WINDOW) {
      return this.send(entry, user, createPrivateSession(bot, type, userId))
    }
    if (await this.roster.claimNotice(id)) await this.roster.settleNotice(id, 'skipped', 'expired')
  }
}
