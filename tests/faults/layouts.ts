import { Context } from 'koishi'
import { extendBroadcastModel } from '../../src/broadcast/model'

/** The tables of the first release, as it declared them. */
export function firstLayout({ model }: Context) {
  model.extend('qq_user', {
    selfId: 'string(100)',
    userId: 'string(100)',
    relation: { type: 'string', length: 16, initial: 'unknown' },
    relationAt: 'timestamp',
    consent: { type: 'string', length: 16, initial: 'unknown' },
    consentAt: 'timestamp',
    firstSeen: 'timestamp',
    lastMessageAt: 'timestamp',
    scene: 'integer',
    sceneParam: 'string(255)',
    sceneAt: 'timestamp',
    name: 'string(255)',
    nameAt: 'timestamp',
  }, {
    primary: ['selfId', 'userId'],
    indexes: [
      ['selfId', 'firstSeen', 'userId'],
      ['selfId', 'relation', 'firstSeen'],
      ['selfId', 'consent', 'firstSeen'],
      ['selfId', 'name'],
    ],
  })

  model.extend('qq_user_event', {
    id: 'string(255)',
    selfId: 'string(100)',
    userId: 'string(100)',
    type: 'string(32)',
    source: 'string(16)',
    occurredAt: 'timestamp',
    receivedAt: 'timestamp',
    applied: 'boolean',
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

/** The tables of broadcasts, as a release had them that did not say since when one is paused. */
export function broadcastLayout(ctx: Context) {
  firstLayout(ctx)
  extendBroadcastModel(ctx)
  delete ctx.model.tables.qq_user_broadcast.fields.pausedAt
}

/** What a later release may add. */
export function laterLayout(ctx: Context) {
  firstLayout(ctx)
  ctx.model.extend('qq_user', {
    language: { type: 'string', length: 16, initial: 'none' },
    rating: 'integer',
  } as {}, { indexes: [['selfId', 'rating']] as never })
  ctx.model.extend('qq_user_event', { trace: { type: 'string', length: 64, initial: '' } } as {})
}
