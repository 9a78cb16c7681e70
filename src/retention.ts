import { Context, Time } from 'koishi'
import { nextTurn } from './shared/next-turn'
import { runSafely } from './shared/run-safely'
import { Broadcasts } from './broadcast'
import { Pusher } from './push'
import { Roster } from './roster'
import { Outdated, Position } from './roster/ledger'
import { GivenUpError } from './roster/queue'

const INTERVAL = Time.day
const BATCH = 50
/** After how many entries that cannot be removed it is left at that for the day. */
const MAX_FAILURES = 100

/** Prunes the ledger, a little at a time. @param keepDays 0 to keep everything */
export class Retention {
  constructor(private ctx: Context, private roster: Roster, private pusher: Pusher, private broadcasts: Broadcasts, private keepDays: number) {
    const run = () => runSafely(ctx, () => this.run().catch(ignoreEnd))
    ctx.on('ready', run)
    ctx.setInterval(run, INTERVAL)
  }

  private async run() {
    // what pushes keep goes by itself, whether or not the ledger is pruned
    await runSafely(this.ctx, () => this.roster.write(() => this.pusher.prune()).catch(ignoreEnd))
    if (!this.keepDays) return
    const before = new Date(Date.now() - this.keepDays * Time.day)
    const failures: unknown[] = []
    let after: Position | undefined
    do {
      const { ids, next }: Outdated = await this.roster.outdated(before, BATCH, after)
      if (ids.length) failures.push(...await this.remove(ids))
      after = next
      // SQLite runs within this process: without a pause nothing else would have its turn
      await nextTurn()
    } while (after && !this.roster.closed && failures.length < MAX_FAILURES)
    if (!this.roster.closed) await runSafely(this.ctx, () => this.broadcasts.prune(before))
    if (failures.length) this.ctx.logger('qq-user').warn('%d old entries of the ledger cannot be removed: %s', failures.length, failures[0])
  }

  /** Removes entries one by one if they cannot be removed together. @returns why some could not be */
  private async remove(ids: string[]): Promise<unknown[]> {
    try {
      await this.roster.removeEntries(ids)
      return []
    } catch (error) {
      if (error instanceof GivenUpError) throw error
      if (ids.length === 1) return [error]
    }
    const failures: unknown[] = []
    for (const id of ids) failures.push(...await this.remove([id]))
    return failures
  }
}

/** Unloaded in the midst of it. */
function ignoreEnd(error: unknown) {
  if (!(error instanceof GivenUpError)) throw error
}
