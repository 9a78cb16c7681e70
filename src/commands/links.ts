import { Context, h } from 'koishi'
import { Links } from '../links'
import { findBot } from './target'

const PAGE = 10

export default function (ctx: Context, links: Links) {
  ctx.command('qq-user.links', { authority: 3, checkUnknown: true, checkArgCount: true })
    .option('page', '-p <page:number>', { fallback: 1 })
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }) => {
      const { page, bot } = options!
      const selfId = findBot(ctx, session!, bot)
      if (!selfId) return session!.text('qq-user.answers.no-bot')
      const all = await links.list(selfId)
      if (!all.length) return session!.text('.empty')
      const pages = Math.ceil(all.length / PAGE)
      if (!(page! >= 1 && page! <= pages && Number.isInteger(page))) return session!.text('.no-page', { pages })
      return [
        session!.text('.header', { count: all.length, page, pages }),
        ...all.slice((page! - 1) * PAGE, page! * PAGE).map(({ sceneParam, title, users, friends, rejected }) => {
          const name = h.escape(title ? `${sceneParam}  ${title}` : sceneParam)
          return `${name}\n${session!.text('.numbers', { users, friends, rejected })}`
        }),
        page! < pages ? session!.text('.more', { next: page! + 1 }) : session!.text('.hint'),
      ].join('\n')
    })
}
