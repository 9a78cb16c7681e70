import { Platform, PlatformOptions } from '.'
import { Client } from './client'

export const minute = 60_000
export const unlimited = { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity }

export let platform: Platform
export let client: Client

/** The platform's present. */
export let now: number

/** Lets time pass on the platform. */
export function pass(ms: number) {
  now += ms
}

export async function start(options: PlatformOptions = {}) {
  await platform?.stop()
  now = Date.UTC(2026, 0, 1)
  platform = await Platform.start({ now: () => now, limits: unlimited, ...options })
  client = new Client(platform)
}

export function usePlatform() {
  beforeEach(() => start())

  afterEach(async () => {
    client.terminate()
    await platform.stop()
    platform = undefined!
  })
}
