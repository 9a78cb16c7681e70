import { writeSync } from 'node:fs'

/** The descriptor that the parent listens to. */
export const REPORTS = 3

/** Memory in MiB. */
export interface Memory {
  heap: number
  rss: number
}

export type Report = { online: true } | { announced: string } | { memory: Memory }

/** Tells the parent, before anything else happens: it was said even if death follows. */
export function report(line: Report) {
  writeSync(REPORTS, JSON.stringify(line) + '\n')
}
