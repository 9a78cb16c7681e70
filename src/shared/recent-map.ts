/** A map that holds its newest entries only, and each of them for some time only. */
export class RecentMap<V> {
  private entries = new Map<string, { value: V; at: number }>()
  // one that starts anew would walk over all that was removed before
  private oldest = this.entries.keys()

  /**
   * @param size how many entries
   * @param age for how long, in ms
   */
  constructor(private size: number, private age = Infinity) {}

  get(key: string): V | undefined {
    const entry = this.entries.get(key)
    // a clock that was set back must not keep it for good
    if (entry && Math.abs(Date.now() - entry.at) < this.age) return entry.value
  }

  set(key: string, value: V) {
    this.entries.delete(key)
    this.entries.set(key, { value, at: Date.now() })
    if (this.entries.size > this.size) this.entries.delete(this.oldest.next().value!)
  }

  delete(key: string) {
    this.entries.delete(key)
  }

  clear() {
    this.entries.clear()
  }
}
