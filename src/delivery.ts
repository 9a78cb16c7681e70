import { Bot, Context, h, Session, Time } from 'koishi'
import { Reason } from './gate'
import { Failure, Meaning, readFailure } from './codes'
import { Release } from './pacer'
import { Route } from './route'
import { StoppedError } from './stop'

/** Whether a proactive message may go out now. Whoever was let in gives the slot back. */
export type Admission = { ok: true; release: Release } | { ok: false; reason: Reason }

export interface Message {
  bot: Bot
  /** Makes a session that carries the recipient, for one attempt. */
  session(): Session
  userId: string
  elements: h[]
  /** Tried in this order until one is taken. */
  routes: Route[]
  /** Asked before every attempt to write out of the blue. */
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
      const result = route.via === 'push' ? await this.push(message, route) : await this.send(message, route)
      if (!isFailure(result)) return result
      const delay = retries[result.meaning]?.[attempt]
      if (delay === undefined) return result
      await this.ctx.sleep(delay)
    }
  }

  private async push(message: Message, route: Route): Promise<Outcome | Failure> {
    const admission = await message.admit()
    if (!admission.ok) return { state: 'skipped', reason: admission.reason }
    let used = true
    try {
      const result = await this.send(message, route)
      used = isFailure(result) || result.state === 'sent'
      return result
    } finally {
      admission.release(used)
    }
  }

  private async send({ bot, userId, elements, session }: Message, route: Route): Promise<Outcome | Failure> {
    const { MessageEncoder } = bot.constructor as typeof Bot
    // an encoder of our own tells apart what `bot.sendMessage()` does not: nothing sent, some of it sent, audited
    const encoder = new MessageEncoder!(bot, userId, undefined, { session: session() })
    let rendered = false
    const { render } = encoder
    encoder.render = (...args) => {
      rendered = true
      return render.apply(encoder, args)
    }
    try {
      await encoder.send([...toPassive(route), ...elements])
    } catch (error) {
      if (error instanceof StoppedError) return { state: 'skipped', reason: error.reason }
      const failure = readFailure(error)
      // a message in parts, of which some arrived, must not be sent again
      return encoder.results.length ? { ...failure, meaning: 'unknown-outcome', definite: false } : failure
    }
    if (!rendered) return { state: 'skipped', reason: 'stopped' }
    const ids = encoder.results.map(({ id }) => id!)
    return { state: 'sent', ids, reason: ids.length ? '' : 'audit' }
  }
}

function isFailure(result: Outcome | Failure): result is Failure {
  return 'definite' in result
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
