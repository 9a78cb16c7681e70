import { createSharedComposable, useNow } from '@vueuse/core'

/** The time, twice a minute, for all who show how long ago something was. */
export const useClock = createSharedComposable(() => useNow({ interval: 30_000 }))
