import diagnostics from 'node:diagnostics_channel'
import fs from 'node:fs'
import { REPORTS } from './report'

/**
 * Counts what this process does to the outside, and what it hears from there: every write to a file, every request and
 * every answer. With the last step that it may make, it is killed.
 */
export function countSteps(last = Infinity) {
  let count = 0
  const step = () => {
    if (++count >= last) process.kill(process.pid, 'SIGKILL')
  }
  // the database in this process writes its pages through these
  for (const name of ['writeSync', 'ftruncateSync', 'unlinkSync'] as const) {
    const original = fs[name] as (...args: unknown[]) => unknown
    fs[name] = ((...args: unknown[]) => {
      // what is said to the parent, or to nobody, is no step
      if (name !== 'writeSync' || args[0] as number > REPORTS) step()
      return original(...args)
    }) as never
  }
  for (const name of ['undici:request:create', 'undici:request:bodySent', 'undici:request:headers', 'undici:request:trailers']) {
    diagnostics.subscribe(name, step)
  }
  return { step }
}
