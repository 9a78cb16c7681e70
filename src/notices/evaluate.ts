import { Dict, h } from 'koishi'
import type { Expression } from './parser'

export type Result = { ok: true; value: unknown } | { ok: false; missing: boolean }

const compiled = new WeakMap<Expression, (scope: object) => unknown>()

/** Computes an expression, and tells when there is nothing to show for it: `missing` when it has no value, else it failed. */
export function evaluate(expression: Expression, scope: Dict): Result {
  try {
    let run = compiled.get(expression)
    if (!run) compiled.set(expression, run = compile(expression.code))
    const value = run(scope)
    if (expression.role === 'condition') return { ok: true, value }
    if (value === undefined || value === null) return { ok: false, missing: true }
    if (expression.role === 'items') return { ok: true, value: [...value as Iterable<unknown>] }
    if (expression.role === 'text') h.toElementArray(value as h.Fragment)
    return { ok: true, value }
  } catch {
    return { ok: false, missing: false }
  }
}

/** @throws SyntaxError */
export function compile(code: string) {
  // what an operator wrote in the config, as Koishi does it
  // eslint-disable-next-line no-new-func
  return new Function('$scope', `with ($scope) { return (${code}\n) }`) as (scope: object) => unknown
}
