import { Fault, Post } from './types'

/** The faults that are still to happen, the oldest first. */
export class Faults {
  private list: { fault: Fault; left: number }[] = []

  /** Returns a way to take it back. */
  add(fault: Fault) {
    const entry = { fault, left: fault.times ?? 1 }
    this.list.push(entry)
    return () => {
      this.list = this.list.filter(item => item !== entry)
    }
  }

  take(post: Post) {
    const entry = this.list.find(({ fault, left }) => left > 0 && (fault.when?.(post) ?? true))
    if (!entry) return
    entry.left--
    if (entry.left <= 0) this.list = this.list.filter(item => item !== entry)
    return entry.fault
  }
}

/** Whether a fault says by itself how the post ends. */
export function hasOutcome({ code, status, body, hang, close }: Fault) {
  return code !== undefined || status !== undefined || body !== undefined || !!hang || !!close
}
