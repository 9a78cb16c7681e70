import { isNullable, makeArray } from 'koishi'
import { Field, Model } from 'minato'

/** SQLite parses no expression that is deeper than 1000. */
export const MOST_ALTERNATIVES = 960

/** A statement that is longer than about 64,000 bytes is the end of minato's SQLite, which copies it onto a stack. */
const LONGEST = 60_000

/** In some zones PostgreSQL's driver fails on sooner times, and MySQL has no later ones. */
const earliest = Date.UTC(1982, 0)
const latest = Date.UTC(10_000, 0)
const isTime = (value: unknown) => value instanceof Date && +value >= earliest && +value < latest

const LARGEST_INT = 2 ** 31 - 1

/** PostgreSQL demands an index, MongoDB fails on rows that are there. */
export function checkKeys(model: Model, keys: string[]) {
  const constraints = [model.primary, ...model.unique].map(names => makeArray(names as string | string[]).slice().sort().join())
  if (!constraints.includes(keys.slice().sort().join())) {
    throw new Error(`there is no unique or exclusion constraint matching the ON CONFLICT specification (${keys})`)
  }
}

/** What is to be stored of a row. */
export function checkCells(model: Model, cells: object) {
  for (const [name, value] of Object.entries(cells)) checkCell(model, name, value)
}

/** A row that is new. */
export function checkRow(model: Model, row: object) {
  checkCells(model, row)
  for (const name of makeArray(model.primary as string | string[])) {
    if (isNullable(row[name as never])) throw new Error(`null value in column "${name}" violates not-null constraint`)
  }
}

function checkCell(model: Model, name: string, value: unknown) {
  const field = findField(model, name)
  if (isNullable(value)) {
    if (field.nullable === false) throw new Error(`null value in column "${name}" violates not-null constraint`)
    return
  }
  checkText(value)
  const fault = faults[field.deftype!]?.(value as never, field)
  if (fault) throw new Error(`${fault} (column "${name}")`)
}

type Fault = (value: never, field: Field) => string | false

const integer = (lowest: number): Fault => (value: number, { length = 4 }) => {
  const largest = length > 4 ? Number.MAX_SAFE_INTEGER : LARGEST_INT
  return !(Number.isInteger(value) && value >= lowest * largest && value <= largest) && `${value} is no integer or out of range`
}

/** What is wrong with a value, by the type of its column. */
const faults: Record<string, Fault> = {
  boolean: (value: unknown) => typeof value !== 'boolean' && `${value} is no boolean`,
  integer: integer(-1),
  unsigned: integer(0),
  timestamp: (value: unknown) => !isTime(value) && `${value} is no time or out of range`,
  string: (value: unknown, { length = 255 }) => {
    if (typeof value !== 'string') return `${value} is no text`
    return [...value].length > length && `value too long for type character varying(${length})`
  },
}

/** A query that no database chokes on. */
export function checkQuery(model: Model, query: object) {
  const length = Buffer.byteLength(JSON.stringify(query))
  if (length > LONGEST) throw new Error(`memory access out of bounds (the query has ${length} bytes)`)
  checkConditions(model, query)
}

function checkConditions(model: Model, query: object) {
  for (const [name, value] of Object.entries(query)) {
    if (name === '$expr') continue
    if (name === '$not') checkConditions(model, value)
    else if (name === '$and' || name === '$or') {
      if (value.length > MOST_ALTERNATIVES) throw new Error('Expression tree is too large (maximum depth 1000)')
      for (const part of value) checkConditions(model, part)
    } else {
      findField(model, name)
      checkValues(value)
    }
  }
}

function checkValues(value: unknown) {
  if (Array.isArray(value)) value.forEach(checkValues)
  else if (value && Object.getPrototypeOf(value) === Object.prototype) Object.values(value).forEach(checkValues)
  else if (value instanceof Date && !isTime(value)) throw new Error(`${value} is no time or out of range`)
  else checkText(value)
}

function checkText(value: unknown) {
  if (typeof value === 'string' && value.includes('\0')) throw new Error('invalid byte sequence for encoding "UTF8": 0x00')
}

export function findField(model: Model, name: string): Field {
  const field = model.availableFields()[name as never] as Field | undefined
  if (!field) throw new Error(`column "${name}" does not exist`)
  return field
}
