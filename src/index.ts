import { resolve } from 'node:path'
import { Context } from 'koishi'
import { Inbox } from './shared/inbox'
import { lasting } from './shared/lasting'
import { takeArrivals } from './arrivals'
import { Broadcasts } from './broadcast'
import { registerCommands } from './commands'
import { Config, locales } from './config'
import { serveConsole } from './console'
import { Delivery } from './delivery'
import { Faults } from './delivery/bot-faults'
import { LastMessages } from './delivery/last-messages'
import { Arrival, Gateway, Listener } from './gateway'
import { Guard } from './push/guard'
import { Links } from './links'
import { extendModel } from './model'
import { Notices, plan } from './notices'
import { definePermission } from './permission'
import { Pusher } from './push'
import { Retention } from './retention'
import { Roster } from './roster'
import { QQUserService } from './service'
import { Statistics } from './roster/statistics'
import { toConclusion } from './delivery/refusals'

export * from './model'
export type { UserSession } from './session'
export type {} from './push/guard'
export type {} from './roster'
export { Broadcasts } from './broadcast'
export type { BroadcastQuery, RecipientQuery } from './broadcast'
export type { BroadcastOptions } from './broadcast/drafts'
export { BroadcastError } from './broadcast/error'
export type { BroadcastFault } from './broadcast/error'
export type { Estimate, EstimateQuery } from './broadcast/estimate'
export type { Audience, Broadcast, BroadcastCounts, BroadcastRecipient, BroadcastState, RecipientState } from './broadcast/model'
export { Config } from './config'
export type { NoticeConfig, PushConfig } from './config'
export type { Reason, Verdict } from './gate'
export type { HistoryOptions } from './roster/ledger'
export type { ListQuery, UserQuery } from './roster/query'
export { LinkError } from './links/error'
export type { LinkReason } from './links/error'
export type { LinkOptions, LinkRow } from './links'
export type { LinkNumbers, QQUserLink } from './links/model'
export { PushError } from './push/error'
export type { PushOptions } from './push'
export type { Reach, Via } from './push/ways'
export { QQUserService } from './service'

export const name = 'qq-user'

/** The database comes and goes; listening to the platform does not wait for it. */
export const inject = { optional: ['database', 'console'] }

const WAITING = 50_000

/** While the database is away nobody knows who said no. */
const unable: Listener = {
  groupSeen() {},
  askObjection: () => Promise.reject(new Error('the message was stopped, as there is no database to say whether it is wanted')),
  peekObjection: () => undefined,
  refused() {},
  proactiveAccepted() {},
}

export function apply(ctx: Context, config: Config) {
  for (const locale in locales) ctx.i18n.define(locale, locales[locale])

  const arrivals = lasting(ctx, 'arrivals', () => new Inbox<Arrival>(WAITING))
  const gateway = new Gateway(ctx, arrival => arrivals.add(arrival))
  if (config.push.guard) gateway.attach(unable)
  ctx.plugin({ name, inject: ['database'], apply: ctx => serve(ctx, config, gateway, arrivals) })
}

function serve(ctx: Context, config: Config, gateway: Gateway, arrivals: Inbox<Arrival>) {
  extendModel(ctx)

  const roster = new Roster(ctx, (event, applied, duplicate) => plan(config, event, applied, duplicate))
  const delivery = new Delivery(ctx, config.requests)
  const last = new LastMessages(ctx)
  const pusher = new Pusher(ctx, config, roster, delivery, last)
  const broadcasts = new Broadcasts(ctx, roster, pusher, delivery)
  const notices = new Notices(ctx, config, roster, delivery, last, (selfId, userId) => pusher.admit(selfId, userId))

  superviseMessages(ctx, config, { gateway, arrivals, roster, pusher })
  takeArrivals(ctx, arrivals, { roster, notices, last })

  // Koishi waits for this before the process ends: outcomes of what is under way are recorded, what waits is still owed
  ctx.on('exit', () => {
    delivery.waits.end()
    return Promise.all([notices.idle(), broadcasts.close()]).then(() => {})
  })

  // eslint-disable-next-line no-new
  new Retention(ctx, roster, pusher, broadcasts, config.history.keepDays)

  const links = new Links(ctx, roster, delivery)
  const service = new QQUserService(ctx, roster, pusher, broadcasts, links)
  definePermission(ctx, service)
  registerCommands(ctx, { service, pusher, notices, statistics: new Statistics(ctx, roster) })
  ctx.set('qqUser', service)

  ctx.inject(['console'], (ctx) => {
    ctx.console.addEntry({
      dev: resolve(__dirname, '../client/index.ts'),
      prod: resolve(__dirname, '../dist'),
    })
    serveConsole(ctx, { gateway, roster, pusher, notices, service, links })
  })
}

interface Rooms {
  gateway: Gateway
  arrivals: Inbox<Arrival>
  roster: Roster
  pusher: Pusher
}

/** Decides about messages of whatever plugin, and learns from what the platform says to them. */
function superviseMessages(ctx: Context, config: Config, { gateway, arrivals, roster, pusher }: Rooms) {
  const guard = new Guard(ctx, roster, config.push.guard ? (user, recall) => pusher.judgeSending(user, recall) : undefined)
  const faults = new Faults(ctx)

  const listener: Listener = {
    groupSeen: (bot, groupId) => guard.noteGroup(bot.selfId, groupId),
    askObjection: (bot, userId, recall) => guard.askObjection(bot.selfId, userId, recall),
    peekObjection: (bot, userId, recall) => config.push.guard ? pusher.peekObjection(bot.selfId, userId, recall) : undefined,
    proactiveAccepted: (bot, userId) => pusher.proactiveAccepted(bot, userId),
    refused(bot, userId, failure, at) {
      pusher.refused(bot, userId, failure)
      faults.note(bot.selfId, failure)
      const event = toConclusion(bot.selfId, userId, failure, at, roster.heardSince(bot.selfId, userId, at))
      if (event) arrivals.add({ event })
    },
  }
  ctx.effect(() => {
    gateway.attach(listener)
    return () => gateway.attach(config.push.guard ? unable : undefined)
  })
}
