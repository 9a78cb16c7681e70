import { Context } from 'koishi'
import { QQUserService } from '../service'
import { toTime } from './format'

export default function (ctx: Context, service: QQUserService) {
  ctx.command('push-status', { authority: 0, checkUnknown: true, checkArgCount: true })
    .action(async ({ session }) => {
      if (session!.platform !== 'qq') return session!.text('.only-qq')
      const user = await service.get(session!.selfId, session!.userId!)
      return [
        session!.text(`.${user?.consent ?? 'unknown'}`, { time: toTime(user?.consentAt ?? null) }),
        session!.text('qq-user.answers.how-to'),
      ].join('\n')
    })
}
