import { Time } from 'koishi'
import { RecentMap } from '../shared/recent-map'

const SUSPENSION = Time.hour
const USERS = 20_000
/** How many users in a row make it the bot's. */
const IN_A_ROW = 3

interface BotState {
  /** Users who were refused since the last message that went out. */
  row: Set<string>
  /** When (ms) the bot was suspended. */
  suspendedAt?: number
}

/** What is known of who may not be written to. To be kept across reloads. */
export function createPermissionState() {
  return { users: new RecentMap<number>(USERS, SUSPENSION), bots: new Map<string, BotState>() }
}

/**
 * Whether the platform lets proactive messages through. Where it refuses one for want of a permission it does not say of
 * whom: it counts for the user, and for the bot once several users in a row were refused.
 */
export class PermissionWatch {
  constructor(private state = createPermissionState()) {}

  /** A message was refused for want of a permission. @returns whether the bot is suspended for it, and was not before */
  refused(selfId: string, userId: string): boolean {
    this.state.users.set(toKey(selfId, userId), Date.now())
    const { row } = this.bot(selfId)
    row.add(userId)
    return row.size >= IN_A_ROW && this.suspend(selfId)
  }

  /** A proactive message went out. */
  succeeded(selfId: string, userId: string) {
    this.state.users.delete(toKey(selfId, userId))
    this.online(selfId)
  }

  /** Nothing proactive from this bot for a while. @returns whether that is new */
  suspend(selfId: string): boolean {
    const isNew = !this.suspendedUntil(selfId)
    this.state.bots.set(selfId, { row: new Set(), suspendedAt: Date.now() })
    return isNew
  }

  /** The bot is back online: what it may is found out anew. */
  online(selfId: string) {
    this.state.bots.delete(selfId)
  }

  /** Whether a user may not be written to proactively by this bot. */
  isBlocked(selfId: string, userId: string): boolean {
    return !!this.findBlock(selfId, userId)
  }

  /** Since and until when (ms) that is so, the longer of the two. */
  findBlock(selfId: string, userId: string): { since: number; until: number } | undefined {
    const bot = this.suspendedUntil(selfId)
    const user = this.state.users.get(toKey(selfId, userId))
    const at = Math.max(bot === undefined ? -Infinity : bot - SUSPENSION, user ?? -Infinity)
    if (at > -Infinity) return { since: at, until: at + SUSPENSION }
  }

  /** Until when (ms) a bot may not write proactively, if so. */
  suspendedUntil(selfId: string): number | undefined {
    const at = this.state.bots.get(selfId)?.suspendedAt
    // a clock that was set back must not prolong it
    if (at !== undefined && at <= Date.now() && Date.now() < at + SUSPENSION) return at + SUSPENSION
  }

  private bot(selfId: string) {
    let bot = this.state.bots.get(selfId)
    if (!bot) this.state.bots.set(selfId, bot = { row: new Set() })
    return bot
  }
}

function toKey(selfId: string, userId: string) {
  return `${selfId} ${userId}`
}
