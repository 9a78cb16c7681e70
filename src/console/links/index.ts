import { randomUUID } from 'node:crypto'
import { Context, Time } from 'koishi'
import type { Client } from '@koishijs/plugin-console'
import { runSafely } from '../../shared/run-safely'
import { Links } from '../../links'
import { LinkError } from '../../links/error'
import { isSceneParam, MAX } from '../../links/model'
import { Roster } from '../../roster'
import { id, optional, text } from '../shared/args'
import { listBots } from '../shared/bots'
import { CallRegistry } from '../shared/calls'
import { fail } from '../shared/errors'
import { LinkDays } from './days'
import type { LinkLine, LinksCalls, LinksMessages, LinkView, Made } from './protocol'

const DAYS = 30
const LIMIT = { others: 50, making: 20 }

/** Makes links, and shows what they bring. */
export class LinksPanel {
  private days: LinkDays
  private making = 0

  constructor(private ctx: Context, roster: Roster, private links: Links, private calls: CallRegistry<LinksCalls, LinksMessages>) {
    this.days = new LinkDays(ctx, roster)
    calls.add('qq-user/links', (client, selfId) => this.list(optional(id)(selfId)))
    calls.add('qq-user/link-lines', (client, selfId) => this.draw(optional(id)(selfId)))
    calls.add('qq-user/create-link', async (client, selfId, sceneParam, title) => {
      return this.create(client, id(selfId), text(64)(sceneParam), optional(text(MAX.title))(title))
    })
    calls.add('qq-user/remove-link', async (client, selfId, sceneParam) => {
      await this.links.remove(id(selfId), isSceneParam(sceneParam) ? sceneParam : fail('bad-request'))
    })
  }

  private async list(only?: string): Promise<LinkView[]> {
    const parts = await Promise.all(this.bots(only).map(selfId => this.links.survey(selfId)))
    const made = parts.flatMap(({ links }) => links).sort((a, b) => +b.createdAt - +a.createdAt)
    const others = parts.flatMap(({ others }) => others).sort((a, b) => b.users - a.users).slice(0, LIMIT.others)
    return [
      ...made.map(link => ({ ...link, createdAt: +link.createdAt })),
      ...others.map(link => ({ ...link, url: null, title: '', createdAt: null })),
    ]
  }

  private async draw(only?: string): Promise<LinkLine[]> {
    const today = Time.getDateNumber()
    const shown = new Set((await this.list(only)).map(toKey))
    const lines = new Map<string, LinkLine>()
    for (const selfId of this.bots(only)) {
      for (let day = 0; day < DAYS; day++) {
        const counts = await this.days.get(selfId, today - DAYS + 1 + day)
        for (const [sceneParam, count] of counts) {
          const key = toKey({ selfId, sceneParam })
          if (!shown.has(key)) continue
          let line = lines.get(key)
          if (!line) lines.set(key, line = { selfId, sceneParam, days: Array(DAYS).fill(0) })
          line.days[day] = count
        }
      }
    }
    return [...lines.values()]
  }

  private bots(only?: string) {
    return only === undefined ? listBots(this.ctx).map(({ selfId }) => selfId).filter(Boolean) : [only]
  }

  /** It may be minutes until the platform makes one. */
  private create(client: Client, selfId: string, sceneParam: string, title?: string) {
    if (!isSceneParam(sceneParam)) fail('bad-param')
    if (this.making >= LIMIT.making) fail('busy')
    this.making++
    const ticket = randomUUID()
    // the answer goes first
    setImmediate(() => runSafely(this.ctx, async () => {
      const made = await this.make(selfId, sceneParam, title)
      this.making--
      await this.calls.send(client, 'qq-user/link-made', { ticket, ...made })
    }))
    return { ticket }
  }

  private async make(selfId: string, sceneParam: string, title?: string): Promise<Made> {
    try {
      const { url } = await this.links.create(selfId, sceneParam, { title })
      return { ok: true, selfId, sceneParam, url }
    } catch (error) {
      if (error instanceof LinkError) return { ok: false, reason: error.reason, ...error.code && { code: error.code } }
      this.ctx.logger.warn(error)
      return { ok: false, reason: 'failed' }
    }
  }
}

function toKey({ selfId, sceneParam }: Pick<LinkLine, 'selfId' | 'sceneParam'>) {
  return `${selfId} ${sceneParam}`
}
