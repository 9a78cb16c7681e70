import { Context } from 'koishi'
import { runSafely } from '../../shared/run-safely'
import { QQUser, QQUserEntry } from '../../model'
import { ACCESS } from './calls'
import { Rows } from './rows'
import type { SharedMessages } from './protocol'

/** One message at most in so many ms, and no more waiting than can be told within a second. */
const INTERVAL = 100
const WAITING = 8

/** Tells the pages that are open who changed. */
export class UserFeed {
  private waiting = new Map<string, { user: QQUser; entry: QQUserEntry }>()
  private missed = 0
  private resting = false

  constructor(private ctx: Context, private rows: Rows) {
    ctx.on('qq-user/updated', (user, previous, entry) => {
      if (!Object.keys(ctx.console.clients).length) return
      const key = `${user.selfId} ${user.userId}`
      this.waiting.set(key, { user, entry })
      if (this.waiting.size > WAITING) {
        this.waiting.delete(this.waiting.keys().next().value!)
        this.missed++
      }
      if (!this.resting) this.tell()
    })
  }

  private tell() {
    const [next] = this.waiting
    this.resting = !!next
    if (!next) return
    const [key, { user, entry }] = next
    this.waiting.delete(key)
    const body: SharedMessages['qq-user/changed'] = {
      user: this.rows.user(user),
      entry: this.rows.entry(entry),
      ...this.missed && { missed: this.missed },
    }
    this.missed = 0
    runSafely(this.ctx, () => this.ctx.get('console')?.broadcast('qq-user/changed', body, ACCESS))
    this.ctx.setTimeout(() => this.tell(), INTERVAL)
  }
}
