import { Bot, Context, Fragment, h, Universal } from 'koishi'
import { QQUser } from '../model'
import { Config } from '../config'
import { Failure, Meaning, toSubject } from '../delivery/codes'
import { Delivery, Message, Outcome } from '../delivery'
import { LastMessages } from '../delivery/last'
import { LastMessage, Route } from '../delivery/route'
import { Admission, judge, Reason, Verdict } from '../gate'
import { Roster } from '../roster'
import { createPrivateSession } from '../session'
import { lasting } from '../shared/lasting'
import { Admissions } from './admissions'
import { Limits, toStep } from './pacer'
import { PushError } from './error'
import { createPermissionState, PermissionWatch } from './permission-watch'
import { Quota } from './quota'
import { Reaches, toReach } from './reach'
import { RecallReason } from './recall'
import { Recalls } from './recalls'
import { Reach, Span, toVias, Via } from './ways'

/** Documented for 2026-07. Older pages say other things, so they can be set. */
const tiers: Record<'certified' | 'uncertified', Limits> = {
  certified: { botSecond: 10, botMinute: Infinity, userMinute: 20, userDay: 1000 },
  uncertified: { botSecond: 5, botMinute: 30, userMinute: 20, userDay: 1000 },
}

const reasons: Partial<Record<Meaning, Reason>> = {
  'no-permission': 'no-permission',
  'rate': 'bot-rate',
  'recall-used': 'recall-used',
  'recall-closed': 'recall-closed',
  'unknown-outcome': 'unknown-outcome',
}

export interface PushOptions {
  /** Takes the push back while it waits for its turn. */
  signal?: AbortSignal
  /** The ways that the push may take, all of them unless told. They are tried in their usual order. */
  via?: readonly Via[]
}

/** What is asked of a message to somebody who waits for no answer. */
interface Parcel extends Pick<Message, 'selfId' | 'userId' | 'elements' | 'priority' | 'signal' | 'stop' | 'claim'> {
  allowed: readonly Via[]
}

/** One of the messages of a broadcast. */
export type Copy = Omit<Parcel, 'priority' | 'signal'>

/** Everything that is sent to users who did not write first. */
export class Pusher {
  private quota: Quota
  private permissions: PermissionWatch
  private recalls: Recalls
  private reaches: Reaches
  private admissions: Admissions
  /** How far apart (ms) messages lie that use up what a bot may send. */
  readonly step: number
  /** What to make of a user whose switch was never seen. */
  readonly assumeAllowed: boolean

  constructor(private ctx: Context, private config: Config, private roster: Roster, private delivery: Delivery, private last: LastMessages) {
    this.permissions = new PermissionWatch(lasting(ctx, 'permissions', createPermissionState))
    const { push } = config
    const limits: Limits = push.tier === 'custom' ? push : tiers[push.tier]
    this.step = toStep(limits)
    this.assumeAllowed = push.assumeAllowed
    this.quota = new Quota(ctx, limits.userDay, task => roster.write(task), delivery.patience)
    this.recalls = new Recalls(ctx, roster, delivery.patience)
    this.reaches = new Reaches(push, roster, delivery, last, this.permissions, this.recalls)
    this.admissions = new Admissions(ctx, limits, roster, this.quota, last, this.recalls, this.reaches, delivery.patience)
    ctx.on('bot-status-updated', (bot) => {
      if (bot.status === Universal.Status.ONLINE) this.permissions.online(bot.selfId)
    })
  }

  /** Whether a user may be written to now, and on which way. */
  async judge(selfId: string, userId: string, allowed?: readonly Via[]): Promise<Reach> {
    return toReach(await this.reaches.find(selfId, userId, allowed))
  }

  /** The same, and for how long that holds. */
  describe(selfId: string, userId: string): Promise<{ verdict: Reach; span: Span }> {
    return this.reaches.describe(selfId, userId)
  }

  /**
   * Whether somebody else's message to a user may leave; it does unless the answer is a clear no.
   *
   * @param recall whether it is a recall, for which the bot needs no permission
   */
  judgeSending(user: QQUser, recall = false): Verdict {
    const verdict = judge(user, true)
    if (!verdict.ok || recall || !this.permissions.isBlocked(user.selfId, user.userId)) return verdict
    return { ok: false, reason: 'no-permission' }
  }

  /** The same, about what is known without waiting. */
  forbid(selfId: string, userId: string, recall = false): Reason | undefined {
    const user = this.roster.peek(selfId, userId)
    const verdict = user && this.judgeSending(user, recall)
    return verdict && !verdict.ok ? verdict.reason : undefined
  }

  /** Until when (ms) the platform does not let a bot push, if so. */
  suspendedUntil(selfId: string): number | undefined {
    return this.permissions.suspendedUntil(selfId)
  }

  async push(selfId: string, userId: string, content: Fragment, { signal, via }: PushOptions = {}): Promise<string[]> {
    const allowed = toVias(via)
    // a copy, as the caller may use theirs for somebody else while this one waits
    const elements = h.transform(h.normalize(content), () => true)
    const { outcome } = await this.send({ selfId, userId, elements, signal, allowed, priority: 'push' })
    if (outcome.state === 'sent') return outcome.ids
    if (outcome.state === 'failed') {
      const { meaning, code, cause } = outcome
      // what the bot's operator has to mend may work afterwards
      throw new PushError(reasons[meaning] ?? 'refused', code, { cause, ...toSubject(meaning) === 'bot' && { retryable: true } })
    }
    if (outcome.reason === 'empty' || outcome.reason === 'no-route') throw new PushError('refused')
    throw outcome.reason === 'stopped' ? new PushError('aborted') : toError(outcome.reason, signal)
  }

  /**
   * Sends a copy of what many get, after everything else that is to be sent.
   * @returns what came of it, and the way that it took last
   */
  sendCopy(copy: Copy) {
    return this.send({ ...copy, priority: 'broadcast' })
  }

  private async send({ allowed, ...parcel }: Parcel): Promise<{ outcome: Outcome; via?: Via }> {
    const { selfId, userId, signal, stop, priority } = parcel
    const found = await this.admissions.ask(this.reaches.find(selfId, userId, allowed), stop ?? signal)
    if (!found.ok) return { outcome: { state: 'skipped', reason: found.reason } }
    const message = this.last.get(selfId, userId)
    let via: Via | undefined
    const outcome = await this.delivery.deliver({
      ...parcel,
      routes: found.ways.flatMap(via => toRoute(via, message)),
      // of 'send' Koishi runs no components, which a text of the config may have, and one that is typed may not
      session: bot => createPrivateSession(bot, priority === 'broadcast' ? 'send' : 'push', userId),
      admit: (route, signal) => {
        via = toVia(route)
        return this.admissions.admit(route, { selfId, userId, signal, later: priority === 'broadcast' })
      },
    })
    return { outcome, via }
  }

  /** Whether a proactive message may go out, once it is the bot's and the user's turn. */
  admit(selfId: string, userId: string): Promise<Admission> {
    return this.admissions.admit({ via: 'push' }, { selfId, userId })
  }

  /** Takes notice of a refusal. The operator is told once for each suspension. */
  refused({ selfId }: Bot, userId: string, { meaning, code }: Failure) {
    if (meaning === 'bot-stopped') this.permissions.suspend(selfId)
    if (meaning === 'recall-used' || meaning === 'recall-closed') this.learn(selfId, userId, meaning)
    if (meaning !== 'no-permission' || !this.permissions.refused(selfId, userId)) return
    this.ctx.logger.warn('the platform refuses proactive messages of bot %s (code %d): none for an hour, or until it is back online', selfId, code)
  }

  private learn(selfId: string, userId: string, reason: RecallReason) {
    // what is not known of the user is not waited for: what was taken must not be given back before this
    this.recalls.learn({ selfId, userId, lastMessageAt: this.roster.peek(selfId, userId)?.lastMessageAt ?? null }, reason)
  }

  /** Takes notice of a proactive message that went out, whoever sent it. */
  succeeded({ selfId }: Bot, userId: string) {
    this.permissions.succeeded(selfId, userId)
  }

  async forget(selfId: string, userId: string) {
    await this.quota.forget(selfId, userId)
    await this.recalls.forget(selfId, userId)
  }

  async prune() {
    await this.quota.prune()
    await this.recalls.prune()
  }
}

function toRoute(via: Via, message: LastMessage | undefined): Route[] {
  if (via === 'proactive') return [{ via: 'push' }]
  if (via === 'recall') return [{ via }]
  return message ? [{ via: 'message', id: message.id }] : []
}

function toVia({ via }: Route): Via {
  return via === 'push' ? 'proactive' : via === 'recall' ? via : 'reply'
}

function toError(reason: Reason, signal?: AbortSignal) {
  // whoever did not call it off may try again
  return new PushError(reason, undefined, { retryable: reason === 'aborted' ? !signal?.aborted : undefined })
}
