import { Time } from 'koishi'
import { EARLIEST, readId, readText } from '../../event'
import { fail } from '../shared/errors'
import { restore } from './csv-writer'
import type { ImportField } from './protocol'

export interface Newcomer {
  userId: string
  firstSeen: number
  name?: string
}

export interface Fault {
  field: ImportField
  value: string
}

/** Which column is where. */
export type Columns = Record<keyof Newcomer, number>

const DATE = /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:\.\d{1,9})?)?(Z|[+-]\d\d:\d\d)?)?$/i

/** @throws CallError when a column is missing */
export function readHeader(cells: string[]): Columns {
  const find = (name: string) => cells.findIndex(cell => cell.trim().toLowerCase() === name)
  const columns: Columns = { userId: find('openid'), firstSeen: find('first_seen'), name: find('name') }
  if (columns.userId < 0 || columns.firstSeen < 0) fail('bad-header')
  return columns
}

/** @param now ms; nobody was seen later */
export function readNewcomer(cells: string[], columns: Columns, now: number): Newcomer | Fault {
  const [openid, since, name] = [columns.userId, columns.firstSeen, columns.name].map(index => restore(cells[index] ?? ''))
  const userId = readId(openid.trim())
  if (!userId) return { field: 'openid', value: openid }
  const firstSeen = readMoment(since.trim())
  if (!(firstSeen >= EARLIEST && firstSeen <= now)) return { field: 'first_seen', value: since }
  return { userId, firstSeen, name: readText(name) }
}

/** Seconds since the epoch, or a date, in the server's time zone unless it names one. */
function readMoment(text: string): number {
  if (/^\d{1,12}$/.test(text)) return +text * Time.second
  const match = DATE.exec(text)
  if (!match) return NaN
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map(part => part === undefined ? undefined : +part) as number[]
  const local = Date.UTC(year, month - 1, day, hour, minute, second)
  // a day that the month does not have becomes another one
  const exists = new Date(local).getUTCDate() === day && month >= 1 && month <= 12 && hour < 24 && minute < 60 && second < 60
  return exists ? local + toOffset(match[7]) : NaN
}

/** What to add to a local time for the time in UTC. */
function toOffset(zone: string | undefined) {
  if (!zone) return Time.getTimezoneOffset() * Time.minute
  if (zone.toUpperCase() === 'Z') return 0
  const [hours, minutes] = zone.slice(1).split(':').map(Number)
  return (zone[0] === '-' ? 1 : -1) * (hours * Time.hour + minutes * Time.minute)
}
