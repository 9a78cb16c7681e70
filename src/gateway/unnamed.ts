import { Bot, Context } from 'koishi'
import { lasting } from '../shared/lasting'

const LIMIT = 10_000

type Callback = (bot: Bot) => void

/**
 * Holds back what concerns a bot whose id is not known yet. On a webhook events come in whether or not the platform has
 * told the bot who it is, and it does not send them again.
 */
export class Unnamed {
  /** By application, as the adapter may be reloaded in the meantime. */
  private waiting: Map<string, Callback[]>
  private warned = false

  constructor(private ctx: Context) {
    this.waiting = lasting(ctx, 'unnamed', () => new Map())
  }

  /** Calls back at once, or when the bot's id is known. */
  run(bot: Bot, callback: Callback) {
    if (bot.selfId) {
      this.release(bot)
      return callback(bot)
    }
    const key = toKey(bot)
    const waiting = this.waiting.get(key) ?? []
    if (!waiting.length) this.ctx.logger.warn('events arrive for a bot whose id is not known yet; they wait until it is online')
    if (waiting.length === LIMIT) this.warn()
    if (waiting.length < LIMIT) waiting.push(callback)
    this.waiting.set(key, waiting)
  }

  private warn() {
    if (this.warned) return
    this.warned = true
    this.ctx.logger.error('%d events wait for the id of a bot; further ones are given up', LIMIT)
  }

  release(bot: Bot) {
    const key = toKey(bot)
    const waiting = this.waiting.get(key)
    if (!bot.selfId || !waiting) return
    this.waiting.delete(key)
    this.warned = false
    for (const callback of waiting) callback(bot)
  }
}

function toKey(bot: Bot) {
  return String((bot.config as { id?: unknown })?.id ?? bot.sn)
}
