import { QQUser } from '../model'
import { REPLY_COUNT } from '../delivery/route'
import { judge, Reason } from '../gate'
import { RecallReason } from './recall'

/** The ways to write to a user who waits for no answer, best first. */
export const vias = ['proactive', 'reply', 'recall'] as const

/** `reply`: to the user's last message, while one can be replied to. `recall`: a message that the platform allows once in a while after a user has written. */
export type Via = typeof vias[number]

/** Whether a user may be written to, and on which way a message would go. */
export type Reach = { ok: true; via: Via } | { ok: false; reason: Reason }

export interface Situation {
  user: QQUser | undefined
  /** What to make of a user whose switch was never seen. */
  assumeAllowed: boolean
  /** Whether the platform takes no proactive messages to this user, or none of this bot. */
  blocked: boolean
  /** How many replies the user's last message takes. */
  repliesLeft: number
  /** Why the user may not be recalled; `off` if nobody may. */
  recall: RecallReason | 'off' | undefined
  /** Of how many messages consists what is to be sent. */
  parts: number
}

export type Ways = { ok: true; ways: Via[] } | { ok: false; reason: Reason }

/** The ways that are open, best first, or why none is. Whoever said no, or left, is reached on none. */
export function findWays({ user, assumeAllowed, blocked, repliesLeft, recall, parts }: Situation, allowed: readonly Via[]): Ways {
  const verdict = judge(user, assumeAllowed)
  if (!verdict.ok) return verdict
  const open: Record<Via, boolean> = {
    proactive: !blocked,
    // the last one is for the bot's own answer
    reply: repliesLeft > parts,
    // there is but one in a period, and what was begun could not be finished
    recall: !recall && parts === 1,
  }
  const ways = vias.filter(via => allowed.includes(via) && open[via])
  return ways.length ? { ok: true, ways } : { ok: false, reason: explain(user!, recall, parts, allowed) }
}

/** What stands in the way of the last of the ways that could have been taken. */
function explain({ lastMessageAt }: QQUser, recall: Situation['recall'], parts: number, allowed: readonly Via[]): Reason {
  if (!allowed.includes('proactive') && isTooMany(parts, allowed)) return 'refused'
  if (!recall || !allowed.includes('recall')) return 'no-permission'
  // whoever never wrote was not to be recalled in the first place
  if (allowed.includes('proactive') && (recall === 'off' || !lastMessageAt)) return 'no-permission'
  return recall === 'off' ? 'recall-closed' : recall
}

/**
 * Whether a message of so many parts never goes these ways, other than proactively: a recall is one message, and the last
 * reply is for the bot's own answer.
 */
function isTooMany(parts: number, allowed: readonly Via[]) {
  return parts > (allowed.includes('reply') ? REPLY_COUNT - 1 : 1)
}

/** @throws TypeError for what is no list of ways */
export function toVias(value: unknown): readonly Via[] {
  if (value === undefined) return vias
  if (Array.isArray(value) && value.length && value.every(via => vias.includes(via))) return value
  throw new TypeError(`via: expected some of ${vias.map(via => `'${via}'`).join(', ')} in an array`)
}

/** Since and until when (ms) a user is reached that way, or not at all; missing where nobody knows. */
export interface Span {
  since?: number
  until?: number
}
