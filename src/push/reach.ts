import { Config } from '../config'
import { Delivery } from '../delivery'
import { LastMessages } from '../delivery/last-messages'
import { REPLY_WINDOW } from '../delivery/route'
import { judge, Verdict } from '../gate'
import { QQUser } from '../model'
import { Roster } from '../roster'
import { PermissionWatch } from './permission-watch'
import { findNextRecall, findRecallEnd, findRecallPause, judgeRecall, Spent } from './recall'
import { Recalls } from './recalls'
import { findWays, Reach, Span, Via, vias, Ways } from './ways'

/** Knows on which ways a user can be reached. */
export class Reaches {
  constructor(
    private config: Config['push'],
    private roster: Roster,
    private delivery: Delivery,
    private last: LastMessages,
    private permissions: PermissionWatch,
    private recalls: Recalls,
  ) {}

  /** The ways that are open now to what consists of so many messages, best first, or why none is. */
  async find(selfId: string, userId: string, allowed: readonly Via[] = vias, parts = 1): Promise<Ways> {
    const user = await this.roster.get(selfId, userId)
    const blocked = this.permissions.isBlocked(selfId, userId)
    // while a proactive message may go, nobody has to ask the database about recalls
    const spent = user && allowed.includes('recall') && (blocked || !allowed.includes('proactive')) ? await this.recalls.get(selfId, userId) : undefined
    const ways = this.decide(user, spent, allowed, parts)
    return !ways.ok || this.delivery.find(selfId) ? ways : { ok: false, reason: 'offline' }
  }

  /** Whether a user wants to be reached, and could be. */
  async permits(selfId: string, userId: string): Promise<Verdict> {
    const verdict = judge(await this.roster.get(selfId, userId), this.config.assumeAllowed)
    return !verdict.ok || this.delivery.find(selfId) ? verdict : { ok: false, reason: 'offline' }
  }

  /** Whether a user can be reached, on which way, and for how long that holds. */
  async describe(selfId: string, userId: string): Promise<{ verdict: Reach; span: Span }> {
    const ways = await this.find(selfId, userId)
    const verdict = toReach(ways)
    const user = await this.roster.get(selfId, userId)
    return { verdict, span: user ? await this.findSpan(user, verdict) : {} }
  }

  /** Whether somebody who may not be recalled now may be without writing before. */
  async reopens(selfId: string, userId: string): Promise<boolean> {
    const user = await this.roster.get(selfId, userId)
    return this.config.recall && !!user && !!findNextRecall(user.lastMessageAt, await this.recalls.get(selfId, userId), Date.now())
  }

  private decide(user: QQUser | undefined, spent: Spent | undefined, allowed: readonly Via[], parts: number) {
    const message = user && this.last.get(user.selfId, user.userId)
    return findWays({
      user,
      assumeAllowed: this.config.assumeAllowed,
      blocked: !!user && this.permissions.isBlocked(user.selfId, user.userId),
      repliesLeft: message ? this.last.repliesLeft(message) : 0,
      recall: this.config.recall ? judgeRecall(user?.lastMessageAt ?? null, spent, Date.now()) : 'off',
      parts,
    }, allowed)
  }

  private async findSpan({ selfId, userId, consent, consentAt, relationAt, lastMessageAt }: QQUser, verdict: Reach): Promise<Span> {
    switch (verdict.ok ? verdict.via : verdict.reason) {
      case 'proactive':
        return consent === 'allowed' ? { since: toTime(consentAt) } : {}
      case 'reply': {
        const at = this.last.get(selfId, userId)?.at
        return at === undefined ? {} : { since: at, until: at + REPLY_WINDOW }
      }
      case 'recall':
        return lastMessageAt ? { since: +lastMessageAt, until: findRecallEnd(lastMessageAt) } : {}
      case 'recall-used':
      case 'recall-closed': {
        const { since, until = Infinity } = findRecallPause(lastMessageAt, await this.recalls.get(selfId, userId), Date.now())
        // whichever way opens first
        const next = Math.min(until, this.permissions.findBlock(selfId, userId)?.until ?? Infinity)
        return { since, until: next < Infinity ? next : undefined }
      }
      case 'rejected':
        return { since: toTime(consentAt) }
      case 'deleted':
        return { since: toTime(relationAt) }
      case 'no-permission':
        return this.permissions.findBlock(selfId, userId) ?? {}
      default:
        return {}
    }
  }
}

export function toReach(ways: Ways): Reach {
  return ways.ok ? { ok: true, via: ways.ways[0] } : ways
}

function toTime(date: Date | null | undefined) {
  return date ? +date : undefined
}
