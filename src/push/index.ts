import { Bot, Context, Fragment, h, Universal } from 'koishi'
import { QQUser } from '../model'
import { Config } from '../config'
import { Failure, Meaning } from '../delivery/codes'
import { Delivery, Outcome } from '../delivery'
import { Admission, judge, Reason, Release, Verdict } from '../gate'
import { Roster } from '../roster'
import { createPrivateSession } from '../session'
import { lasting } from '../shared/lasting'
import { toOriginal } from '../shared/patch'
import { Limits, Pacer } from './pacer'
import { PushError } from './error'
import { createPermissionState, PermissionWatch } from './permission-watch'
import { Quota } from './quota'

/** Documented for 2026-07. Older pages say other things, so they can be set. */
const tiers: Record<'certified' | 'uncertified', Limits> = {
  certified: { botSecond: 10, botMinute: Infinity, userMinute: 20, userDay: 1000 },
  uncertified: { botSecond: 5, botMinute: 30, userMinute: 20, userDay: 1000 },
}

const QUEUE = 10_000

const reasons: Partial<Record<Meaning, Reason>> = {
  'no-permission': 'no-permission',
  'rate': 'bot-rate',
  'unknown-outcome': 'unknown-outcome',
}

export interface PushOptions {
  /** Takes the push back while it waits for its turn. */
  signal?: AbortSignal
}

/** Everything that is sent to users who did not write first. */
export class Pusher {
  /** Not Cordis' proxy of them, which is asked for every property of every bot. */
  private bots: Bot[]
  private limits: Limits
  private quota: Quota
  private pacers = new Map<string, Pacer>()
  private permissions: PermissionWatch

  constructor(private ctx: Context, private config: Config, private roster: Roster, private delivery: Delivery) {
    this.bots = toOriginal(ctx.bots)
    this.permissions = new PermissionWatch(lasting(ctx, 'permissions', createPermissionState))
    const { push } = config
    this.limits = push.tier === 'custom' ? push : tiers[push.tier]
    this.quota = new Quota(ctx, this.limits.userDay, task => roster.write(task))
    ctx.on('bot-status-updated', (bot) => {
      if (bot.status === Universal.Status.ONLINE) this.permissions.online(bot.selfId)
    })
  }

  /** Whether a user may be written to now. */
  async judge(selfId: string, userId: string): Promise<Verdict> {
    const verdict = judge(await this.roster.get(selfId, userId), this.config.push.assumeAllowed)
    if (!verdict.ok) return verdict
    if (this.permissions.isBlocked(selfId, userId)) return { ok: false, reason: 'no-permission' }
    return this.bot(selfId) ? verdict : { ok: false, reason: 'offline' }
  }

  /** Whether somebody else's message to a user may leave; it does unless the answer is a clear no. */
  judgeSending(user: QQUser): Verdict {
    const verdict = judge(user, true)
    if (!verdict.ok || !this.permissions.isBlocked(user.selfId, user.userId)) return verdict
    return { ok: false, reason: 'no-permission' }
  }

  /** The same, about what is known without waiting. */
  forbid(selfId: string, userId: string): Reason | undefined {
    const user = this.roster.peek(selfId, userId)
    const verdict = user && this.judgeSending(user)
    return verdict && !verdict.ok ? verdict.reason : undefined
  }

  /** Until when (ms) the platform does not let a bot push, if so. */
  suspendedUntil(selfId: string): number | undefined {
    return this.permissions.suspendedUntil(selfId)
  }

  async push(selfId: string, userId: string, content: Fragment, { signal }: PushOptions = {}): Promise<string[]> {
    // a copy, as the caller may use theirs for somebody else while this one waits
    const elements = h.transform(h.normalize(content), () => true)
    const verdict = await this.judge(selfId, userId)
    if (!verdict.ok) throw new PushError(verdict.reason)
    const bot = this.bot(selfId)!
    const outcome = await this.delivery.deliver({
      bot,
      userId,
      elements,
      routes: [{ via: 'push' }],
      session: () => createPrivateSession(bot, 'send', userId),
      admit: () => this.admit(selfId, userId, signal),
    })
    if (outcome.state === 'sent') return outcome.ids
    throw await this.toError(outcome, selfId, userId)
  }

  /** Waits for the bot's and the user's turn, then decides with what is known by then. */
  async admit(selfId: string, userId: string, signal?: AbortSignal): Promise<Admission> {
    let release: Release
    try {
      release = await this.pacer(selfId).acquire(userId, signal)
    } catch (error) {
      if (!(error instanceof PushError)) throw error
      return { ok: false, reason: error.reason }
    }
    let admitted = false
    try {
      if (!await this.quota.take(selfId, userId)) return { ok: false, reason: 'user-day' }
      // last, so that nothing is waited for between this and the request
      const verdict = await this.judge(selfId, userId)
      admitted = verdict.ok
      return verdict.ok ? { ok: true, release } : verdict
    } finally {
      if (!admitted) release(false)
    }
  }

  /** Takes notice of a refusal. The operator is told once for each suspension. */
  refused({ selfId }: Bot, userId: string, { meaning, code }: Failure) {
    if (meaning === 'bot-stopped') this.permissions.suspend(selfId)
    if (meaning !== 'no-permission' || !this.permissions.refused(selfId, userId)) return
    this.ctx.logger.warn('the platform refuses proactive messages of bot %s (code %d): none for an hour, or until it is back online', selfId, code)
  }

  /** Takes notice of a proactive message that went out, whoever sent it. */
  succeeded({ selfId }: Bot, userId: string) {
    this.permissions.succeeded(selfId, userId)
  }

  forget(selfId: string, userId: string) {
    return this.quota.forget(selfId, userId)
  }

  prune() {
    return this.quota.prune()
  }

  private bot(selfId: string): Bot | undefined {
    const bot = this.bots.find(bot => bot.platform === 'qq' && bot.selfId === selfId)
    return bot?.status === Universal.Status.ONLINE ? bot : undefined
  }

  private pacer(selfId: string) {
    let pacer = this.pacers.get(selfId)
    if (!pacer) this.pacers.set(selfId, pacer = new Pacer(this.ctx, this.limits, QUEUE))
    return pacer
  }

  private async toError(outcome: Exclude<Outcome, { state: 'sent' }>, selfId: string, userId: string) {
    if (outcome.state === 'failed') return new PushError(reasons[outcome.meaning] ?? 'refused', outcome.code)
    if (outcome.reason === 'empty' || outcome.reason === 'no-route') return new PushError('refused')
    if (outcome.reason !== 'stopped') return new PushError(outcome.reason)
    const verdict = await this.judge(selfId, userId)
    return new PushError(verdict.ok ? 'aborted' : verdict.reason)
  }
}
