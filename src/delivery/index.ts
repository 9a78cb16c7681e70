import { Bot, Context, h, Session, Time } from 'koishi'
import { Admission, Reason } from '../gate'
import { Failure, Meaning, readFailure } from './codes'
import { Internal } from './internal'
import { Route } from './route'
import { StoppedError } from './stop'

export interface Message {
  bot: Bot
  /** Makes a session that carries the recipient, for one attempt. */
  session(): Session
  userId: string
  elements: h[]
  /** Tried in this order until one is taken. */
  routes: Route[]
  /** Asked before every request that writes out of the blue. */
  admit(): Promise<Admission>
}

export type Outcome =
  | { state: 'sent'; ids: string[]; reason: '' | 'audit' | 'duplicate' }
  /** Nothing was sent, by our own decision or another plugin's (`stopped`). */
  | { state: 'skipped'; reason: Reason | 'no-route' | 'empty' | 'stopped' }
  | { state: 'failed'; reason: string; meaning: Meaning; code?: number }

/** When a definite refusal is tried again, in ms from the last attempt. What is not listed is not tried again. */
const retries: Partial<Record<Meaning, number[]>> = {
  'event-unknown': [1.5 * Time.second, 2 * Time.second, 3 * Time.second],
  'transient': [Time.second, 2 * Time.second, 4 * Time.second],
  'rate': [2 * Time.second, 5 * Time.second, 10 * Time.second],
}

/** Refusals that concern the way only, so that the next one may work. */
const detours: Meaning[] = ['event-unknown', 'window-closed']

/** Sends a message on the best way there is, and knows what to make of a refusal. */
export class Delivery {
  constructor(private ctx: Context) {}

  async deliver(message: Message): Promise<Outcome> {
    if (!message.elements.join('').trim()) return { state: 'skipped', reason: 'empty' }
    let outcome: Outcome = { state: 'skipped', reason: 'no-route' }
    for (const route of message.routes) {
      const result = await this.follow(message, route)
      if (!isFailure(result)) return result
      outcome = toOutcome(result)
      if (!detours.includes(result.meaning)) break
    }
    return outcome
  }

  private async follow(message: Message, route: Route): Promise<Outcome | Failure> {
    for (let attempt = 0; ; attempt++) {
      const result = await this.send(message, route)
      if (!isFailure(result)) return result
      const delay = retries[result.meaning]?.[attempt]
      if (delay === undefined) return result
      await this.ctx.sleep(delay)
    }
  }

  private async send({ bot, userId, elements, session, admit }: Message, route: Route): Promise<Outcome | Failure> {
    const { MessageEncoder } = bot.constructor as typeof Bot
    // an encoder of our own tells apart what `bot.sendMessage()` does not: nothing sent, some of it sent, audited
    let requests = 0
    let rendered = false
    const line = supervise(bot, async () => {
      requests++
      return route.via === 'push' ? admit() : { ok: true, release: () => {} }
    })
    const encoder = new MessageEncoder!(line, userId, undefined, { session: session() })
    const { render } = encoder
    encoder.render = (...args) => {
      rendered = true
      return render.apply(encoder, args)
    }
    try {
      await encoder.send([...toPassive(route), ...elements])
    } catch (error) {
      // a message in parts, of which some arrived, must not be sent again
      if (encoder.results.length) return { meaning: 'unknown-outcome', undelivered: false }
      return error instanceof StoppedError ? { state: 'skipped', reason: error.reason } : readFailure(error, route.via !== 'push')
    }
    if (!requests) return { state: 'skipped', reason: rendered ? 'empty' : 'stopped' }
    const ids = encoder.results.map(({ id }) => id!)
    return { state: 'sent', ids, reason: ids.length ? '' : 'audit' }
  }
}

/** The bot, with every request for a message waiting for its admission: a message may be sent in parts. */
function supervise(bot: Bot, admit: Message['admit']): Bot {
  const internal: Internal = Object.create(bot.internal)
  internal.sendPrivateMessage = async (openid, data) => {
    const admission = await admit()
    if (!admission.ok) throw new StoppedError(admission.reason)
    let used = true
    try {
      return await bot.internal.sendPrivateMessage(openid, data)
    } catch (error) {
      used = !(error instanceof StoppedError)
      throw error
    } finally {
      admission.release(used)
    }
  }
  return Object.create(bot, { internal: { value: internal } })
}

function isFailure(result: Outcome | Failure): result is Failure {
  return 'undelivered' in result
}

function toPassive(route: Route) {
  if (route.via === 'event') return [h('passive', { eventId: route.id })]
  if (route.via === 'message') return [h('passive', { messageId: route.id, seq: route.seq })]
  return []
}

function toOutcome({ meaning, code }: Failure): Outcome {
  if (meaning === 'duplicate' || meaning === 'audit') return { state: 'sent', ids: [], reason: meaning }
  if (meaning === 'rejected' || meaning === 'deleted') return { state: 'skipped', reason: meaning }
  const reason = meaning === 'unknown-outcome' || !code ? meaning : `code:${code}`
  return { state: 'failed', reason, meaning, code }
}
