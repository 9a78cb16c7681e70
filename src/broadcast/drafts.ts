import { Context, Fragment } from 'koishi'
import { Delivery } from '../delivery'
import { Via } from '../push/ways'
import { Roster } from '../roster'
import { readAudience } from './audience'
import { readContent } from './content'
import { fail, readTime, readTitle, readVias } from './input'
import { Audience, BroadcastRow } from './model'

export interface BroadcastOptions {
  /** The bot that sends it. */
  selfId: string
  /** Koishi elements, with `{user.name}`, `{user.id}`, `{bot.name}` and `{bot.id}` filled in for each recipient. */
  content: Fragment
  /** For the operator only. */
  title?: string
  /** All friends unless told. */
  audience?: Audience
  /** When it starts by itself. */
  startAt?: Date
  /** The ways that it may take, all of them unless told. */
  via?: readonly Via[]
}

/** What is chosen of a broadcast when it is made. */
export type Draft = Pick<BroadcastRow, 'selfId' | 'title' | 'content' | 'audience' | 'via' | 'state' | 'startAt' | 'repeats'>

/** Looks at what a broadcast is to be made of. */
export class Drafts {
  constructor(private ctx: Context, private roster: Roster, private delivery: Delivery) {}

  /** @throws BroadcastError for what cannot be sent */
  async read({ selfId, content, title = '', audience, startAt, via }: BroadcastOptions): Promise<Draft> {
    this.findBot(selfId)
    const time = readTime(startAt)
    return {
      selfId,
      title: readTitle(title),
      content: readContent(this.ctx, content),
      audience: JSON.stringify(await this.readAudience(selfId, audience)),
      via: readVias(via),
      state: time ? 'scheduled' : 'draft',
      startAt: time,
      repeats: null,
    }
  }

  /** @throws BroadcastError */
  findBot(selfId: string) {
    return this.delivery.find(selfId, false) ?? fail('unknown-bot')
  }

  private async readAudience(selfId: string, value: Audience | undefined) {
    const audience = readAudience(value)
    const { userIds } = audience
    if (!userIds) return audience
    const known = await this.roster.users.find(selfId, userIds)
    const unknown = userIds.filter(id => !known.has(id))
    return unknown.length ? fail('unknown-user', `${unknown.length}, ${unknown[0]} for one`) : audience
  }
}

/** The row of a broadcast that was not started yet. */
export function toRow(draft: Draft): Omit<BroadcastRow, 'id'> {
  return {
    ...draft,
    createdAt: new Date(),
    startedAt: null,
    finishedAt: null,
    pausedAt: null,
    reason: '',
    total: 0,
    sent: 0,
    skipped: 0,
    failed: 0,
    unknown: 0,
    until: null,
    enrolled: '',
    complete: false,
    owner: '',
    beat: 0,
  }
}
