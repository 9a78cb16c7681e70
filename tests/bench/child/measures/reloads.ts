import { setTimeout as sleep } from 'node:timers/promises'
import { Session } from 'koishi'
import { loadDatabase, loadPlugin, Side } from '../app'

let timer: NodeJS.Timeout | undefined
let reloads = 0

/** Reloads the plugin again and again. */
export function reloadPlugin(side: Side, every: number) {
  timer = setInterval(() => {
    reloads++
    side.plugin!.dispose()
    loadPlugin(side)
  }, every)
}

/** @returns how often it was reloaded */
export function stopReloading() {
  clearInterval(timer)
  return reloads
}

/** Reloads the database plugin so many times, and leaves it away for a while (ms) each time. */
export async function reloadDatabase(side: Side, times: number, every: number, away: number) {
  for (let time = 0; time < times; time++) {
    await sleep(every)
    side.database!.dispose()
    await sleep(away)
    loadDatabase(side)
  }
}

export function replyToFriends({ app }: Side) {
  app.on('friend-added', async (session) => { await session.send('Nice to meet you!') })
}

/** Waits until plugins were told of so many new friends, or for some time (ms). */
export async function told({ friends }: Side, users: number, waits: number) {
  const deadline = Date.now() + waits
  while (friends.length < users && Date.now() < deadline) await sleep(50)
  await sleep(500)
  const ids = new Set(friends.map(({ userId }) => userId))
  return { users: ids.size, twice: friends.length - ids.size, unmended: friends.filter(isUnmended).length }
}

function isUnmended({ userId, channelId, isDirect, timestamp }: Session) {
  return channelId !== userId || !isDirect || timestamp < 1e12
}
