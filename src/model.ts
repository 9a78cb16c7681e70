import { Context } from 'koishi'

declare module 'koishi' {
  interface Tables {
    qq_user: QQUser
    qq_user_event: QQUserEntry
  }
}

/** Whether the user has the bot in their message list. `unknown`: only a toggle of theirs was seen. */
export type Relation = typeof relations[number]
export const relations = ['unknown', 'friend', 'deleted'] as const

/** Whether the user accepts proactive messages. `unknown`: their switch was never seen. */
export type Consent = typeof consents[number]
export const consents = ['unknown', 'allowed', 'rejected'] as const

/** A row of `qq_user`, one for each user of a bot. `consentAt`, `sceneAt` and `nameAt` say when the event occurred that the value is from. */
export interface QQUser {
  /** The bot's id, `bot.selfId`. */
  selfId: string
  /** The user's `openid`, which differs from bot to bot. */
  userId: string
  relation: Relation
  /** When the relation was last confirmed: each message confirms a friend. */
  relationAt: Date | null
  consent: Consent
  consentAt: Date | null
  /** When the first fact of any kind about this user occurred: an addition, a toggle, a message, an import. */
  firstSeen: Date
  /** When the user last wrote to the bot. Written every half a minute at most; reads through the service are exact. */
  lastMessageAt: Date | null
  /** Where the user came from, as the platform numbers it (1000 default, 1001 search, 2003 a generated link, ...). */
  scene: number | null
  /** The developer's own `callback_data` on a generated link. */
  sceneParam: string | null
  sceneAt: Date | null
  /** The nickname that came with the user's messages, often unknown. */
  name: string | null
  nameAt: Date | null
}

/** What happened, named as the session event that announces it. */
export type EventType = typeof eventTypes[number]
export const eventTypes = ['friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed'] as const

/** How the bot came to know. */
export type EventSource = typeof eventSources[number]
export const eventSources = [
  'friend-add', 'friend-del', 'msg-reject', 'msg-receive', 'authorize',
  'message', 'send-error', 'operator', 'import',
] as const

/** What became of the message that an event causes. */
export type NoticeState = typeof noticeStates[number]
export const noticeStates = ['none', 'pending', 'sent', 'skipped', 'failed'] as const

/** A row of `qq_user_event`, the append-only ledger. Only `notice`, `noticeReason` and `origin` change after it was written. */
export interface QQUserEntry {
  /** The `id` of the platform's envelope, or one derived from the event where there is none. */
  id: string
  selfId: string
  userId: string
  type: EventType
  source: EventSource
  /** When it happened, as the platform says. */
  occurredAt: Date
  /** When this bot heard of it. */
  receivedAt: Date
  /** Whether it changed the state. */
  applied: boolean
  /** The platform only implied it, so that what it said outright at about the same time is right. */
  weak: boolean
  notice: NoticeState
  /** Why the notice was skipped or failed: `expired`, `stale`, `template`, a reason of `canPush`, or `code:` and the platform's code. */
  noticeReason: string
  /** Begins with the id of the process that recorded the entry, and therefore announced it, or that took its notice on. */
  origin: string
}

/** Ids longer than this do not come from the platform. */
export const MAX_ID = 100

export function extendModel(ctx: Context) {
  ctx.model.extend('qq_user', {
    selfId: `string(${MAX_ID})`,
    userId: `string(${MAX_ID})`,
    // always written: it is empty only in a row that is just being inserted
    relation: { type: 'string', length: 16, initial: '' as never },
    relationAt: 'timestamp',
    consent: { type: 'string', length: 16, initial: 'unknown' },
    consentAt: 'timestamp',
    firstSeen: 'timestamp',
    lastMessageAt: 'timestamp',
    // nothing is known, unlike 0 or an empty text
    scene: { type: 'integer' },
    sceneParam: { type: 'string', length: 255 },
    sceneAt: 'timestamp',
    name: { type: 'string', length: 255 },
    nameAt: 'timestamp',
  }, {
    primary: ['selfId', 'userId'],
    indexes: [
      ['selfId', 'firstSeen', 'userId'],
      ['selfId', 'relation', 'firstSeen'],
      ['selfId', 'consent', 'firstSeen'],
      ['selfId', 'lastMessageAt', 'userId'],
      ['selfId', 'name'],
      ['selfId', 'relation', 'consent', 'scene'],
      ['selfId', 'sceneParam', 'relation', 'consent'],
    ],
  })

  ctx.model.extend('qq_user_event', {
    id: 'string(255)',
    selfId: `string(${MAX_ID})`,
    userId: `string(${MAX_ID})`,
    type: 'string(32)',
    source: 'string(16)',
    occurredAt: 'timestamp',
    receivedAt: 'timestamp',
    applied: 'boolean',
    weak: { type: 'boolean', initial: false },
    notice: { type: 'string', length: 16, initial: 'none' },
    noticeReason: { type: 'string', length: 64, initial: '' },
    origin: 'string(16)',
  }, {
    primary: 'id',
    indexes: [
      ['selfId', 'userId', 'occurredAt'],
      ['occurredAt'],
      ['notice', 'occurredAt'],
    ],
  })
}
