import { Context, Time } from 'koishi'
import { QQUserService } from '../service'
import { findTarget } from './target'
import { toLine } from './format'

export default function (ctx: Context, service: QQUserService) {
  ctx.command('qq-user.forget <user:string>', { authority: 4, checkUnknown: true, checkArgCount: true })
    .option('bot', '-b <bot:string>')
    .option('yes', '-y')
    .action(async ({ session, options }, text) => {
      const user = await findTarget(ctx, service, session!, text, options!.bot)
      if (typeof user === 'string') return user
      if (!options!.yes) {
        await session!.send(session!.text('.confirm', { user: toLine(session!, user), id: user.userId }))
        const answer = await session!.prompt(Time.minute)
        if (answer?.trim().toLowerCase() !== 'y') return session!.text('.kept')
      }
      await service.forget(user.selfId, user.userId)
      return session!.text('.done')
    })
}
