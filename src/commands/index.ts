import { Context } from 'koishi'
import { Pusher } from '../push'
import { QQUserService } from '../service'
import { Statistics } from '../roster/statistics'
import broadcast from './broadcast'
import broadcasts from './broadcasts'
import forget from './forget'
import info from './info'
import list from './list'
import push from './push'
import stats from './stats'
import status from './status'

export function registerCommands(ctx: Context, service: QQUserService, pusher: Pusher, statistics: Statistics) {
  ctx.command('qq-user', { authority: 3 })
  list(ctx, service)
  info(ctx, service, pusher)
  stats(ctx, statistics)
  push(ctx, service)
  broadcast(ctx, service)
  broadcasts(ctx, service)
  forget(ctx, service)
  status(ctx, service)
}
