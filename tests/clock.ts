import { install } from '@sinonjs/fake-timers'

export type Clock = ReturnType<typeof install>

/** Moves the calendar to a time and stops it there; timers run on. Undone by `uninstall()`. */
export function date(now: number): Clock {
  return install({ now, shouldClearNativeTimers: true, toFake: ['Date'] })
}

/** From here on time stands still for the code under test, but for what `tickAsync()` lets pass. Undone by `uninstall()`. */
export function freeze(now = Date.now(), ...more: 'setImmediate'[]): Clock {
  return install({ now, shouldClearNativeTimers: true, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', ...more] })
}
