/** Counts what happened within a span of time up to now. */
export class Meter {
  private times: number[] = []

  add(time: number) {
    this.times.push(time)
  }

  count(now: number, span: number) {
    let low = 0
    let high = this.times.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (this.times[middle] > now - span) high = middle
      else low = middle + 1
    }
    return this.times.length - low
  }
}
