import { setTimeout as sleep } from 'node:timers/promises'
import { $ } from 'koishi'
import { now } from '../../clock'
import type { Side } from '../app'

export { cpu, unwatch, watch } from '../watch'

const MB = 2 ** 20
/** Seldom enough to cost nothing beside what is measured, ms. */
const POLL = 100

export function startUp({ startUp }: Side) {
  return startUp
}

export function warnings({ warnings }: Side) {
  return warnings
}

/** What stays after everything else was thrown away, MB. */
export async function memory() {
  for (let i = 0; i < 3; i++) {
    globalThis.gc!()
    await sleep(50)
  }
  const { rss, heapUsed, external } = process.memoryUsage()
  return { rss: rss / MB, heap: heapUsed / MB, external: external / MB }
}

export function answers({ answers }: Side) {
  return answers.splice(0)
}

/** Waits until so many events are recorded, or no more are being recorded. @returns how many, and when the last was seen */
export async function recorded(side: Side, expected: number, waits: number) {
  let count = 0
  let at = now()
  // a question may have to wait behind what is being written, so time alone says nothing
  for (let still = 0; count < expected && still < waits; still++) {
    await sleep(POLL)
    const current = await countRecorded(side)
    if (current === count) continue
    count = current
    at = now()
    still = 0
  }
  return { count, at }
}

async function countRecorded({ app, spec, received }: Side): Promise<number> {
  if (spec.side === 'naive') return app.database.eval('naive_event', row => $.length(row.id))
  if (spec.side === 'ours') return app.database.eval('qq_user_event', row => $.length(row.id))
  return received
}
