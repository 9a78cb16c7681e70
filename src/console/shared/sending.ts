import { randomUUID } from 'node:crypto'
import { Context, h } from 'koishi'
import type { Client } from '@koishijs/plugin-console'
import { runSafely } from '../../shared/run-safely'
import { Pusher } from '../../push'
import { explain, PushError } from '../../push/error'
import { CallRegistry } from './calls'
import { fail } from './errors'
import type { Sent, SharedMessages } from './protocol'

const LIMIT = { client: 10, all: 100 }

/** Sends what an operator wrote, through the gate like everything else. */
export class Sending {
  private pending = new Map<Client, number>()

  constructor(private ctx: Context, private pusher: Pusher, private calls: CallRegistry<unknown, SharedMessages>) {}

  push(client: Client, selfId: string, userId: string, elements: h[]) {
    if (!elements.join('').trim()) fail('empty')
    return this.start(client, () => this.pusher.push(selfId, userId, elements))
  }

  /** Sends something whose outcome the client is told later. */
  start(client: Client, push: () => Promise<string[]>) {
    const pending = this.pending.get(client) ?? 0
    const all = [...this.pending.values()].reduce((sum, count) => sum + count, 0)
    if (pending >= LIMIT.client || all >= LIMIT.all) fail('busy')
    this.pending.set(client, pending + 1)
    const ticket = randomUUID()
    // the answer goes first
    setImmediate(() => runSafely(this.ctx, async () => {
      const sent = await this.send(push)
      this.release(client)
      await this.calls.send(client, 'qq-user/sent', { ticket, ...sent })
    }))
    return { ticket }
  }

  private async send(push: () => Promise<string[]>): Promise<Sent> {
    try {
      return { ok: true, ids: await push() }
    } catch (error) {
      if (error instanceof PushError) {
        const remark = explain(this.ctx, error)
        return { ok: false, reason: error.reason, ...error.code && { code: error.code }, ...remark && { remark } }
      }
      this.ctx.logger.warn(error)
      return { ok: false, reason: 'unknown-outcome' }
    }
  }

  private release(client: Client) {
    const pending = this.pending.get(client)! - 1
    if (pending) this.pending.set(client, pending)
    else this.pending.delete(client)
  }
}
