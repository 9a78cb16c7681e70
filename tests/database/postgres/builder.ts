import { Builder } from '@minatojs/sql-utils'
import { Driver, isEvalExpr, Selection } from 'minato'

export function quoteId(name: string) {
  return `"${name.replaceAll('"', '""')}"`
}

/** What minato's builder of SQL says in MySQL's words, said in PostgreSQL's. */
export class PostgresBuilder extends Builder {
  protected escapeMap = { "'": "''" }
  protected $true = 'TRUE'
  protected $false = 'FALSE'

  constructor(driver: Driver, tables?: Selection.Immutable['tables']) {
    super(driver, tables)
    this.evalOperators.$ifNull = args => `coalesce(${args.map(arg => this.parseEval(arg))})`
    this.evalOperators.$sum = expr => this.createAggr(expr, value => `coalesce(sum(${value}), 0)`)
    this.evalOperators.$length = expr => this.createAggr(expr, value => `count(${value})`)
    this.evalOperators.$if = ([condition, yes, no]) => {
      return `(CASE WHEN ${this.parseEval(condition)} THEN ${this.parseEval(yes)} ELSE ${this.parseEval(no)} END)`
    }
  }

  /** From here on columns are those of the row that is there, not of the one that is to be inserted. */
  modify(table: string) {
    this.modifiedTable = table
    return this
  }

  /** What a column of a row is set to. */
  assign(column: string, value: unknown, literal: string) {
    return `${quoteId(column)} = ${isEvalExpr(value) ? this.parseEval(value) : literal}`
  }

  escapeId(name: string) {
    return quoteId(name)
  }

  escapePrimitive(value: unknown) {
    return value instanceof Date ? `'${value.toISOString()}'` : super.escapePrimitive(value)
  }

  protected createRegExpQuery(key: string, value: string | { source: string; flags?: string }) {
    const { source, flags } = typeof value === 'string' ? { source: value, flags: undefined } : value
    return `${key} ${flags?.includes('i') ? '~*' : '~'} ${this.escape(source)}`
  }
}
