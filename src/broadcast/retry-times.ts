import { Time } from 'koishi'
import { Cause, causes } from './lifecycle'

const LONGEST = Time.hour / 2

interface Pause {
  cause: Cause
  /** Since when (ms) it lasts. */
  at?: number
  /** How often it went on in vain. */
  tries: number
}

/** Tells when those are tried again that paused by themselves, by the calendar, which knows of the time in which the machine slept. */
export class RetryTimes {
  private pauses = new Map<number, Pause>()

  /**
   * Whether one has paused for long enough. Where the platform does not answer, each try leaves the outcome of one more
   * recipient unknown: that pause doubles with each try in vain, up to half an hour.
   */
  isOver(id: number, cause: Cause): boolean {
    let pause = this.pauses.get(id)
    if (pause?.cause !== cause) this.pauses.set(id, pause = { cause, tries: 0 })
    pause.at ??= Date.now()
    // a clock that was set back must not make it longer
    return Math.abs(Date.now() - pause.at) >= toWait(pause)
  }

  /** When (ms) one is tried again, where that is a matter of time. */
  findNext(id: number): number | undefined {
    const pause = this.pauses.get(id)
    if (pause?.at !== undefined && causes[pause.cause]) return pause.at + toWait(pause)
  }

  /** One is gone on with, by itself or by an operator: either is a try. */
  end(id: number) {
    const pause = this.pauses.get(id)
    if (!pause) return
    pause.at = undefined
    pause.tries++
  }

  /** One gets on well. */
  forget(id: number) {
    this.pauses.delete(id)
  }
}

function toWait({ cause, tries }: Pause) {
  return cause === 'no-answer' ? Math.min(causes[cause] * 2 ** tries, LONGEST) : causes[cause]
}
