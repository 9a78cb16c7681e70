import { resolve } from 'node:path'
import { Context } from 'koishi'
import { attempt } from './shared/attempt'
import { registerCommands } from './commands'
import { Config, locales } from './config'
import { serveConsole } from './console'
import { Delivery } from './delivery'
import { Gateway } from './gateway'
import { Guard } from './push/guard'
import { extendModel } from './model'
import { Notices, plan } from './notices'
import { definePermission } from './permission'
import { Pusher } from './push'
import { Retention } from './roster/retention'
import { Roster } from './roster'
import { QQUserService } from './service'
import { Statistics } from './roster/statistics'
import { toLesson } from './delivery/refusals'

export * from './model'
export type {} from './session'
export type {} from './push/guard'
export type {} from './roster'
export { Config } from './config'
export type { NoticeConfig, PushConfig } from './config'
export type { Reason, Verdict } from './gate'
export type { HistoryOptions } from './roster/ledger'
export type { ListQuery, UserQuery } from './roster/query'
export { PushError } from './push/error'
export type { PushOptions } from './push'
export { QQUserService } from './service'

export const name = 'qq-user'

export const inject = ['database']

export function apply(ctx: Context, config: Config) {
  for (const locale in locales) ctx.i18n.define(locale, locales[locale])
  extendModel(ctx)

  const roster = new Roster(ctx, (event, applied, twin) => plan(config, event, applied, twin))
  const delivery = new Delivery(ctx)
  const pusher = new Pusher(ctx, config, roster, delivery)
  const notices = new Notices(ctx, config, roster, delivery, (selfId, userId) => pusher.admit(selfId, userId))

  const guard = new Guard(ctx, roster, config.push.guard ? user => pusher.judgeSending(user) : undefined)

  const gateway = new Gateway(ctx, {
    event: (event, session) => attempt(ctx, async () => {
      const change = await roster.accept(event)
      if (!change || change.twin) return
      const announcement = await session
      attempt(ctx, () => announcement.bot.dispatch(announcement))
      await notices.send(change.entry, change.user, announcement, change.returning)
    }),
    message(event) {
      notices.hear(event)
      attempt(ctx, () => roster.hear(event))
    },
    group: (bot, groupId) => guard.meet(bot.selfId, groupId),
    forbid: (bot, userId) => config.push.guard ? pusher.forbid(bot.selfId, userId) : undefined,
    refused(bot, userId, failure, at) {
      pusher.refused(bot, failure)
      const lesson = toLesson(bot.selfId, userId, failure, at, roster.hasHeard(bot.selfId, userId, at))
      if (lesson) attempt(ctx, () => roster.accept(lesson))
    },
  })

  // eslint-disable-next-line no-new
  new Retention(ctx, roster, pusher, config.history.keepDays)

  const service = new QQUserService(roster, pusher)
  definePermission(ctx, service)
  registerCommands(ctx, service, new Statistics(ctx, roster))
  ctx.set('qqUser', service)

  ctx.inject(['console'], (ctx) => {
    ctx.console.addEntry({
      dev: resolve(__dirname, '../client/index.ts'),
      prod: resolve(__dirname, '../dist'),
    })
    serveConsole(ctx, { gateway, roster, pusher, texts: notices.texts, service })
  })
}
