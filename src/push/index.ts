import { Bot, Context, Fragment, h, Universal } from 'koishi'
import { QQUser } from '../model'
import { Config, Limits } from '../config'
import { Failure, Meaning, toSubject } from '../delivery/codes'
import { Delivery, Message, Outcome } from '../delivery'
import { LastMessages } from '../delivery/last-messages'
import { Route, toWay } from '../delivery/route'
import { Admission, judge, Reason, Verdict } from '../gate'
import { Roster } from '../roster'
import { blank } from '../roster/state'
import { createPrivateSession } from '../session'
import { lasting } from '../shared/lasting'
import { Admissions, Recipient } from './admissions'
import { toStep } from './pacer'
import { Details, PushError } from './error'
import { countParts } from './parts'
import { createPermissionState, PermissionWatch } from './permission-watch'
import { Quota } from './quota'
import { Reaches, toReach } from './reach'
import { RecallReason } from './recall'
import { Recalls } from './recalls'
import { ReservedReplies } from './reserved-replies'
import { Reach, Span, toVias, Via, Ways } from './ways'

/** Documented as of 2026-09. Older pages say other things, so they can be set. */
export const tiers: Record<'certified' | 'uncertified', Limits> = {
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
type Parcel = Pick<Message, 'selfId' | 'userId' | 'elements' | 'priority' | 'signal' | 'stop' | 'claim'>

/** One of the messages of a broadcast. */
export interface BroadcastMessage extends Omit<Parcel, 'priority' | 'signal'> {
  allowed: readonly Via[]
}

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
    this.quota = new Quota(ctx, limits.userDay, task => roster.write(task), delivery.waits)
    this.recalls = new Recalls(ctx, roster, delivery.waits)
    this.reaches = new Reaches(push, roster, delivery, last, this.permissions, this.recalls)
    this.admissions = new Admissions(ctx, limits, roster, this.recalls, this.reaches, delivery.waits)
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
  peekObjection(selfId: string, userId: string, recall = false): Reason | undefined {
    const user = this.roster.peek(selfId, userId) ?? blank({ selfId, userId, occurredAt: Date.now() })
    const verdict = this.judgeSending(user, recall)
    return verdict.ok ? undefined : verdict.reason
  }

  /** Until when (ms) the platform does not let a bot push, if so. */
  suspendedUntil(selfId: string): number | undefined {
    return this.permissions.suspendedUntil(selfId)
  }

  /** How much of a bot waits for what it may send, and for what it may ask of the platform. */
  countWaiting(selfId: string) {
    return { messages: this.admissions.countWaiting(selfId), requests: this.delivery.countWaiting(selfId) }
  }

  async push(selfId: string, userId: string, content: Fragment, { signal, via }: PushOptions = {}): Promise<string[]> {
    const allowed = toVias(via)
    // a copy, as the caller may use theirs for somebody else while this one waits
    const elements = h.transform(h.normalize(content), () => true)
    const recipient = this.recipient(selfId, userId, countParts(elements), allowed, signal)
    const { outcome } = await decided(this.send({ selfId, userId, elements, signal, priority: 'push' }, recipient))
    if (outcome.state === 'sent') return outcome.ids
    const reason = toReason(outcome)
    const { code, cause } = outcome.state === 'failed' ? outcome : { code: outcome.code, cause: undefined }
    throw new PushError(reason, code, { cause, ...toDetails(outcome, reason, recipient), retryable: await this.isRetryable(reason, outcome, recipient) })
  }

  /** Whether the same may work later; nothing where the reason says all. */
  private async isRetryable(reason: Reason, outcome: Outcome, { selfId, userId, signal }: Recipient): Promise<boolean | undefined> {
    // what the bot's operator has to mend may work afterwards
    if (outcome.state === 'failed' && toSubject(outcome.meaning) === 'bot') return true
    // whoever did not call it off may try again; what another plugin stopped is not for the caller to repeat
    if (outcome.reason === 'aborted') return !signal?.aborted
    if (reason === 'recall-closed') return this.reaches.reopens(selfId, userId).catch(() => undefined)
  }

  private recipient(selfId: string, userId: string, parts: number, allowed: readonly Via[], signal?: AbortSignal): Recipient {
    const share = this.quota.share(selfId, userId, parts)
    const replies = new ReservedReplies(this.last, selfId, userId, parts)
    return { selfId, userId, parts, allowed, signal, share, replies }
  }

  private findWays({ selfId, userId, parts, signal }: Recipient, allowed: readonly Via[]): Promise<Ways> {
    return this.admissions.ask(this.reaches.find(selfId, userId, allowed, parts), signal)
  }

  /** Where the platform refused a proactive message for want of permission, why the other ways are closed tells the caller more. */
  private async conclude(recipient: Recipient, sending: Promise<Outcome>): Promise<Outcome> {
    const outcome = await sending
    if (outcome.state !== 'failed' || outcome.meaning !== 'no-permission') return outcome
    const ways = await this.findWays(recipient, recipient.allowed)
    return ways.ok || ways.reason === 'no-permission' ? outcome : { state: 'skipped', reason: ways.reason }
  }

  /** The ways to be tried, each found when its turn comes: what was open may be closed by then, and what was closed open. */
  private async* findRoutes(recipient: Recipient, ways: Ways): AsyncGenerator<Route> {
    for (let rest = recipient.allowed; ways.ok;) {
      const [via] = ways.ways
      yield toRoute(via, recipient.replies)
      rest = rest.filter(other => other !== via)
      ways = await this.findWays(recipient, rest)
    }
  }

  /**
   * Sends one user what many get, after everything else that is to be sent.
   * @returns what came of it, and the way that it took last
   */
  sendBroadcastMessage({ allowed, ...message }: BroadcastMessage) {
    const { selfId, userId, elements, stop } = message
    return this.send({ ...message, priority: 'broadcast' }, this.recipient(selfId, userId, countParts(elements), allowed, stop))
  }

  private async send(parcel: Parcel, recipient: Recipient): Promise<{ outcome: Outcome; via?: Via }> {
    const found = await this.findWays(recipient, recipient.allowed)
    if (!found.ok) return { outcome: { state: 'skipped', reason: found.reason } }
    const later = parcel.priority === 'broadcast'
    let via: Via | undefined
    const outcome = await this.conclude(recipient, this.delivery.deliver({
      ...parcel,
      routes: this.findRoutes(recipient, found),
      // in a session of type 'send' Koishi runs no components: a text of the config may have them, a broadcast may not
      session: bot => createPrivateSession(bot, later ? 'send' : 'push', recipient.userId),
      admit: (route, signal) => {
        via = toWay(route)
        return this.admissions.admit(route, { ...recipient, signal, later })
      },
    })).finally(() => close(recipient))
    return { outcome, via }
  }

  /** Whether a proactive message may go out, once it is the bot's and the user's turn. */
  async admit(selfId: string, userId: string): Promise<Admission> {
    const recipient = this.recipient(selfId, userId, 1, ['proactive'])
    try {
      return await this.admissions.admit({ via: 'push' }, recipient)
    } finally {
      close(recipient)
    }
  }

  /** Takes notice of a refusal. The operator is told once for each suspension. */
  refused({ selfId }: Bot, userId: string, { meaning, code }: Failure) {
    if (meaning === 'bot-stopped') this.permissions.suspend(selfId)
    if (meaning === 'recall-used' || meaning === 'recall-closed') this.learn(selfId, userId, meaning)
    if (meaning !== 'no-permission') return
    if (!this.permissions.refused(selfId, userId)) {
      return this.ctx.logger.debug('the platform refuses proactive messages of bot %s to %s (code %d): none to them for an hour', selfId, userId, code)
    }
    this.ctx.logger.warn('the platform refuses proactive messages of bot %s (code %d): none for an hour, or until it is back online', selfId, code)
  }

  private learn(selfId: string, userId: string, reason: RecallReason) {
    // not a moment is waited: this has to stand in the line of writes before what gives the recall back
    this.recalls.learn({ selfId, userId, lastMessageAt: this.roster.peek(selfId, userId)?.lastMessageAt ?? null }, reason)
  }

  /** Takes notice of a proactive message that went out, whoever sent it. */
  proactiveAccepted({ selfId }: Bot, userId: string) {
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

function toRoute(via: Via, replies: ReservedReplies): Route {
  if (via === 'proactive') return { via: 'push' }
  if (via === 'recall') return { via }
  return { via: 'message', get id() { return replies.id } }
}

function close({ share, replies }: Recipient) {
  share.close()
  replies.close()
}

/** An error that comes before any decision, as of a database that is down, is an `offline` that can be tried again: nothing was sent. */
async function decided<T>(answer: Promise<T>): Promise<T> {
  try {
    return await answer
  } catch (cause) {
    throw cause instanceof PushError ? cause : new PushError('offline', undefined, { cause })
  }
}

function toReason(outcome: Exclude<Outcome, { state: 'sent' }>): Reason {
  if (outcome.state === 'failed') return reasons[outcome.meaning] ?? 'refused'
  if (outcome.reason === 'empty' || outcome.reason === 'no-route') return 'refused'
  return outcome.reason === 'stopped' ? 'aborted' : outcome.reason
}

/** What exactly stood in the way, where the platform's answer does not say. */
function toDetails(outcome: Exclude<Outcome, { state: 'sent' }>, reason: Reason, { parts, allowed }: Recipient): Pick<Details, 'detail' | 'remark'> {
  if (outcome.reason === 'empty') return { remark: 'empty' }
  if (outcome.state === 'failed' && outcome.meaning === 'unknown-outcome' && outcome.cause) return { remark: 'partial' }
  const isShort = reason === 'no-permission' || reason === 'refused' && !outcome.code
  if (!isShort || parts < 2 || allowed.every(via => via === 'proactive')) return {}
  return { detail: `it consists of ${parts} messages, which go together: a recall is one, and fewer replies are left`, remark: 'parts' }
}
