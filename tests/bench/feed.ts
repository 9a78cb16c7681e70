import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Platform } from '../platform'
import { now } from './clock'

const CHUNK = 100

/**
 * The same events at every call: what users do, in an order in which they could do it.
 *
 * @param rate how many a second, all at once unless told
 */
export async function feed(platform: Platform, events: number, users: number, rate = Infinity) {
  const start = now()
  const random = createRandom(20260101)
  const known = new Set<number>()
  for (let index = 0; index < events; index++) {
    // everybody comes at least once
    const user = index < users ? index : Math.floor(random() * users)
    act(platform, `USER${user.toString(16).toUpperCase().padStart(28, '0')}`, known.has(user) ? random() : 0)
    known.add(user)
    if (index % CHUNK === CHUNK - 1) await turn()
    while (index > (now() - start) / 1000 * rate) await sleep(1)
  }
}

function act(platform: Platform, openid: string, choice: number) {
  if (choice < 0.25) platform.add(openid)
  else if (choice < 0.5) platform.remove(openid)
  else if (choice < 0.75) platform.reject(openid)
  else platform.allow(openid)
}

/** mulberry32 */
function createRandom(seed: number) {
  return () => {
    seed = seed + 0x6d2b79f5 | 0
    let value = Math.imul(seed ^ seed >>> 15, 1 | seed)
    value = value + Math.imul(value ^ value >>> 7, 61 | value) ^ value
    return ((value ^ value >>> 14) >>> 0) / 4294967296
  }
}
