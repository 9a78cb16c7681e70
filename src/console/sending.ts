import { randomUUID } from 'node:crypto'
import { Context, h } from 'koishi'
import type { Client } from '@koishijs/plugin-console'
import { runSafely } from '../shared/run-safely'
import { tame } from '../shared/markup'
import { Pusher } from '../push'
import { findComponent } from '../push/component'
import { explain, PushError } from '../push/error'
import { QQUserService } from '../service'
import { id, text } from './args'
import { CallRegistry } from './calls'
import { fail } from './errors'
import { Previews } from './preview'
import { readPreviewQuery } from './queries'
import type { Sent } from './protocol'

const LIMIT = { content: 5000, client: 10, all: 100 }

/** Sends what an operator wrote, through the gate like everything else. */
export class Sending {
  private pending = new Map<Client, number>()

  constructor(private ctx: Context, service: QQUserService, private pusher: Pusher, previews: Previews, private calls: CallRegistry) {
    calls.add('qq-user/push', async (client, selfId, userId, content) => {
      const elements = h.parse(tame(text(LIMIT.content)(content)))
      const component = findComponent(ctx, elements)
      if (component !== undefined) fail(`component:${component}`)
      return this.push(client, id(selfId), id(userId), elements)
    })

    calls.add('qq-user/send-notice', async (client, value) => {
      const query = readPreviewQuery(value)
      const user = await service.get(query.selfId, id(query.userId)) ?? fail('unknown-user')
      // what the config says may run components, as the recipient
      const { elements } = await previews.compose(query, user)
      return this.push(client, user.selfId, user.userId, elements ?? fail('template'))
    })
  }

  private push(client: Client, selfId: string, userId: string, elements: h[]) {
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
