import { Bot, Context, Universal } from 'koishi'
import { fail } from './errors'

export function listBots(ctx: Context) {
  return ctx.bots.filter(bot => bot.platform === 'qq' && !bot.hidden)
}

/** @throws CallError */
export function getBot(ctx: Context, selfId: string): Bot {
  return listBots(ctx).find(bot => bot.selfId === selfId) ?? fail('unknown-bot')
}

export function isOnline(bot: Bot) {
  return bot.status === Universal.Status.ONLINE
}

export function toName(bot: Bot) {
  return bot.user?.name ?? ''
}
