import { Bot, Context, Fragment, h, Universal } from 'koishi'
import { QQUser } from '../model'
import { Config } from '../config'
import { Failure, Meaning, toSubject } from '../delivery/codes'
import { Delivery } from '../delivery'
import { StoppedError } from '../delivery/stop'
import { Admission, judge, Reason, Verdict } from '../gate'
import { Roster } from '../roster'
import { createPrivateSession } from '../session'
import { lasting } from '../shared/lasting'
import { Limits, Pacer, Release } from './pacer'
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
  private limits: Limits
  private quota: Quota
  private pacers = new Map<string, Pacer>()
  private permissions: PermissionWatch

  constructor(private ctx: Context, private config: Config, private roster: Roster, private delivery: Delivery) {
    this.permissions = new PermissionWatch(lasting(ctx, 'permissions', createPermissionState))
    const { push } = config
    this.limits = push.tier === 'custom' ? push : tiers[push.tier]
    this.quota = new Quota(ctx, this.limits.userDay, task => roster.write(task), delivery.patience)
    ctx.on('bot-status-updated', (bot) => {
      if (bot.status === Universal.Status.ONLINE) this.permissions.online(bot.selfId)
    })
  }

  /** Whether a user may be written to now. */
  async judge(selfId: string, userId: string): Promise<Verdict> {
    const verdict = judge(await this.roster.get(selfId, userId), this.config.push.assumeAllowed)
    if (!verdict.ok) return verdict
    if (this.permissions.isBlocked(selfId, userId)) return { ok: false, reason: 'no-permission' }
    return this.delivery.find(selfId) ? verdict : { ok: false, reason: 'offline' }
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
    const verdict = await this.decide(selfId, userId, signal)
    if (!verdict.ok) throw toError(verdict.reason, signal)
    const outcome = await this.delivery.deliver({
      selfId,
      userId,
      elements,
      signal,
      priority: 'push',
      routes: [{ via: 'push' }],
      // not 'send': of such sessions Koishi runs no components, which a text of the config may have
      session: bot => createPrivateSession(bot, 'push', userId),
      admit: () => this.admit(selfId, userId, signal),
    })
    if (outcome.state === 'sent') return outcome.ids
    if (outcome.state === 'failed') {
      const { meaning, code, cause } = outcome
      // what the bot's operator has to mend may work afterwards
      throw new PushError(reasons[meaning] ?? 'refused', code, { cause, ...toSubject(meaning) === 'bot' && { retryable: true } })
    }
    if (outcome.reason === 'empty' || outcome.reason === 'no-route') throw new PushError('refused')
    throw outcome.reason === 'stopped' ? new PushError('aborted') : toError(outcome.reason, signal)
  }

  /** Waits for the bot's and the user's turn. What is let in is decided again with what is known by then. */
  async admit(selfId: string, userId: string, signal?: AbortSignal): Promise<Admission> {
    let release: Release | undefined
    let admitted = false
    try {
      release = await this.pacer(selfId).acquire(userId, signal)
      const giveBack = await this.quota.take(selfId, userId, signal)
      if (!giveBack) return { ok: false, reason: 'user-day' }
      admitted = true
      const slot = release
      return {
        ok: true,
        confirm: () => this.decide(selfId, userId, signal),
        release(fate) {
          slot(fate !== 'unsent')
          if (fate !== 'sent') giveBack()
        },
      }
    } catch (error) {
      if (error instanceof PushError || error instanceof StoppedError) return { ok: false, reason: error.reason }
      throw error
    } finally {
      if (!admitted) release?.(false)
    }
  }

  /** Whether a user may be written to, unless whoever asks goes away. */
  private async decide(selfId: string, userId: string, signal?: AbortSignal): Promise<Verdict> {
    try {
      return await this.delivery.patience.race(this.judge(selfId, userId), signal)
    } catch (error) {
      if (error instanceof StoppedError) return { ok: false, reason: error.reason }
      throw error
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

  private pacer(selfId: string) {
    let pacer = this.pacers.get(selfId)
    if (!pacer) this.pacers.set(selfId, pacer = new Pacer(this.ctx, this.limits, QUEUE))
    return pacer
  }
}

function toError(reason: Reason, signal?: AbortSignal) {
  // whoever did not call it off may try again
  return new PushError(reason, undefined, { retryable: reason === 'aborted' ? !signal?.aborted : undefined })
}
