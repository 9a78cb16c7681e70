import { Broadcast, BroadcastState } from '../../src'
import type { BroadcastOptions } from '../../src'
import { HarnessOptions, silent, until } from '../harness'
import { harness, start as open, platform } from '../stage'

export * from '../stage'

/** Config of a bot that is not held up by its own limits. */
export const fast = {
  ...silent,
  push: { tier: 'custom', botSecond: 1000, botMinute: 1_000_000, userMinute: 1000, userDay: 1000 },
  requests: { perSecond: 1000 },
}

const limits = { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity }

export function start({ config, ...options }: HarnessOptions = {}) {
  return open({ config: { ...fast, ...config }, limits, ...options })
}

export const names = (count: number, prefix = 'U') => Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(3, '0')}`)

/** Lets users add the bot, and waits until they are on the roster. */
export async function befriend(...ids: string[]) {
  for (const id of ids) platform.add(id, { timestamp: Date.now() - 1000 })
  await until(async () => {
    const known = new Set((await harness.users).map(({ userId }) => userId))
    return ids.every(id => known.has(id))
  })
}

/** Starts with users who have added the bot. */
export async function startWith(ids: string[], options?: HarnessOptions) {
  await start(options)
  await befriend(...ids)
}

/** A bot that sends so many messages a second. */
export const paced = (botSecond: number) => ({ config: { push: { ...fast.push, botSecond } } })

export const broadcasts = () => harness.app.qqUser.broadcasts

export function create(options: Partial<BroadcastOptions> = {}) {
  return broadcasts().create({ selfId: platform.selfId, content: 'news', ...options })
}

export async function begin(options: Partial<BroadcastOptions> = {}) {
  const { id } = await create(options)
  return broadcasts().start(id)
}

/** Waits until a broadcast is in a state. */
export async function reach(id: number, state: BroadcastState = 'finished', on = harness): Promise<Broadcast> {
  let found: Broadcast | undefined
  await until(async () => {
    found = await on.app.qqUser.broadcasts.get(id).catch(() => undefined)
    return found?.state === state
  })
  return found!
}

/** Who was reached, in order. */
export const reached = () => platform.accepted().map(({ target }) => target)
export const recipients = (id: number, on = harness) => on.app.qqUser.broadcasts.recipients(id, { limit: 1000 })
