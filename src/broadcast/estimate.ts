import { judge, Reason } from '../gate'
import { QQUser } from '../model'
import { Pusher } from '../push'
import { Via, vias } from '../push/ways'
import { Roster } from '../roster'
import { toQuery } from './audience'
import { Audience, Estimate } from './model'

export type { Estimate, EstimateQuery } from './model'

/** How many users are looked at one by one; of more, these stand for all. */
const SAMPLE = 500

/** Tells whom a message would reach, without looking at each of a million. */
export class Estimates {
  constructor(private roster: Roster, private pusher: Pusher) {}

  async get(selfId: string, audience: Audience, allowed: readonly Via[]): Promise<Estimate> {
    const groups = await this.roster.users.survey(begins => toQuery(selfId, audience, begins))
    const total = groups.reduce((sum, { count }) => sum + count, 0)
    const estimate: Estimate = { total, reachable: 0, skipped: {}, ways: {}, duration: 0 }
    let left = 0
    for (const { relation, consent, count } of groups) {
      const verdict = judge({ relation, consent }, this.pusher.assumeAllowed)
      if (verdict.ok) left += count
      else estimate.skipped[verdict.reason] = (estimate.skipped[verdict.reason] ?? 0) + count
    }
    // where nothing else stands in the way, nobody has to be looked at
    if (allowed.includes('proactive') && this.pusher.suspendedUntil(selfId) === undefined) estimate.ways.proactive = left
    else await this.sample(estimate, left, selfId, audience, allowed)
    for (const via of vias) {
      if (!estimate.ways[via]) delete estimate.ways[via]
      else estimate.reachable += estimate.ways[via]!
    }
    estimate.duration = this.toDuration(estimate.reachable - (estimate.ways.reply ?? 0))
    return estimate
  }

  /** How long (ms) so many messages take. */
  toDuration(count: number) {
    return Math.ceil(count * this.pusher.step)
  }

  private async sample({ skipped, ways }: Estimate, left: number, selfId: string, audience: Audience, allowed: readonly Via[]) {
    const users = await this.roster.users.match(begins => toQuery(selfId, audience, begins), SAMPLE)
    const open = users.filter(user => judge(user, this.pusher.assumeAllowed).ok)
    const share = open.length ? left / open.length : 0
    const counts = new Map<string, number>()
    for (const user of open) {
      const kind = await this.look(user, allowed)
      counts.set(kind, (counts.get(kind) ?? 0) + 1)
    }
    for (const [kind, count] of apportion(counts, share, left)) {
      const [list, key] = kind.split(' ')
      if (list === 'way') ways[key as Via] = count
      else skipped[key as Reason] = (skipped[key as Reason] ?? 0) + count
    }
  }

  private async look({ selfId, userId }: QQUser, allowed: readonly Via[]) {
    const reach = await this.pusher.judge(selfId, userId, allowed)
    return reach.ok ? `way ${reach.via}` : `reason ${reach.reason}`
  }
}

/** Shares that add up. */
function* apportion(counts: Map<string, number>, share: number, total: number): Generator<[string, number]> {
  let before = 0
  let given = 0
  for (const [kind, count] of counts) {
    before += count
    const due = Math.min(total, Math.round(before * share))
    yield [kind, due - given]
    given = due
  }
}
