import { Context } from 'koishi'
import { Notices } from '../notices'
import { Pusher } from '../push'
import { QQUserService } from '../service'
import { Statistics } from '../roster/statistics'
import broadcast from './broadcast'
import broadcasts from './broadcasts'
import forget from './forget'
import info from './info'
import link from './link'
import links from './links'
import list from './list'
import push from './push'
import stats from './stats'
import status from './status'

interface Rooms {
  service: QQUserService
  pusher: Pusher
  notices: Notices
  statistics: Statistics
}

export function registerCommands(ctx: Context, { service, pusher, notices, statistics }: Rooms) {
  ctx.command('qq-user', { authority: 3 })
  list(ctx, service)
  info(ctx, service, pusher, notices)
  stats(ctx, statistics)
  push(ctx, service)
  broadcast(ctx, service)
  broadcasts(ctx, service)
  forget(ctx, service)
  link(ctx, service.links)
  links(ctx, service.links)
  status(ctx, service)
}
