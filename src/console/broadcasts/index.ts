import { Context, h } from 'koishi'
import { Broadcasts } from '../../broadcast'
import { BroadcastError } from '../../broadcast/error'
import { isActive } from '../../broadcast/phases'
import { Audience, Broadcast, BroadcastRecipient } from '../../broadcast/model'
import { temporaryReasons } from '../../broadcast/result'
import { CallRegistry, Handler } from '../shared/calls'
import { CallError } from '../shared/errors'
import { Sending } from '../shared/sending'
import type { ErrorCode } from '../shared/protocol'
import { BroadcastFeed } from './feed'
import { broadcastId, readAction, readAudienceQuery, readBroadcastDraft, readBroadcastsQuery, readDraftQuery, readRecipientPageQuery } from './queries'
import type { AudienceRow, BroadcastDetail, BroadcastsCalls, BroadcastsQuery, BroadcastSummary } from './protocol'

const LIMIT = { page: 20, recipients: 50, active: 200, excerpt: 160 }

/** Writes one message to many users, at an operator's bidding. */
export class BroadcastsPanel {
  private live: BroadcastFeed

  constructor(ctx: Context, private broadcasts: Broadcasts, sending: Sending, private calls: CallRegistry<BroadcastsCalls>) {
    this.live = new BroadcastFeed(ctx, async (id) => {
      const broadcast = await broadcasts.get(id)
      return broadcast && this.toSummary(broadcast)
    })

    this.add('qq-user/broadcasts', (client, query) => this.list(readBroadcastsQuery(query)))

    this.add('qq-user/broadcast-get', (client, id) => this.get(broadcastId(id)))

    this.add('qq-user/broadcast-recipients', async (client, value) => {
      const { id, limit = LIMIT.recipients, ...query } = readRecipientPageQuery(value)
      return (await broadcasts.recipients(id, { ...query, limit })).map(toRecipient)
    })

    this.add('qq-user/broadcast-estimate', (client, value) => {
      const { audience, ...query } = readAudienceQuery(value)
      return broadcasts.estimate({ ...query, audience: toAudience(audience) })
    })

    this.add('qq-user/broadcast-preview', async (client, value) => {
      const { selfId, content, userId } = readDraftQuery(value)
      try {
        return { content: (await broadcasts.preview(selfId, content, userId)).join(''), errors: [] }
      } catch (error) {
        if (!(error instanceof BroadcastError)) throw error
        return { content: '', errors: error.errors, ...!error.errors.length && { fault: toCode(error) } }
      }
    })

    this.add('qq-user/broadcast-test', async (client, value) => {
      const { selfId, content, userId, via } = readDraftQuery(value)
      // what is wrong with it is told at once
      await broadcasts.preview(selfId, content, userId)
      return sending.start(client, () => broadcasts.test(selfId, content, userId, via))
    })

    this.add('qq-user/broadcast-create', async (client, value) => {
      const { audience, startAt, ...draft } = readBroadcastDraft(value)
      return this.toSummary(await broadcasts.create({
        ...draft,
        audience: toAudience(audience),
        ...startAt !== undefined && { startAt: new Date(startAt) },
      }))
    })

    this.add('qq-user/broadcast-do', async (client, id, action) => {
      const broadcast = await broadcasts[readAction(action)](broadcastId(id))
      return this.toSummary(broadcast)
    })
  }

  private add<K extends keyof BroadcastsCalls>(name: K, handler: Handler<BroadcastsCalls, K>) {
    this.calls.add(name, (async (...args) => {
      try {
        return await handler(...args)
      } catch (error) {
        throw error instanceof BroadcastError ? new CallError(toCode(error)) : error
      }
    }) as Handler<BroadcastsCalls, K>)
  }

  private async list({ active, limit = LIMIT.page, ...query }: BroadcastsQuery): Promise<BroadcastSummary[]> {
    const broadcasts = await this.broadcasts.list({ ...query, limit: active ? LIMIT.active : limit })
    const wanted = active ? broadcasts.filter(({ state }) => isActive(state)) : broadcasts
    return wanted.slice(0, limit).map(broadcast => this.toSummary(broadcast))
  }

  private async get(id: number): Promise<BroadcastDetail | null> {
    const broadcast = await this.broadcasts.get(id)
    if (!broadcast) return null
    const { content, repeats, startedAt, audience: { activeSince, ...audience } } = broadcast
    return {
      broadcast: this.toSummary(broadcast),
      content,
      ...repeats && !startedAt && { missed: await this.countMissed(repeats) },
      audience: { ...audience, ...activeSince && { activeSince: +activeSince } },
      reasons: await this.broadcasts.reasons(id),
    }
  }

  /** Whom one that repeats another is for. */
  private async countMissed(id: number) {
    const reasons = await this.broadcasts.get(id) ? await this.broadcasts.reasons(id) : []
    const total = reasons
      .filter(({ state, reason }) => (state === 'skipped' || state === 'failed') && temporaryReasons.some(other => other === reason))
      .reduce((sum, { count }) => sum + count, 0)
    return { total, duration: this.broadcasts.timeLeft({ counts: { total, pending: total, sent: 0, skipped: 0, failed: 0, unknown: 0 } }) }
  }

  /** Whoever is shown one that goes on, or may do so by itself, is told what becomes of it. */
  private toSummary(broadcast: Broadcast): BroadcastSummary {
    const { id, selfId, title, content, via, state, createdAt, startAt, startedAt, finishedAt, pausedAt, reason, repeats, counts } = broadcast
    const outlook = this.broadcasts.outlook(broadcast)
    if (state === 'running' || outlook.waitsFor === 'retry') this.live.follow(id)
    return {
      id,
      selfId,
      title,
      via,
      state,
      reason,
      repeats,
      counts,
      excerpt: toExcerpt(content),
      createdAt: +createdAt,
      startAt: toTime(startAt),
      startedAt: toTime(startedAt),
      finishedAt: toTime(finishedAt),
      pausedAt: toTime(pausedAt),
      ...outlook,
      ...(state === 'running' || state === 'paused') && { timeLeft: this.broadcasts.timeLeft(broadcast) },
    }
  }
}

function toAudience({ activeSince, ...audience }: AudienceRow): Audience {
  return { ...audience, ...activeSince !== undefined && { activeSince: new Date(activeSince) } }
}

/** What can be read of it, in one line. */
function toExcerpt(content: string) {
  return h.unescape(content.replace(/\{[#/:][^{}]*\}/g, '').replace(/<[^<>]*>/g, ' ').replace(/\s+/g, ' ')).trim().slice(0, LIMIT.excerpt)
}

function toRecipient({ userId, state, reason, code, via, at }: BroadcastRecipient) {
  return { userId, state, reason, code, via, at: toTime(at) }
}

function toCode({ reason, detail }: BroadcastError): ErrorCode {
  if (reason === 'component') return `component:${detail ?? ''}`
  return reason === 'unknown-user' && detail ? `unknown-users:${detail}` : reason
}

function toTime(date: Date | null) {
  return date ? +date : null
}
