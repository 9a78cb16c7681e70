import * as clocks from './clock'
import { Harness, HarnessOptions } from './harness'
import { Platform } from './platform'

/** The app of the test that runs, and its time where that is not everybody's. */
export let harness: Harness
export let platform: Platform
export let clock: clocks.Clock | undefined

/** Each test ends with its app, and time goes on. */
export function useStage() {
  afterEach(async () => {
    unfreeze()
    await harness.stop()
  })
}

export async function start(options?: HarnessOptions) {
  harness = await Harness.start(options)
  platform = harness.platform
}

export const freeze = (now?: number) => clock = clocks.freeze(now)

/** Moves the calendar, which may have been moved before. */
export function date(now: number) {
  unfreeze()
  return clock = clocks.date(now)
}

export function unfreeze() {
  clock?.uninstall()
  clock = undefined
}
