import type { BroadcastSummary } from '../../src/console/broadcasts/protocol'

/** What becomes of recipients, the best first. */
export const outcomes = ['sent', 'skipped', 'failed', 'unknown'] as const

/** How many messages there were by a time (ms). */
export interface Sample {
  at: number
  count: number
}

/** A minute, as the platform counts: what is sent in bursts must not look faster than it is. */
const SPAN = 60_000
const LEAST = 3000

/** @returns what is needed to tell how fast it goes */
export function addSample(samples: Sample[], { sent, failed, unknown }: BroadcastSummary['counts'], at: number): Sample[] {
  return [...samples.filter(sample => at - sample.at <= SPAN), { at, count: sent + failed + unknown }]
}

/** How many messages a minute; `undefined` where it is too early to tell. */
export function toRate(samples: Sample[]): number | undefined {
  const [first, last] = [samples[0], samples.at(-1)!]
  if (!first || last.at - first.at < LEAST) return
  return Math.round((last.count - first.count) / (last.at - first.at) * 60_000)
}
