import { Context } from 'koishi'
import { QQUserService } from '../service'
import { findBot } from './target'
import { toBroadcastError, toBroadcastLine } from './broadcast-format'

const PAGE = 10
const ACTIONS = ['pause', 'resume', 'cancel', 'repeat'] as const

export default function (ctx: Context, service: QQUserService) {
  ctx.command('qq-user.broadcasts', { authority: 4, checkUnknown: true, checkArgCount: true })
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }) => {
      const selfId = findBot(ctx, session!, options!.bot)
      if (!selfId) return session!.text('qq-user.answers.no-bot')
      const broadcasts = await service.broadcasts.list({ selfId, limit: PAGE })
      if (!broadcasts.length) return session!.text('.empty')
      return [
        ...broadcasts.map(broadcast => toBroadcastLine(session!, broadcast, service.broadcasts)),
        session!.text('.hint'),
      ].join('\n')
    })

  for (const action of ACTIONS) {
    ctx.command(`qq-user.broadcasts.${action} <id:posint>`, { authority: 4, checkUnknown: true, checkArgCount: true })
      .action(async ({ session }, id) => {
        if (!id) return session!.text('qq-user.broadcasts.error.not-found')
        try {
          const broadcast = action === 'repeat' ? await repeat(service, id) : await service.broadcasts[action](id)
          return toBroadcastLine(session!, broadcast, service.broadcasts)
        } catch (error) {
          return toBroadcastError(session!, error)
        }
      })
  }
}

async function repeat({ broadcasts }: QQUserService, id: number) {
  return broadcasts.start((await broadcasts.repeat(id)).id)
}
