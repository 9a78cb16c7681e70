import { monitorEventLoopDelay } from 'node:perf_hooks'

const MB = 2 ** 20
const RESOLUTION = 1

export interface Usage {
  /** Resident memory at its highest, MB. */
  rss: number
  /** The longest time for which the event loop was held up, ms. */
  stall: number
  /** CPU time spent, ms. */
  cpu: number
}

let finish: (() => Usage) | undefined

/** CPU time spent so far, ms. */
export function cpu() {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1000
}

/** Looks at this process from now on, and not at what was before. */
export function watch() {
  finish?.()
  const start = cpu()
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION })
  let rss = 0
  const sample = () => { rss = Math.max(rss, process.memoryUsage.rss() / MB) }
  const timer = setInterval(sample, 25)
  delay.enable()
  finish = () => {
    sample()
    delay.disable()
    clearInterval(timer)
    return { rss, stall: Math.max(0, delay.max / 1e6 - RESOLUTION), cpu: cpu() - start }
  }
}

export function unwatch() {
  const usage = finish!()
  finish = undefined
  return usage
}
