import { Context } from 'koishi'
import type {} from '@koishijs/plugin-console'
import { Gateway } from '../gateway'
import { Links } from '../links'
import { Pusher } from '../push'
import { Roster } from '../roster'
import { QQUserService } from '../service'
import { Notices } from '../notices'
import { BroadcastsPanel } from './broadcasts'
import { CallRegistry } from './shared/calls'
import { DoctorPanel } from './doctor'
import { Exports } from './transfer/exports'
import { Imports } from './transfer/imports'
import { LinksPanel } from './links'
import { UsersPanel } from './users'
import { UserFeed } from './shared/user-feed'
import { OverviewPanel } from './overview'
import { TextsPanel } from './texts'
import { Rows } from './shared/rows'
import { Sending } from './shared/sending'
import { SummaryService } from './shared/summary'

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
  const previews = new TextsPanel(ctx, notices.texts, service, calls)
  const sending = new Sending(ctx, service, pusher, previews, calls)
  const exports = new Exports(ctx, { roster, broadcasts: service.broadcasts }, calls)
  /* eslint-disable no-new */
  new OverviewPanel(ctx, roster, calls)
  new UsersPanel(roster, service, pusher, rows, calls)
  new BroadcastsPanel(ctx, service.broadcasts, sending, calls)
  new DoctorPanel(ctx, gateway, roster, pusher, calls)
  new LinksPanel(ctx, roster, links, calls)
  new Imports(ctx, roster, calls)
  new UserFeed(ctx, rows)
  /* eslint-enable no-new */
  ctx.plugin(SummaryService)
  ctx.inject(['server'], ctx => exports.serve(ctx))
}
