import { Context } from 'koishi'
import { Reason } from '../gate'
import { Consent, MAX_ID, Relation } from '../model'
import { Via } from '../push/ways'

declare module 'koishi' {
  interface Tables {
    qq_user_broadcast: BroadcastRow
    qq_user_broadcast_recipient: RecipientRow
  }
}

/** Whom a broadcast is for. Everything given must hold. */
export interface Audience {
  /** `friend` unless told. */
  relation?: Relation
  consent?: Consent
  /** Where the users came from, as the platform numbers it. */
  scene?: number
  /** The developer's own data on the link that the users followed. */
  sceneParam?: string
  /** The beginning of the users' ids or names. */
  search?: string
  /** These users only. */
  userIds?: string[]
  /** Only users whose last message to the bot came at this time or later. */
  activeSince?: Date
}

/** `paused` with a reason: by itself. What waits for the bot or the platform goes on by itself, too. */
export type BroadcastState = 'draft' | 'scheduled' | 'running' | 'paused' | 'finished' | 'cancelled'

/** `sending`: taken on, and nobody knows yet. `unknown`: nobody ever will, so that it is not sent again. */
export type RecipientState = typeof recipientStates[number]
export const recipientStates = ['pending', 'sending', 'sent', 'skipped', 'failed', 'unknown'] as const

/** How many recipients there are of which state; those that are under way count as pending. `total` is the sum of the others. */
export interface BroadcastCounts {
  total: number
  pending: number
  sent: number
  skipped: number
  failed: number
  unknown: number
}

/** One message to many users, each of whom gets it once. */
export interface Broadcast {
  id: number
  /** The bot that sends it. */
  selfId: string
  title: string
  /** Koishi elements, with `{user.name}` and the like filled in for each recipient. */
  content: string
  audience: Audience
  /** The ways that it may take. */
  via: Via[]
  state: BroadcastState
  createdAt: Date
  /** When it is to start, if not at once. */
  startAt: Date | null
  /** When it did; whoever came later is not in it. */
  startedAt: Date | null
  finishedAt: Date | null
  /** Since when it is paused: tries to go on with which nobody was reached do not count. */
  pausedAt: Date | null
  /** Why it paused by itself; empty otherwise. */
  reason: string
  /** The broadcast that this one repeats for those whom it did not reach for a passing reason. */
  repeats: number | null
  counts: BroadcastCounts
}

/** Why nothing comes of a broadcast that runs: the bot's limit, the proof that no other process runs it, or something that fails. */
export type Stall = 'limit' | 'lease' | 'error' | 'unknown'

/** What keeps a broadcast from getting on, if anything does. */
export interface Outlook {
  /** Of one that is paused, an operator, or another try by itself. */
  waitsFor?: Stall | 'operator' | 'retry'
  /** When (ms) it is tried again, where that is known. */
  retryAt?: number
}

/** What becomes of a broadcast with one user. */
export interface BroadcastRecipient {
  userId: string
  state: RecipientState
  /** Why it was skipped or has failed: a reason of `canPush`, what the platform's answer means, or `too-long` with what was filled in. */
  reason: string
  /** The platform's error code. */
  code: number | null
  /** The way that it went. */
  via: Via | null
  /** When that was. */
  at: Date | null
}

export interface EstimateQuery {
  selfId: string
  /** All friends unless told. */
  audience?: Audience
  /** All ways unless told. */
  via?: readonly Via[]
}

/** Whom a broadcast would reach now. */
export interface Estimate {
  total: number
  reachable: number
  /** How many are kept out, by reason. */
  skipped: Partial<Record<Reason, number>>
  /** How many would be written to on which way. */
  ways: Partial<Record<Via, number>>
  /** How long it takes (ms) with the bot's limits. */
  duration: number
}

type Sums = Record<'sent' | 'skipped' | 'failed' | 'unknown', number>

/** A row of `qq_user_broadcast`. The sums are of what was settled; those of a running one are written now and then. */
export interface BroadcastRow extends Omit<Broadcast, 'counts' | 'audience'>, Sums {
  /** As JSON. */
  audience: string
  total: number
  /** Whoever was first seen later is not in it. */
  until: Date | null
  /** The last user who was taken into the recipients, in the order of ids. */
  enrolled: string
  /** Whether all were. */
  complete: boolean
  /** The process that runs it. */
  owner: string
  /** Changes as long as that process is there. */
  beat: number
}

/** A row of `qq_user_broadcast_recipient`. */
export interface RecipientRow extends BroadcastRecipient {
  broadcast: number
  selfId: string
  /** Marks who took it on. */
  token: string
}

export function extendBroadcastModel(ctx: Context) {
  ctx.model.extend('qq_user_broadcast', {
    id: 'unsigned',
    selfId: `string(${MAX_ID})`,
    title: 'string(255)',
    content: 'text',
    audience: 'text',
    via: 'list',
    state: { type: 'string', length: 16, initial: 'draft' },
    createdAt: 'timestamp',
    startAt: 'timestamp',
    startedAt: 'timestamp',
    finishedAt: 'timestamp',
    pausedAt: 'timestamp',
    reason: { type: 'string', length: 64, initial: '' },
    repeats: { type: 'unsigned' },
    total: { type: 'unsigned', initial: 0 },
    sent: { type: 'unsigned', initial: 0 },
    skipped: { type: 'unsigned', initial: 0 },
    failed: { type: 'unsigned', initial: 0 },
    unknown: { type: 'unsigned', initial: 0 },
    until: 'timestamp',
    enrolled: { type: 'string', length: MAX_ID, initial: '' },
    complete: { type: 'boolean', initial: false },
    owner: { type: 'string', length: 16, initial: '' },
    beat: { type: 'unsigned', initial: 0 },
  }, {
    primary: 'id',
    autoInc: true,
    indexes: [['state'], ['selfId', 'id']],
  })

  ctx.model.extend('qq_user_broadcast_recipient', {
    broadcast: 'unsigned',
    userId: `string(${MAX_ID})`,
    selfId: `string(${MAX_ID})`,
    state: { type: 'string', length: 16, initial: 'pending' },
    reason: { type: 'string', length: 64, initial: '' },
    code: { type: 'unsigned' },
    via: { type: 'string', length: 16 },
    at: 'timestamp',
    token: { type: 'string', length: 16, initial: '' },
  }, {
    primary: ['broadcast', 'userId'],
    indexes: [
      ['broadcast', 'state', 'reason', 'userId'],
      ['selfId', 'userId'],
    ],
  })
}
