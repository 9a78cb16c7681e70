import { Driver } from 'minato'
import { unwrap } from '../shared/patch'

/**
 * Lets a driver read the layout of the tables without Cordis' proxy, as it does for every cell. Where that cannot be
 * changed it goes on as it was, slower.
 *
 * @returns undoes it
 */
export function untrace(driver: Driver) {
  const traced = driver.database
  const original = unwrap(traced)
  if (!Reflect.set(driver, 'database', original)) return () => {}
  return () => {
    if (driver.database === original) Reflect.set(driver, 'database', traced)
  }
}
