import { Context, h, Session } from 'koishi'
import { Links } from '../links'
import { LinkError } from '../links/error'
import { toQRCode } from '../links/png'
import { findBot } from './target'

export default function (ctx: Context, links: Links) {
  ctx.command('qq-user.link <param:string>', { authority: 3, checkUnknown: true, checkArgCount: true })
    .option('title', '-t <title:text>')
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }, param) => {
      const selfId = findBot(ctx, session!, options!.bot)
      if (!selfId) return session!.text('qq-user.answers.no-bot')
      try {
        const { url } = await links.create(selfId, param, { title: options!.title })
        return [h.text(url), h.image(toQRCode(url), 'image/png')]
      } catch (error) {
        if (!(error instanceof LinkError)) throw error
        return session!.text('.failed', { reason: toReason(session!, error), code: error.code ?? '' }).trimEnd()
      }
    })
}

function toReason(session: Session, { reason }: LinkError) {
  return session.text(`qq-user.link-reason.${reason}`)
}
