import { Time } from 'koishi'

/** How what is at fault is found among what was refused together. */
export interface Search {
  /** Into how many parts a batch is cut. */
  parts: number
  /** How often a write fails by itself before it is given up or set aside: a lock of another process may be in its way. */
  tries: number
}

const FAST: Search = { parts: 2, tries: 3 }
/** Where every refusal takes long, a batch is cut into many parts at once. */
export const SLOW_SEARCH: Search = { parts: 20, tries: 2 }
/** What is refused after so long (ms) may have met another session's lock: everybody waits as long again each time that it is tried. */
const SLOW = Time.second

/** @param duration how long (ms) it took until the database refused a batch */
export function toSearch(duration: number): Search {
  return duration >= SLOW ? SLOW_SEARCH : FAST
}

/** Finds out whether a write that failed by itself is at fault. */
export class FaultSearch {
  /** What the database said of the last that was set aside, until a new batch is written. */
  private fault?: string

  /** Whether one that failed again is to be tried no more. One with the same fault as the last is not: many of them would hold up the line. */
  isAtFault(item: { tries: number }, error: unknown, { tries }: Search) {
    return ++item.tries >= tries || toMessage(error) === this.fault
  }

  /** @returns what the database said, for an operator to read */
  note(error: unknown): string {
    return this.fault = toMessage(error)
  }

  forget() {
    this.fault = undefined
  }
}

function toMessage(error: unknown) {
  return error instanceof Error ? error.message : String(error)
}
