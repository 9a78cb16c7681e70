import { Context, Time } from 'koishi'
import { runSafely } from '../../shared/run-safely'
import { ACCESS } from '../shared/calls'
import type { BroadcastSummary } from './protocol'

/** Each broadcast is told of once in so many ms at most. */
const INTERVAL = Time.second

/** Tells the pages that are open how far broadcasts are. */
export class BroadcastFeed {
  private followed = new Set<number>()
  /** What was told last. */
  private told = new Map<number, string>()
  private timer?: () => void

  constructor(private ctx: Context, private read: (id: number) => Promise<BroadcastSummary | undefined>) {
    ctx.on('qq-user/broadcast', ({ id }) => this.follow(id, 0))
  }

  /** Tells of a broadcast, soon. */
  follow(id: number, delay = INTERVAL) {
    if (!Object.keys(this.ctx.console.clients).length) return
    this.followed.add(id)
    this.timer ??= this.wait(delay)
  }

  private wait(delay: number) {
    return this.ctx.setTimeout(() => runSafely(this.ctx, () => this.tell()), delay)
  }

  private async tell() {
    const ids = [...this.followed]
    this.followed.clear()
    this.timer = ids.length ? this.wait(INTERVAL) : undefined
    for (const id of ids) {
      // whoever reads one that runs follows it further
      const row = await this.read(id).catch(() => {
        // a database that is away says nothing; it may be back soon
        this.follow(id)
      })
      if (!row && this.followed.has(id)) continue
      const text = JSON.stringify(row)
      if (row && this.told.get(id) !== text) await this.ctx.get('console')?.broadcast('qq-user/broadcast', row, ACCESS)
      if (this.followed.has(id)) this.told.set(id, text)
      else this.told.delete(id)
    }
  }
}
