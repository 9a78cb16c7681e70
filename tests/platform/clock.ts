// Taken once at load, and not from a module namespace, so that clocks faked later do not freeze the stand-in.
const { setTimeout, clearTimeout } = globalThis

/** Real timers that end with their owner. */
export class Timers {
  private pending = new Set<NodeJS.Timeout>()

  /** Calls back after `ms` of real time; returns a way to call it off. */
  set(callback: () => void, ms: number) {
    const timer = setTimeout(() => {
      this.pending.delete(timer)
      callback()
    }, ms)
    this.pending.add(timer)
    return () => {
      clearTimeout(timer)
      this.pending.delete(timer)
    }
  }

  clear() {
    for (const timer of this.pending) clearTimeout(timer)
    this.pending.clear()
  }
}

/** The platform's notation: whole seconds, at UTC+8. */
export function rfc3339(ms: number) {
  return new Date(ms + 8 * 3600_000).toISOString().slice(0, 19) + '+08:00'
}
