import { Bot, Time } from 'koishi'
import { Admission, Usage } from '../gate'
import { Failure, readFailure } from './codes'
import { Internal, Request } from './internal'
import { markOwn } from './own-messages'
import { CancellableWaits, unlessAborted } from './cancellable-waits'
import { isTooFrequent, PERSISTENCE, retries } from './policy'
import { Route, toWay } from './route'
import { StoppedError } from './objections'
import { Priority, Throttle, Turn } from './throttle'

/** What came of a request in the end. */
export class RequestError extends Error {
  constructor(public readonly failure: Failure) {
    super(`the request failed: ${failure.meaning}`)
  }
}

/** Something failed before a request was made. */
export class UnsentError extends Error {
  constructor(public readonly cause: unknown) {
    super('the request was not made')
  }
}

/** Those who have a say in the requests for a message. */
export interface Supervisor {
  selfId: string
  priority: Priority
  signal?: AbortSignal
  /** Ends the message, unless a part of it arrived. */
  stop?: AbortSignal
  /** Until when (ms) a request that is refused as too frequent is made again. */
  retryUntil?: number
  /** Asked before every message; it may be a while until it answers. Nothing is asked of a way that is always open. */
  admit(route: Route, signal?: AbortSignal): Promise<Admission | undefined>
  /** Asked when the first request has its turn: whether the message is still to be sent. */
  claim?(): Promise<boolean>
  /** The bot as it is loaded now, unless there is none. */
  find(): Bot | undefined
  /** What makes a request go its way. */
  address(): Request
}

/** How long (ms) an answer is waited for; what comes later is unknown. */
export const ANSWER = 30 * Time.second
/** For how long (ms) the rest of a message waits for its bot, and how often it looks for it. */
const ABSENCE = { longest: 30 * Time.second, look: 200 }

type Admitted = Extract<Admission, { ok: true }>

/** The requests for one message on one way. Each waits for its turn, and is made again as long as that makes sense. */
export class Requests {
  /** The bot as an encoder is to see it. */
  readonly bot: Bot
  /** Whether the encoder asked for any. */
  asked = false
  /** How many messages arrived: a message may be sent in parts. */
  arrived = 0
  /** What the platform said instead of giving a message an id. */
  remark?: 'audit' | 'duplicate'

  /** How many requests wait for their answer. */
  underWay = 0

  private admission?: Admitted
  private abandoned = false

  constructor(bot: Bot, private route: Route, private supervisor: Supervisor, private throttle: Throttle, private waits: CancellableWaits) {
    const internal: Internal = Object.create(bot.internal)
    internal.sendPrivateMessage = (openid, data) => this.send(openid, data)
    if (bot.internal.sendFilePrivate) {
      internal.sendFilePrivate = (openid, data) => this.request(bot => bot.sendFilePrivate!(openid, markOwn({ ...data })))
    }
    this.bot = Object.create(bot, { internal: { value: internal } })
  }

  /** Waits until the message has its turn, as files are loaded before any request is made. */
  async begin() {
    await this.admit()
  }

  /** What ends all waiting. */
  private get signal() {
    const { signal, stop } = this.supervisor
    return this.arrived ? signal : stop ?? signal
  }

  /** Makes no more requests. @returns whether one is under way, which may arrive */
  abandon() {
    this.abandoned = true
    return this.underWay > 0
  }

  /** To be called when no more requests are to come. */
  close() {
    this.leave('unsent')
  }

  private async send(openid: string, data: Request) {
    try {
      const answer = await this.request(bot => bot.sendPrivateMessage(openid, markOwn({ ...data, ...this.supervisor.address() })))
      this.arrived++
      return answer
    } catch (error) {
      const meaning = error instanceof RequestError ? error.failure.meaning : undefined
      if (meaning !== 'audit' && meaning !== 'duplicate') throw error
      this.arrived++
      this.remark = meaning
      return {}
    } finally {
      this.leave('sent')
    }
  }

  private async request<T>(perform: (internal: Internal) => Promise<T>): Promise<T> {
    this.asked = true
    const { retryUntil = 0 } = this.supervisor
    for (let retried = 0, tooFrequent = 0; ;) {
      try {
        return await this.attempt(perform, tooFrequent > 0)
      } catch (error) {
        if (!(error instanceof RequestError)) throw error
        if (isTooFrequent(error.failure, this.route)) {
          // the throttle knows when to go on
          if (tooFrequent++ >= PERSISTENCE && Date.now() >= retryUntil) throw error
          continue
        }
        tooFrequent = 0
        const delay = retries[error.failure.meaning]?.[retried++]
        if (delay === undefined) throw error
        await this.waits.sleep(delay, this.signal)
      }
    }
  }

  private async attempt<T>(perform: (internal: Internal) => Promise<T>, again: boolean): Promise<T> {
    await this.admit()
    if (this.arrived) await this.awaitBot()
    const turn = await this.turn(again)
    let usage: Usage = 'unsent'
    let tooFrequent: boolean | undefined
    try {
      const internal = await this.prepare()
      usage = 'sent'
      this.underWay++
      const answer = await unlessAborted(perform(internal), AbortSignal.timeout(ANSWER)).finally(() => this.underWay--)
      tooFrequent = false
      return answer
    } catch (error) {
      if (usage === 'unsent' || error instanceof StoppedError) {
        usage = 'unsent'
        throw error
      }
      const failure = readAnswer(error, this.route)
      if (failure.undelivered) {
        usage = 'refused'
        tooFrequent = isTooFrequent(failure, this.route)
      }
      throw new RequestError(failure)
    } finally {
      turn.end(usage !== 'unsent', tooFrequent)
      if (usage !== 'sent') this.leave(usage)
    }
  }

  /** A message of which a part arrived is not cut off because the adapter is reloaded. */
  private async awaitBot() {
    const { find, signal } = this.supervisor
    for (let waited = 0; !find() && waited < ABSENCE.longest; waited += ABSENCE.look) await this.waits.sleep(ABSENCE.look, signal)
  }

  private async turn(again: boolean): Promise<Turn> {
    const { selfId, priority } = this.supervisor
    const { signal } = this
    try {
      return await this.throttle.turn(selfId, priority, again, signal)
    } catch (error) {
      // a message of which a part arrived is not cut off because the plugin is reloaded
      if (this.arrived && !signal?.aborted) return this.throttle.open(selfId)
      this.leave('unsent')
      throw error
    }
  }

  /** The last questions before a request. @returns what to make it with */
  private async prepare(): Promise<Internal> {
    const { claim, find } = this.supervisor
    if (claim && !this.arrived && !await unsent(this.waits.race(claim(), this.signal))) throw new StoppedError('aborted')
    const verdict = this.admission && await unsent(this.admission.confirm())
    if (verdict && !verdict.ok) throw new StoppedError(verdict.reason)
    if (this.abandoned || this.signal?.aborted || this.waits.ended && !this.arrived) throw new StoppedError('aborted')
    const bot = find()
    if (!bot) throw new StoppedError('offline')
    return bot.internal
  }

  private async admit() {
    if (this.admission) return
    const admission = await unsent(this.supervisor.admit(this.route, this.signal))
    if (admission && !admission.ok) throw new StoppedError(admission.reason)
    this.admission = admission
  }

  private leave(usage: Usage) {
    this.admission?.release(usage)
    this.admission = undefined
  }
}

/** An answer that broke off says nothing, whatever its status. */
function readAnswer(error: unknown, route: Route): Failure {
  const failure = readFailure(error, toWay(route))
  const { response } = error as { response?: { data?: unknown } }
  return failure.meaning === 'refused' && response?.data === null ? { meaning: 'unknown-outcome', undelivered: false } : failure
}

/** Marks what fails before a request is made. */
async function unsent<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise
  } catch (error) {
    throw error instanceof StoppedError ? error : new UnsentError(error)
  }
}
