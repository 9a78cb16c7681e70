import { Context } from 'koishi'
import { Broadcasts } from '../../broadcast'
import { Roster } from '../../roster'
import { CallRegistry } from '../shared/calls'
import { Exports } from './exports'
import { Imports } from './imports'
import type { TransferCalls, TransferMessages } from './protocol'

/** Takes users in from elsewhere, and hands tables out. */
export class TransferPanel {
  constructor(ctx: Context, roster: Roster, broadcasts: Broadcasts, calls: CallRegistry<TransferCalls, TransferMessages>) {
    const exports = new Exports(ctx, { roster, broadcasts }, calls)
    ctx.inject(['server'], ctx => exports.serve(ctx))
    // eslint-disable-next-line no-new
    new Imports(ctx, roster, calls)
  }
}
