import { Dict } from 'koishi'
import { evaluate, Result } from './evaluate'
import type { Expression, Part } from './parser'

/** Values to try a text with. `forced`: a condition had to be overruled to get there. */
interface Trial {
  scope: Dict
  forced: boolean
}

type Report = (expression: Expression, kind: 'unknown' | 'failing') => void

const TRIALS = 50

/** Tries all expressions with values of each kind, and reports those that have nothing to show for them. */
export function tryOut(parts: Part[], scopes: Dict[], report: Report) {
  new Rehearsal(report).play(parts, scopes.map(scope => ({ scope, forced: false })))
}

class Rehearsal {
  constructor(private report: Report) {}

  play(parts: Part[], trials: Trial[]) {
    for (const part of parts) {
      if (part.type === 'value') {
        this.try(part.expression, trials)
      } else if (part.type === 'tag') {
        for (const attribute of part.attributes) this.try(attribute, trials)
        this.play(part.body, trials)
      } else if (part.type === 'if') {
        this.choose(part, trials)
      } else if (part.type === 'each') {
        this.repeat(part, trials)
      }
    }
  }

  private choose({ expression, body, otherwise }: Extract<Part, { type: 'if' }>, trials: Trial[]) {
    const results = this.try(expression, trials)
    const branch = (expected: boolean) => {
      const fitting = trials.filter((_, index) => isTrue(results[index]) === expected)
      return fitting.length ? fitting : trials.map(trial => ({ ...trial, forced: true }))
    }
    this.play(body, branch(true))
    if (otherwise) this.play(otherwise, branch(false))
  }

  private repeat({ expression, local, body }: Extract<Part, { type: 'each' }>, trials: Trial[]) {
    const results = this.try(expression, trials)
    const inner = trials.flatMap(({ scope, forced }, index) => {
      const result = results[index]
      if (!result?.ok) return []
      return (result.value as unknown[]).map(item => ({ scope: local ? { ...scope, [local]: item } : scope, forced }))
    })
    this.play(body, inner.slice(0, TRIALS))
  }

  private try(expression: Expression, trials: Trial[]): Result[] {
    if (expression.faulty) return []
    const results = trials.map(({ scope }) => evaluate(expression, scope))
    const failures = results.filter(result => !result.ok)
    const certain = results.filter((result, index) => !result.ok && !trials[index].forced)
    if (results.length && failures.length === results.length) this.report(expression, 'unknown')
    else if (certain.length) this.report(expression, 'failing')
    return results
  }
}

function isTrue(result?: Result) {
  return !!result?.ok && !!result.value
}
