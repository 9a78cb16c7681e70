import { Bot, Context, h, Logger, Session, Time, Universal } from 'koishi'
import { NoticeState, QQUser, QQUserEntry } from '../model'
import { UserEvent } from '../event'
import { Config } from '../config'
import { Roster } from '../roster'
import { Delivery, Outcome } from '../delivery'
import { Admission } from '../gate'
import { toSubject } from '../delivery/codes'
import { toPlain } from '../delivery/plain'
import { findRoutes, REPLY_WINDOW } from '../delivery/route'
import { LastMessages } from '../delivery/last-messages'
import { StoppedError } from '../delivery/objections'
import { createPrivateSession } from '../session'
import { outlast } from '../shared/outlast'
import { runSafely } from '../shared/run-safely'
import { lasting } from '../shared/lasting'
import { Tracker } from '../shared/tracker'
import { NoticeKey, Texts, toNoticeKey } from './texts'

/** What is owed for an event at the time that it is put on record. */
export function plan(config: Config, event: UserEvent, applied: boolean, duplicate: boolean): [NoticeState, string] {
  const key = toNoticeKey(event)
  if (!key || duplicate || !config[key].enabled) return ['none', '']
  return applied ? ['pending', ''] : ['skipped', 'stale']
}

/** The instance of the plugin that is loaded now. */
interface Latest {
  /** Takes up what is owed. */
  resume?(selfId: string): void
}

const RESUME = 100
const RETRY = 5 * Time.second
/** For how long the end of what is under way is waited for, in ms. */
const PATIENCE = 5 * Time.second
/** When (ms) the next attempt is made after a refusal that the bot's operator, or the platform, has to do something about. */
const MENDING = Time.minute

/** Tells users what the operator has to say when something changes. */
export class Notices {
  readonly texts: Texts
  /** Those that are on their way, or wait for it. */
  private inHand = new Set<string>()
  private underWay = new Tracker()
  /** Bots whose owed notices are being taken up, and whether there are new ones. */
  private resuming = new Map<string, { again: boolean }>()
  /** To which an instance that was unloaded gives back what it could not send. */
  private latest: Latest
  /** Those of which the log says that they go out as plain text. */
  private plain = new Set<NoticeKey>()
  private logger: Logger

  constructor(
    private ctx: Context,
    config: Config,
    private roster: Roster,
    private delivery: Delivery,
    private last: LastMessages,
    private admit: (selfId: string, userId: string) => Promise<Admission>,
  ) {
    this.texts = new Texts(ctx, config)
    // the last outcomes come when the context is gone
    this.logger = ctx.logger('qq-user')
    const latest = this.latest = lasting<Latest>(ctx, 'notices.latest', () => ({}))
    const resume = (selfId: string) => { runSafely(ctx, () => this.resume(selfId).catch(ignoreEnd)) }
    latest.resume = resume
    ctx.on('bot-status-updated', (bot) => {
      if (isReady(bot)) resume(bot.selfId)
    })
    const resumeAll = () => ctx.bots.filter(isReady).forEach(({ selfId }) => resume(selfId))
    ctx.on('ready', resumeAll)
    // what was given back while there was no database is owed only from then on
    runSafely(ctx, () => roster.inherited.then(resumeAll))
    ctx.on('dispose', () => {
      if (latest.resume === resume) latest.resume = undefined
    })
  }

  /**
   * Sends what is owed for an entry, once and for all.
   *
   * @param returning asked of the ledger unless told
   * @returns whether that came to an end; else it is still owed
   */
  async send(entry: QQUserEntry, user: QQUser, session: Session, returning?: boolean): Promise<boolean> {
    const key = toNoticeKey(entry)
    if (!key || entry.notice !== 'pending' || this.inHand.has(entry.id)) return false
    return this.hold(entry.id, late => this.carryOut(key, entry, user, session, returning, late))
  }

  /** Keeps a notice in hand until its end, for which nobody waits once it is late. */
  private hold(id: string, carryOut: (late: AbortController) => Promise<boolean>): Promise<boolean> {
    this.inHand.add(id)
    return new Promise((resolve, reject) => {
      const late = new AbortController()
      late.signal.addEventListener('abort', () => resolve(false))
      this.underWay.track(carryOut(late)).finally(() => this.inHand.delete(id)).then(resolve, reject)
    })
  }

  /** Takes a notice on, which is late if the database does not answer this while it takes others. */
  private async claim(id: string, late: AbortController): Promise<boolean> {
    const claimed = this.roster.claimNotice(id)
    if (await outlast(claimed, async () => !this.roster.writing.failing)) late.abort()
    return claimed
  }

  /** Whether the notice for an entry is being sent, or waits for its turn. */
  isUnderWay(id: string) {
    return this.inHand.has(id)
  }

  /** Resolves when the outcome of all that is under way is on record, or after five seconds. */
  idle(): Promise<void> {
    return this.underWay.idle(PATIENCE)
  }

  private async carryOut(key: NoticeKey, entry: QQUserEntry, user: QQUser, session: Session, returning: boolean | undefined, late: AbortController) {
    let claimed: Promise<boolean> | undefined
    const claim = () => claimed ??= this.claim(entry.id, late)
    const giveBack = async (delay?: number) => {
      if (await claimed) await this.giveBack(entry, delay)
      // the bot may have come back, or the database, while this one was still in hand
      else this.resumeLater(entry.selfId, RETRY)
      return false
    }
    let outcome: Outcome
    let delay: number | undefined
    try {
      const elements = await this.render(key, entry, user, session, returning)
      outcome = await this.deliver(key, entry, elements, claim, late.signal)
      delay = toDelay(outcome)
      if (delay === undefined) await claim()
    } catch (error) {
      // the database went away before it was taken on, or in the midst of it
      if (await claimed?.catch(() => false)) await this.giveBack(entry, MENDING)
      else this.resumeLater(entry.selfId, MENDING)
      throw error
    }
    if (delay !== undefined) return giveBack(delay)
    if (!await claim()) return giveBack()
    await this.roster.settleNotice(entry.id, outcome.state, outcome.reason)
    this.report(key, entry, outcome)
    return true
  }

  private async render(key: NoticeKey, entry: QQUserEntry, user: QQUser, session: Session, returning?: boolean) {
    returning ??= await this.roster.isReturning(user, entry)
    return this.texts.render(key, { ...entry, returning }, user, session)
  }

  private async deliver(key: NoticeKey, entry: QQUserEntry, elements: h[] | undefined, claim: () => Promise<boolean>, stop: AbortSignal): Promise<Outcome> {
    if (!elements) return { state: 'failed', reason: 'template', meaning: 'content' }
    const { selfId, userId, type } = entry
    const send = (elements: h[]) => this.delivery.deliver({
      selfId,
      userId,
      elements,
      priority: 'notice',
      retryUntil: +entry.occurredAt + REPLY_WINDOW,
      session: bot => createPrivateSession(bot, type, userId),
      routes: findRoutes(entry, this.last.get(selfId, userId), Date.now()),
      admit: async ({ via }) => via === 'push' ? this.admit(selfId, userId) : undefined,
      claim,
      stop,
    })
    const outcome = await send(elements)
    const plain = outcome.state === 'failed' && outcome.meaning === 'form' ? toPlain(elements) : undefined
    if (!plain) return outcome
    if (!this.plain.has(key)) {
      this.plain.add(key)
      this.logger.warn('%s: the platform refuses its buttons or markdown (%s); it is sent without them', key, outcome.reason)
    }
    return send(plain)
  }

  private report(key: NoticeKey, { userId }: QQUserEntry, outcome: Outcome) {
    const { state, reason } = outcome
    const level = state === 'failed' ? 'warn' : 'debug'
    this.logger[level]('%s for %s: %s %s', key, userId, state, state === 'failed' && outcome.cause || reason)
  }

  /** Owes a notice again that was taken on and certainly did not arrive. */
  private async giveBack({ id, selfId }: QQUserEntry, delay = 0) {
    await this.roster.settleNotice(id, 'pending')
    this.inHand.delete(id)
    this.resumeLater(selfId, delay)
  }

  private resumeLater(selfId: string, delay: number) {
    const { latest } = this
    if (delay && !this.delivery.waits.ended) this.ctx.setTimeout(() => latest.resume?.(selfId), delay)
    else latest.resume?.(selfId)
  }

  /** Takes up the notices that were owed when the bot, this process, or an instance before this one went away. */
  private async resume(selfId: string) {
    const running = this.resuming.get(selfId)
    if (running) {
      running.again = true
      return
    }
    const run = { again: true }
    this.resuming.set(selfId, run)
    try {
      for (let failed = false; run.again;) {
        run.again = false
        try {
          while (await this.resumeSome(selfId));
          failed = false
        } catch (error) {
          // they are owed all the same when the database is back
          if (!failed && !this.delivery.waits.ended) this.logger.warn('what is owed to users is not taken up yet: %s', error)
          failed = run.again = true
          await this.delivery.waits.sleep(RETRY)
        }
      }
    } finally {
      this.resuming.delete(selfId)
    }
  }

  /** @returns whether there may be more */
  private async resumeSome(selfId: string): Promise<boolean> {
    const bot = this.delivery.find(selfId)
    if (!bot || this.delivery.waits.ended) return false
    const limit = RESUME + this.inHand.size
    const pending = await this.roster.pendingNotices(selfId, limit)
    const free = pending.filter(({ id }) => !this.inHand.has(id))
    const entries = free.slice(0, RESUME)
    const results = await Promise.allSettled(entries.map(entry => this.catchUp(bot, entry)))
    // those that were taken in hand, or dealt with, since the limit was set may have kept others from the list
    const moved = entries.length < RESUME || results.some(result => result.status === 'fulfilled' && result.value)
    const more = pending.length === limit || free.length > entries.length
    if (more && moved) return true
    const failed = results.find((result): result is PromiseRejectedResult => result.status === 'rejected')
    if (failed) throw failed.reason
    return false
  }

  private async catchUp(bot: Bot, entry: QQUserEntry): Promise<boolean> {
    const { id, type, selfId, userId, occurredAt } = entry
    const user = await this.roster.get(selfId, userId)
    if (user && Date.now() - +occurredAt < REPLY_WINDOW) {
      return this.send(entry, user, createPrivateSession(bot, type, userId))
    }
    return this.hold(id, async (late) => {
      if (!await this.claim(id, late)) return false
      await this.roster.settleNotice(id, 'skipped', 'expired')
      return true
    })
  }
}

/** When (ms) a notice has a better chance, be it with the next instance; nothing if that was its end. */
function toDelay(outcome: Outcome): number | undefined {
  if (outcome.reason === 'aborted' || outcome.reason === 'offline') return 0
  if (outcome.state === 'failed' && toSubject(outcome.meaning) === 'bot') return MENDING
}

function ignoreEnd(error: unknown) {
  if (!(error instanceof StoppedError)) throw error
}

function isReady(bot: Bot) {
  return bot.platform === 'qq' && !bot.hidden && bot.status === Universal.Status.ONLINE
}
