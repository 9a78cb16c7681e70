import { Context, h } from 'koishi'
import { consents, relations } from '../model'
import { UserQuery } from '../roster/query'
import { QQUserService } from '../service'
import { findBot } from './target'
import { toLine } from './format'

const PAGE = 10

export default function (ctx: Context, service: QQUserService) {
  ctx.command('qq-user.list [search:string]', { authority: 3, checkUnknown: true, checkArgCount: true })
    .option('relation', '-r <relation>', { type: [...relations] })
    .option('consent', '-c <consent>', { type: [...consents] })
    .option('page', '-p <page:number>', { fallback: 1 })
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }, search) => {
      const { relation, consent, page, bot } = options!
      const selfId = findBot(ctx, session!, bot)
      if (!selfId) return session!.text('qq-user.answers.no-bot')
      const query: UserQuery = { selfId, relation, consent, search }
      const count = await service.count(query)
      if (!count) return session!.text('.empty')
      const pages = Math.ceil(count / PAGE)
      if (!(page! >= 1 && page! <= pages && Number.isInteger(page))) return session!.text('.no-page', { pages })
      const users = await service.list({ ...query, after: await findStart(service, query, page!), limit: PAGE })
      return [
        session!.text('.header', { count, page, pages }),
        // names and ids are not ours: as elements they would be carried out
        ...users.map(user => h.escape(toLine(session!, user))),
        page! < pages ? session!.text('.more', { next: page! + 1 }) : session!.text('.hint'),
      ].join('\n')
    })
}

/** The last user before a page. */
async function findStart(service: QQUserService, query: UserQuery, page: number) {
  let after
  for (let skip = (page - 1) * PAGE; skip > 0; skip -= 200) {
    after = (await service.list({ ...query, after, limit: Math.min(skip, 200) })).at(-1)
  }
  return after
}
