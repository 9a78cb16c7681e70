import { Query } from 'koishi'
import { executeQuery } from 'minato'

/** How texts are compared. */
export type Fold = <T>(value: T) => T

export const exact: Fold = value => value

/** As MySQL does, unless told otherwise: without case, and without spaces at the end. */
export const noCase: Fold = (value: any) => {
  if (typeof value === 'string') return value.toLowerCase().replace(/ +$/, '')
  if (Array.isArray(value)) return value.map(noCase)
  if (!value || Object.getPrototypeOf(value) !== Object.prototype) return value
  return Object.fromEntries(Object.entries(value).map(([key, value]) => [key, noCase(value)]))
}

/** Whether a row is one of those that are asked for. */
export function matches(row: object, query: Query.Expr, fold: Fold): boolean {
  return Object.entries(query).every(([name, value]: [string, any]) => {
    if (name === '$and') return value.every((part: Query.Expr) => matches(row, part, fold))
    if (name === '$or') return value.some((part: Query.Expr) => matches(row, part, fold))
    if (name === '$not') return !matches(row, value, fold)
    // patterns tell cases apart everywhere
    const isExact = name === '$expr' || value instanceof RegExp || value?.$regex
    return isExact ? executeQuery(row, { [name]: value }, '') : executeQuery(fold(row), { [name]: fold(value) }, '')
  })
}

/** Whether it says right away that it looks for nothing: not every database counts what it changed then. */
export function isVoid(query: Query.Expr): boolean {
  return Object.values(query).some(value => Array.isArray(value) && !value.length)
}
