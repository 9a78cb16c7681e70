import { toVias, Via } from '../push/ways'
import { BroadcastError } from './error'

const LIMIT = { title: 255, ahead: 4e12 }

/** @throws BroadcastError */
export function fail(...args: ConstructorParameters<typeof BroadcastError>): never {
  throw new BroadcastError(...args)
}

export function isId(value: unknown): value is number {
  return Number.isInteger(value) && value as number > 0 && value as number < 2 ** 31
}

export function readTitle(title: unknown) {
  return typeof title === 'string' && title.length <= LIMIT.title && !title.includes('\0') ? title.trim() : fail('title')
}

export function readTime(value: unknown): Date | null {
  if (value === undefined || value === null) return null
  const time = value instanceof Date || typeof value === 'number' ? new Date(value) : undefined
  if (!time || !(Math.abs(+time) < LIMIT.ahead)) return fail('time')
  return +time < Date.now() ? fail('past') : time
}

export function readVias(value: unknown): Via[] {
  try {
    return [...new Set(toVias(value))]
  } catch (error) {
    return fail('via', (error as Error).message)
  }
}
