import { Time } from 'koishi'

/**
 * How often (ms) the process that runs a broadcast shows that it is there, and after how long without it another one takes
 * it over. Tests shorten it.
 */
export const LEASE = { beat: Time.second / 2, expiry: 10 * Time.second }

export interface Held {
  id: number
  owner: string
  beat: number
}

/**
 * Watches who is at work, by whether their mark changes. No clock of two processes is compared: what counts is for how
 * long this one has seen the same.
 */
export class LeaseWatch {
  private seen = new Map<number, { mark: string; since: number }>()

  /** @param now this process's own time in ms, which nobody sets back */
  constructor(private now = () => performance.now()) {}

  /** For how long (ms) nobody has shown that they are there. */
  observe({ id, owner, beat }: Held): number {
    const mark = `${owner} ${beat}`
    const now = this.now()
    const known = this.seen.get(id)
    if (known?.mark === mark) return now - known.since
    this.seen.set(id, { mark, since: now })
    return 0
  }

  forget(id: number) {
    this.seen.delete(id)
  }
}
