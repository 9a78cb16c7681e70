import { Context } from 'koishi'
import type {} from '@koishijs/plugin-console'
import { Gateway } from '../gateway'
import { Links } from '../links'
import { Pusher } from '../push'
import { Roster } from '../roster'
import { QQUserService } from '../service'
import { Notices } from '../notices'
import { BroadcastsPanel } from './broadcasts'
import { DoctorPanel } from './doctor'
import { LinksPanel } from './links'
import { OverviewPanel } from './overview'
import { CallRegistry } from './shared/calls'
import { Rows } from './shared/rows'
import { Sending } from './shared/sending'
import { SummaryService } from './shared/summary'
import { UserFeed } from './shared/user-feed'
import { TextsPanel } from './texts'
import { TransferPanel } from './transfer'
import { UserPanel } from './user'
import { UsersPanel } from './users'
import type { Calls, Messages } from './protocol'

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
  const calls = new CallRegistry<Calls, Messages>(ctx)
  const sending = new Sending(ctx, pusher, calls)
  /* eslint-disable no-new */
  new OverviewPanel(ctx, roster, calls)
  new UsersPanel(roster, rows, calls)
  new UserPanel(ctx, service, pusher, rows, sending, calls)
  new BroadcastsPanel(ctx, service.broadcasts, sending, calls)
  new LinksPanel(ctx, roster, links, calls)
  new TextsPanel(ctx, notices.texts, service, sending, calls)
  new DoctorPanel(ctx, gateway, roster, pusher, calls)
  new TransferPanel(ctx, roster, service.broadcasts, calls)
  new UserFeed(ctx, rows)
  /* eslint-enable no-new */
  ctx.plugin(SummaryService)
}
