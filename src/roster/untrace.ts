import { Driver } from 'minato'
import { toOriginal } from '../shared/patch'

/**
 * Lets a driver read the layout of the tables directly. It does so for every cell, each time through a proxy that Cordis
 * made to know who asks, and this takes longer than the query itself.
 *
 * @returns undoes it
 */
export function untrace(driver: Driver) {
  const traced = driver.database
  const original = driver.database = toOriginal(traced)
  return () => {
    if (driver.database === original) driver.database = traced
  }
}
