import { Bot, Context, h, Session, Universal } from 'koishi'
import { Admission, Reason } from '../gate'
import { unwrap } from '../shared/patch'
import { lasting } from '../shared/lasting'
import { Failure, Meaning, readFailure } from './codes'
import { Request } from './internal'
import { markOwn } from './own-messages'
import { AbortedError, CancellableWaits, unlessAborted } from './cancellable-waits'
import { closesWayOnly } from './policy'
import { createNumbers, nextNumber, Numbers } from './reply-numbers'
import { RequestError, Requests, UnsentError } from './requests'
import { isReply, Route, toWay } from './route'
import { StoppedError } from './objections'
import { Priority, RequestLimits, Throttle, Turn } from './throttle'

export interface Message {
  selfId: string
  userId: string
  elements: h[]
  /** Makes a session that carries the recipient, for one attempt. */
  session(bot: Bot): Session
  /** Tried in this order until the platform takes the message on one. Where they are async, each is found when its turn comes. */
  routes: Iterable<Route> | AsyncIterable<Route>
  priority: Priority
  /** Takes the message back while it waits. */
  signal?: AbortSignal
  /** Takes it back, too, but not while a request is under way, nor once a part of it arrived. */
  stop?: AbortSignal
  /** Until when (ms) it waits where the platform says that the bot makes too many requests. */
  retryUntil?: number
  /** Asked before every message on a way; nothing of one that is always open. */
  admit(route: Route, signal?: AbortSignal): Promise<Admission | undefined>
  /** Asked when the message's first turn has come. */
  claim?(): Promise<boolean>
}

export type Outcome =
  | { state: 'sent'; ids: string[]; reason: '' | 'audit' | 'duplicate' }
  /** Nothing was sent, by our own decision or another plugin's (`stopped`), or because the platform says that the user does not want it (`code`). */
  | { state: 'skipped'; reason: Reason | 'no-route' | 'empty' | 'stopped'; code?: number }
  | { state: 'failed'; reason: string; meaning: Meaning; code?: number; cause?: unknown }

type Failed = Failure & { cause?: unknown }

/** Sends a message on the best way there is, and knows what to make of a refusal. */
export class Delivery {
  readonly waits: CancellableWaits
  private throttle: Throttle
  /** Not Cordis' proxy of them, which is asked for every property of every bot. */
  private bots: Bot[]
  private numbers: Numbers

  constructor(ctx: Context, limits: RequestLimits) {
    this.bots = unwrap(ctx.bots)
    this.waits = new CancellableWaits(ctx)
    this.throttle = new Throttle(ctx, limits, this.waits)
    this.numbers = lasting(ctx, 'delivery.numbers', createNumbers)
  }

  /** The bot as it is loaded now. @param online whether one counts only while it is connected */
  find(selfId: string, online = true): Bot | undefined {
    const bot = this.bots.find(bot => bot.platform === 'qq' && bot.selfId === selfId)
    return !online || bot?.status === Universal.Status.ONLINE ? bot : undefined
  }

  /** A turn among the bot's requests, for one that is no message. @throws StoppedError `aborted` */
  turn(selfId: string): Promise<Turn> {
    return this.throttle.turn(selfId, 'push', false)
  }

  /** How many requests of a bot wait for their turn. */
  countWaiting(selfId: string) {
    return this.throttle.countWaiting(selfId)
  }

  /** @throws what keeps a request from being made, other than a decision: nothing was sent then */
  async deliver(message: Message): Promise<Outcome> {
    if (!message.elements.join('').trim()) return { state: 'skipped', reason: 'empty' }
    let outcome: Outcome = { state: 'skipped', reason: 'no-route' }
    for await (const route of message.routes) {
      const result = await this.send(message, route)
      if (isFailure(result)) {
        outcome = toOutcome(result)
        if (!closesWayOnly(result.meaning)) break
      } else {
        outcome = result
        if (!closesWayOnly(result.reason)) break
      }
    }
    return outcome
  }

  /** @param again whether this is the second attempt: the first may fail before any request, as where Koishi has to create the user */
  private async send(message: Message, route: Route, again = false): Promise<Outcome | Failed> {
    const { selfId, userId, elements, session } = message
    const find = () => this.find(selfId, !isReply(route))
    const bot = find()
    if (!bot) return { state: 'skipped', reason: 'offline' }
    const { MessageEncoder } = bot.constructor as typeof Bot
    if (!MessageEncoder || !bot.internal?.sendPrivateMessage) {
      return refuse(new Error(`the adapter of bot ${selfId} has no way to send private messages that is known here`))
    }
    const requests = new Requests(bot, route, { ...message, find, address: () => this.address(route) }, this.throttle, this.waits)
    // an encoder of our own tells apart what `bot.sendMessage()` does not: nothing sent, some of it sent, audited
    const encoder = new MessageEncoder(requests.bot, userId, undefined, { session: markOwn(session(bot)) })
    let rendered = false
    const { render } = encoder
    encoder.render = async (...args) => {
      // what another plugin made empty asks for no turn
      if (!rendered && hasFiles(encoder.session.elements)) await requests.begin()
      rendered = true
      return render.apply(encoder, args)
    }
    const sending = encoder.send(elements).finally(() => requests.close())
    try {
      await unlessAborted(sending, message.signal)
    } catch (error) {
      if (!again && !requests.asked && !isEnd(error)) return this.send(message, route, true)
      if (!(error instanceof AbortedError)) return toResult(error, requests, route)
      if (requests.abandon() || requests.arrived) return { meaning: 'unknown-outcome', undelivered: false }
      return { state: 'skipped', reason: 'aborted' }
    }
    if (!requests.asked) return { state: 'skipped', reason: rendered ? 'empty' : 'stopped' }
    const ids = encoder.results.map(({ id }) => id!)
    return { state: 'sent', ids, reason: ids.length ? '' : requests.remark ?? 'audit' }
  }

  /** The fields by which a request goes its way. They are not taken from the content, which other plugins may edit. */
  private address(route: Route): Request {
    const none = { event_id: undefined, msg_id: undefined, msg_seq: undefined, is_wakeup: undefined }
    if (route.via === 'event') return { ...none, event_id: route.id }
    if (route.via === 'push') return none
    if (route.via === 'recall') return { ...none, is_wakeup: true }
    return { ...none, msg_id: route.id, msg_seq: nextNumber(this.numbers) }
  }
}

/** Whether it was decided, here or by the caller, that a message does not go on. */
function isEnd(error: unknown) {
  return error instanceof AbortedError || error instanceof StoppedError || error instanceof UnsentError
}

function hasFiles(elements: h[] = []) {
  return h.select(elements, 'img, image, audio, video, file').length > 0
}

function isFailure(result: Outcome | Failed): result is Failed {
  return 'undelivered' in result
}

function refuse(cause: unknown): Failed {
  return { meaning: 'refused', undelivered: true, cause }
}

function toResult(error: unknown, { arrived, asked }: Requests, route: Route): Outcome | Failed {
  // a message in parts, of which some arrived, must not be sent again
  if (arrived) return { meaning: 'unknown-outcome', undelivered: false, ...toRest(error) }
  if (error instanceof StoppedError) return { state: 'skipped', reason: error.reason }
  if (error instanceof UnsentError) throw error.cause
  if (error instanceof RequestError) return error.failure
  // a file that could not be read, or another plugin that failed
  return asked ? readFailure(error, toWay(route)) : refuse(error)
}

/** What became of the rest of a message in parts. */
function toRest(error: unknown) {
  const { code, meaning } = error instanceof RequestError ? error.failure : {} as Partial<Failure>
  const what = meaning ?? (error instanceof StoppedError ? error.reason : (error as Error)?.message)
  return { code, cause: new Error(`only a part of it arrived: ${code ? `${what} (${code})` : what}`) }
}

function toOutcome({ meaning, code, cause }: Failed): Outcome {
  if (meaning === 'rejected' || meaning === 'deleted') return { state: 'skipped', reason: meaning, code }
  // of a message that arrived in part it is known what stopped the rest
  const reason = meaning === 'unknown-outcome' && !cause || !code ? meaning : `code:${code}`
  return { state: 'failed', reason, meaning, code, cause }
}
