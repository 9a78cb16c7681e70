import { Context } from 'koishi'
import type {} from '@koishijs/plugin-console'
import { Gateway } from '../gateway'
import { Links } from '../links'
import { Pusher } from '../push'
import { Roster } from '../roster'
import { QQUserService } from '../service'
import { Notices } from '../notices'
import { BroadcastCalls } from './broadcasts'
import { CallRegistry } from './calls'
import { Diagnostics } from './diagnosis'
import { Exports } from './exports'
import { Imports } from './imports'
import { LinkPanel } from './links'
import { Lists } from './list'
import { Live } from './live'
import { Overviews } from './overview'
import { Previews } from './preview'
import { Rows } from './rows'
import { Sending } from './sending'
import { SummaryService } from './summary'

export interface Rooms {
  gateway: Gateway
  roster: Roster
  pusher: Pusher
  notices: Notices
  service: QQUserService
  links: Links
}

/** What stands behind the page. */
export function serveConsole(ctx: Context, { gateway, roster, pusher, notices, service, links }: Rooms) {
  const rows = new Rows(ctx, id => notices.isUnderWay(id))
  const calls = new CallRegistry(ctx)
  const previews = new Previews(ctx, notices.texts, service, calls)
  const sending = new Sending(ctx, service, pusher, previews, calls)
  const exports = new Exports(ctx, { roster, broadcasts: service.broadcasts }, calls)
  /* eslint-disable no-new */
  new Overviews(ctx, roster, calls)
  new Lists(roster, service, pusher, rows, calls)
  new BroadcastCalls(ctx, service.broadcasts, sending, calls)
  new Diagnostics(ctx, gateway, roster, pusher, calls)
  new LinkPanel(ctx, roster, links, calls)
  new Imports(ctx, roster, calls)
  new Live(ctx, rows)
  /* eslint-enable no-new */
  ctx.plugin(SummaryService)
  ctx.inject(['server'], ctx => exports.serve(ctx))
}
