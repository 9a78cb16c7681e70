import { Context } from 'koishi'

export const name = 'bare'

export interface Config {
  greet: boolean
}

/** The adapter alone; the least that answers a new friend. */
export function apply(ctx: Context, { greet }: Config) {
  if (!greet) return
  ctx.on('friend-added', async (session) => {
    session.timestamp *= 1000
    session.channelId = session.userId
    session.isDirect = true
    await session.send('Hello, nice to meet you.')
  })
}
