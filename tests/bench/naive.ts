import { Context, Session } from 'koishi'

declare module 'koishi' {
  interface Tables {
    naive_user: NaiveUser
    naive_event: NaiveEvent
  }
}

export interface NaiveUser {
  selfId: string
  userId: string
  friend: boolean
  push: boolean
  scene: number
  updatedAt: Date
}

export interface NaiveEvent {
  id: number
  selfId: string
  userId: string
  type: string
  createdAt: Date
}

export const name = 'naive'

export const inject = ['database']

export interface Config {
  greet: boolean
}

interface Payload {
  openid: string
  timestamp: number
  scene?: number
}

/** The same work as one would write it on a free evening: two writes for each event, then the greeting. */
export function apply(ctx: Context, config: Config) {
  ctx.model.extend('naive_user', {
    selfId: 'string(100)',
    userId: 'string(100)',
    friend: 'boolean',
    push: 'boolean',
    scene: 'integer',
    updatedAt: 'timestamp',
  }, { primary: ['selfId', 'userId'] })

  ctx.model.extend('naive_event', {
    id: 'unsigned',
    selfId: 'string(100)',
    userId: 'string(100)',
    type: 'string(32)',
    createdAt: 'timestamp',
  }, { autoInc: true })

  async function record(selfId: string, { openid, timestamp }: Payload, type: string, update: Partial<NaiveUser>) {
    const at = new Date(timestamp * 1000)
    await ctx.database.upsert('naive_user', [{ selfId, userId: openid, updatedAt: at, ...update }])
    await ctx.database.create('naive_event', { selfId, userId: openid, type, createdAt: at })
  }

  function payload(session: Session) {
    return (session.qq as unknown as { d: Payload }).d
  }

  ctx.on('friend-added', async (session) => {
    const d = payload(session)
    session.timestamp = d.timestamp * 1000
    session.channelId = session.userId
    session.isDirect = true
    await record(session.selfId, d, 'added', { friend: true, scene: d.scene })
    if (config.greet) await session.send('Hello, nice to meet you.')
  })

  ctx.on('friend-deleted', async (session) => {
    await record(session.selfId, payload(session), 'deleted', { friend: false })
  })

  ctx.on('qq/c2c-msg-reject' as never, (async (d: Payload, bot: { selfId: string }) => {
    await record(bot.selfId, d, 'rejected', { push: false })
  }) as never)

  ctx.on('qq/c2c-msg-receive' as never, (async (d: Payload, bot: { selfId: string }) => {
    await record(bot.selfId, d, 'allowed', { push: true })
  }) as never)
}
