/**
 * A sliding window: at most so many within a span of time. A request has a place from its start until the span has passed
 * since its end. The other side counts it at some moment in between, and so never counts more than that either.
 */
export class Window {
  private ends: number[] = []
  private entered = 0

  /**
   * @param limit how many
   * @param span ms
   */
  constructor(public limit: number, private span: number) {}

  /** How long until there is a place, in ms; `Infinity` if that depends on what is under way. */
  delay(now: number) {
    this.expire(now)
    const excess = this.entered + this.ends.length - this.limit
    if (excess < 0) return 0
    return excess < this.ends.length ? this.ends[excess] + this.span - now : Infinity
  }

  enter() {
    this.entered++
  }

  leave(used: boolean, now: number) {
    this.entered--
    if (used && this.limit < Infinity) this.ends.push(now)
  }

  idle(now: number) {
    this.expire(now)
    return !this.entered && !this.ends.length
  }

  private expire(now: number) {
    // a clock that was set back must not close the window for good
    this.ends = this.ends.filter(end => end > now - this.span && end <= now)
  }
}
