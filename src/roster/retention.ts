import { Context, Time } from 'koishi'
import { attempt } from '../shared/attempt'
import { Pusher } from '../push'
import { Roster } from '.'
import { Position } from './ledger'
import { GivenUpError } from './queue'

const INTERVAL = Time.day
const BATCH = 50

/** Prunes the ledger, a little at a time. @param keepDays 0 to keep everything */
export class Retention {
  constructor(ctx: Context, private roster: Roster, private pusher: Pusher, private keepDays: number) {
    const run = () => attempt(ctx, () => this.run().catch((error) => {
      // unloaded in the midst of it
      if (!(error instanceof GivenUpError)) throw error
    }))
    ctx.on('ready', run)
    ctx.setInterval(run, INTERVAL)
  }

  private async run() {
    await this.roster.write(() => this.pusher.prune())
    if (!this.keepDays) return
    const before = new Date(Date.now() - this.keepDays * Time.day)
    let after: Position | undefined
    do {
      after = await this.roster.prune(before, BATCH, after)
      // a database within this process would let nothing else have its turn
      await new Promise(resolve => setImmediate(resolve))
    } while (after)
  }
}
