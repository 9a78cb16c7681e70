import { install } from '@sinonjs/fake-timers'
import { until } from './harness'

export type Clock = ReturnType<typeof install>

/** Moves the calendar to a time and stops it there; timers run on. Undone by `uninstall()`. */
export function date(now: number): Clock {
  return install({ now, shouldClearNativeTimers: true, toFake: ['Date'] })
}

/** From here on time stands still for the code under test, but for what `tickAsync()` lets pass. Undone by `uninstall()`. */
export function freeze(now = Date.now(), ...more: 'setImmediate'[]): Clock {
  return install({ now, shouldClearNativeTimers: true, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', ...more] })
}

/** Lets time pass in steps (ms) until something has happened that takes real time as well, as an answer of a database does. */
export function tickUntil(clock: Clock, step: number, condition: () => unknown, timeout?: number) {
  return until(async () => {
    await clock.tickAsync(step)
    return condition()
  }, timeout)
}
