import { Context } from 'koishi'

/** Stands between the plugin and its database. */
export interface Outage {
  /** Nothing works. */
  down: boolean
  /** How long each call takes, in ms of real time. */
  delay: number
}

// whatever a test does to the clock
const { setTimeout: start } = globalThis

/** Has the database of an app fail or take its time, as the test says. To be called when it is loaded. */
export function watch(app: Context): Outage {
  const driver = app.database.drivers[0] as any
  const outage: Outage = { down: false, delay: 0 }
  const check = () => {
    if (outage.down) throw new Error('the server has gone away')
  }
  for (const name of ['get', 'eval', 'set', 'upsert', 'create', 'remove']) {
    const original = driver[name]
    driver[name] = async (...args: unknown[]) => {
      check()
      if (outage.delay) await new Promise(resolve => start(resolve, outage.delay))
      return original.apply(driver, args)
    }
  }
  // on SQLite a batch takes a way of its own
  const { _run } = driver
  if (_run) {
    driver._run = (...args: unknown[]) => {
      check()
      return _run.apply(driver, args)
    }
  }
  return outage
}
