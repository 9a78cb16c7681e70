import { Context, Dict } from 'koishi'
import { listen, report } from './report'
import { words } from './words'

/** Logs what real users do. */
export function watch(ctx: Context) {
  const isAnnounced = listen(ctx)
  const replies: Dict<string[]> = {}

  ctx.on('before-send', ({ channelId, content }) => {
    replies[channelId!]?.push(content!)
  })

  ctx.on('qq-user/updated', async ({ selfId, userId, name }, previous, { type, receivedAt }) => {
    replies[userId] = []
    await report(ctx, {
      name: name ?? userId.slice(0, 8),
      title: words.types[type],
      selfId,
      userId,
      since: +receivedAt,
      entries: 1,
      isAnnounced,
      replies: () => replies[userId] ?? [],
    })
    delete replies[userId]
  })
}
