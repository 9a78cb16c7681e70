import { Context } from 'koishi'
import { findComponent } from '../push/component'
import { explain, PushError } from '../push/error'
import { QQUserService } from '../service'
import { findTarget } from './target'
import { toReason } from './format'

export default function (ctx: Context, service: QQUserService) {
  ctx.command('qq-user.push <user:string> <message:elements>', { authority: 4, checkUnknown: true, checkArgCount: true })
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }, text, message) => {
      if (!message?.join('').trim()) return session!.text('.empty')
      const component = findComponent(ctx, message)
      if (component !== undefined) return session!.text('.component', { name: component })
      const user = await findTarget(ctx, service, session!, text, options!.bot)
      if (typeof user === 'string') return user
      try {
        const ids = await service.push(user.selfId, user.userId, message)
        return session!.text(ids.length ? '.sent' : '.audited')
      } catch (error) {
        if (!(error instanceof PushError)) throw error
        const failed = session!.text('.failed', { reason: toReason(session!, error.reason), code: error.code ?? '' }).trimEnd()
        const remark = explain(ctx, error)
        return remark ? `${failed}\n${session!.text(`qq-user.remark.${remark}`)}` : failed
      }
    })
}
