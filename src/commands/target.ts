import { Context, Session } from 'koishi'
import { readId } from '../event'
import { QQUser } from '../model'
import { QQUserService } from '../service'

/** Commands concern the bot that hears them, the one that is named, or the only one there is. */
export function findBot(ctx: Context, session: Session, named?: string): string | undefined {
  const ids = ctx.bots.filter(bot => bot.platform === 'qq' && !bot.hidden).map(bot => bot.selfId)
  if (named) return ids.find(id => id === named)
  if (session.platform === 'qq') return session.selfId
  return ids.length === 1 ? ids[0] : undefined
}

/** The user with this id, or the only one whose id or name begins so. */
export async function findUser(service: QQUserService, selfId: string, text: string): Promise<QQUser | undefined> {
  const id = readId(text)
  const user = id && await service.get(selfId, id)
  if (user) return user
  if (!text || text.length > 64) return
  const found = await service.list({ selfId, search: text, limit: 2 })
  return found.length === 1 ? found[0] : undefined
}

/** Looks both up; what is missing is told to whoever asked. */
export async function findTarget(ctx: Context, service: QQUserService, session: Session, text: string, named?: string) {
  const selfId = findBot(ctx, session, named)
  if (!selfId) return session.text('qq-user.answers.no-bot')
  const user = await findUser(service, selfId, text)
  return user ?? session.text('qq-user.answers.no-user')
}
