import { Context } from 'koishi'
import { attempt } from './attempt'
import { Config, locales } from './config'
import { Delivery } from './delivery'
import { Gateway } from './gateway'
import { extendModel } from './model'
import { Notices, plan } from './notices'
import { Roster } from './roster'
import { QQUserService } from './service'
import { toLesson } from './refusals'

export * from './model'
export { Config } from './config'
export type { NoticeConfig, PushConfig } from './config'
export type { Reason, Verdict } from './gate'
export type { HistoryOptions } from './ledger'
export type { ListQuery, UserQuery } from './query'
export { QQUserService } from './service'

export const name = 'qq-user'

export const inject = ['database']

export function apply(ctx: Context, config: Config) {
  for (const locale in locales) ctx.i18n.define(locale, locales[locale])
  extendModel(ctx)

  const roster = new Roster(ctx, (event, applied, twin) => plan(config, event, applied, twin))
  const service = new QQUserService(roster, config.push.assumeAllowed)
  const delivery = new Delivery(ctx, ({ bot, userId }, failure, at) => {
    const lesson = toLesson(bot.selfId, userId, failure, at)
    if (lesson) attempt(ctx, () => roster.accept(lesson))
  })
  const notices = new Notices(ctx, config, roster, delivery, (selfId, userId) => service.canPush(selfId, userId))

  // eslint-disable-next-line no-new
  new Gateway(ctx, {
    event: (event, session) => attempt(ctx, async () => {
      const change = await roster.accept(event)
      if (!change || change.twin) return
      const announcement = await session
      attempt(ctx, () => announcement.bot.dispatch(announcement))
      await notices.send(change.entry, change.user, announcement)
    }),
    message(event) {
      notices.hear(event)
      attempt(ctx, () => roster.hear(event))
    },
  })

  ctx.set('qqUser', service)
}
