import { setTimeout as pause, setImmediate as turn } from 'node:timers/promises'
import { Clock, freeze } from '../../clock'
import { now } from '../clock'
import { cpu } from './watch'

/** After how many turns of the event loop in which nothing was under way the next thing to happen is a timer. */
const QUIET = 3

// whatever happens to the clock
const sleep = pause

/** Time in which something is under way, which several things may be at once. */
export class Span {
  open = 0
  /** In all, ms. */
  spent = 0
  private since = 0

  enter() {
    if (!this.open++) this.since = now()
  }

  leave() {
    if (!--this.open) this.spent += now() - this.since
  }
}

/** Time as it passes while something is under way or this process is at work; waiting for timers is left out. */
export class Simulation {
  /** The longest that went by without a look at the clock, ms: a stall, but for what other processes and threads add to it. */
  longest = 0
  private clock: Clock
  private last = now()
  private spent = cpu()
  private rest = 0

  constructor(private busy: () => boolean) {
    this.clock = freeze()
  }

  /** Lets time pass until something is so. */
  async until(condition: () => boolean) {
    this.last = now()
    this.spent = cpu()
    for (let quiet = 0; !condition();) {
      if (this.busy()) await sleep(1)
      else await turn()
      quiet = this.busy() ? 0 : quiet + 1
      this.pass()
      if (quiet < QUIET) continue
      this.clock.next()
      quiet = 0
    }
  }

  stop() {
    this.clock.uninstall()
  }

  private pass() {
    const current = now()
    const spent = cpu()
    this.longest = Math.max(this.longest, Math.min(current - this.last, spent - this.spent))
    this.rest += current - this.last
    this.last = current
    this.spent = spent
    const whole = Math.floor(this.rest)
    this.rest -= whole
    if (whole) this.clock.tick(whole)
  }
}
