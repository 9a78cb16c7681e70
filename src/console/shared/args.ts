import { Time } from 'koishi'
import { readId } from '../../event'
import { fail } from './errors'

/** Takes a value that a client sent, or refuses it. */
export type Reader<T> = (value: unknown) => T

/** The end of the year 9999, beyond which databases differ. */
const LATEST = Date.UTC(9999, 11, 31)

export const id: Reader<string> = value => readId(value) ?? fail('bad-request')

export const flag: Reader<boolean> = value => typeof value === 'boolean' ? value : fail('bad-request')

/** A text of at most so many characters. */
export function text(max: number): Reader<string> {
  return value => typeof value === 'string' && value.length <= max ? value : fail('bad-request')
}

/** A whole number. */
export function count(min: number, max: number): Reader<number> {
  return value => Number.isInteger(value) && value as number >= min && value as number <= max ? value as number : fail('bad-request')
}

/** A time in ms. */
export const time: Reader<number> = count(0, LATEST - Time.day)

export function oneOf<const T extends string>(...values: T[]): Reader<T> {
  return value => values.includes(value as T) ? value as T : fail('bad-request')
}

/** A list of at most so many. */
export function list<T>(reader: Reader<T>, max: number): Reader<T[]> {
  return value => Array.isArray(value) && value.length <= max ? value.map(reader) : fail('bad-request')
}

/** What may be left out, or be `null`, which is what JSON makes of it in an array. */
export function optional<T>(reader: Reader<T>): Reader<T | undefined> {
  return value => value === undefined || value === null ? undefined : reader(value)
}

export function nullable<T>(reader: Reader<T>): Reader<T | null> {
  return value => value === null || value === undefined ? null : reader(value)
}

/** An object, of which these keys are read, own ones only. All other keys are ignored. */
export function record<T extends object>(readers: { [K in keyof T]-?: Reader<T[K]> }): Reader<T> {
  return (value) => {
    if (typeof value !== 'object' || !value || Array.isArray(value)) fail('bad-request')
    const result = {} as T
    for (const key in readers) {
      const read = readers[key](Object.hasOwn(value, key) ? value[key as never] : undefined)
      if (read !== undefined) result[key] = read
    }
    return result
  }
}
