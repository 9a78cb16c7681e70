import { makeArray } from 'koishi'
import { Driver, Eval, executeUpdate, Field, isEvalExpr, Selection } from 'minato'
import { isBracketed } from '@minatojs/sql-utils'
import postgres from 'postgres'
import { Address } from '../server'
import { PostgresBuilder, quoteId } from './builder'

interface IndexRow {
  name: string
  unique: boolean
  column: string
  descending: boolean
}

const list = (names: string[]) => names.map(quoteId).join(', ')

/** As much of a driver for PostgreSQL as Koishi and this plugin ask for: minato's own is not published for this minato. */
export class PostgresDriver extends Driver<Address> {
  static name = 'postgres'

  private client!: postgres.Sql
  /** Within a transaction minato gives the driver a session of its own. */
  private session?: postgres.TransactionSql

  async start() {
    // the timers of connections would go by a test's clock, and the client waits up to 20 s for a server that was away
    const options = { onnotice() {}, max_lifetime: null, connect_timeout: 0, fetch_types: false, backoff: () => 0.1 }
    this.client = postgres({ ...this.config, ...options } as never)
    this.define<string[], string>({ types: ['list'], dump: value => value?.join(','), load: value => value ? value.split(',') : [] })
    this.define<object, string>({ types: ['json'], dump: value => JSON.stringify(value), load: value => typeof value === 'string' ? JSON.parse(value) : value })
    // the client leaves alone what may not fit
    this.define<number, string>({ types: Field.number as never, dump: value => value as never, load: value => value === null ? null : +value })
  }

  async stop() {
    await this.client.end({ timeout: 1 })
  }

  /** Statements are sent as text, and several of them are a transaction. */
  private async query<T extends object = object>(sql: string): Promise<postgres.RowList<T[]>> {
    try {
      return await (this.session ?? this.client).unsafe<T[]>(sql)
    } catch (error) {
      this.logger.warn('> %s', sql)
      throw error
    }
  }

  async prepare(table: string) {
    const rows = await this.query<{ name: string }>(
      `SELECT column_name AS name FROM information_schema.columns WHERE table_schema = current_schema() AND table_name = '${table}'`,
    )
    const there = rows.map(({ name }) => name)
    // to alter a table is to wait for whoever writes to it
    if (Object.keys(this.model(table).availableFields()).every(name => there.includes(name))) return
    const { primary, autoInc, unique } = this.model(table)
    const keys = makeArray(primary)
    const columns = Object.entries(this.model(table).availableFields()).map(([name, field]) => {
      const type = autoInc && keys.includes(name) ? 'bigserial' : toType(field!)
      const initial = field!.initial ?? undefined
      return `${quoteId(name)} ${type}${initial === undefined || keys.includes(name) ? '' : ` DEFAULT ${this.sql().escape(initial, field!)}`}`
    })
    const id = quoteId(table)
    await this.query([
      `CREATE TABLE IF NOT EXISTS ${id} (${columns}, PRIMARY KEY (${list(keys)}))`,
      ...columns.map(column => `ALTER TABLE ${id} ADD COLUMN IF NOT EXISTS ${column}`),
      ...unique.map(makeArray).map(names => `CREATE UNIQUE INDEX IF NOT EXISTS ${quoteId(`unique:${table}:${names.join('+')}`)} ON ${id} (${list(names)})`),
    ].join(';\n'))
  }

  async get(selection: Selection.Immutable) {
    const builder = this.sql(selection)
    const sql = builder.get(selection)
    if (!sql) return []
    const rows = await this.query(sql)
    return rows.map(row => builder.load(row, selection.model))
  }

  async eval(selection: Selection.Immutable, expression: Eval.Expr) {
    const builder = this.sql(selection)
    const source = builder.get(selection.table as Selection, true, true)!
    const value = builder.parseEval(expression, false)
    const [row] = await this.query<{ value: unknown }>(`SELECT ${value} AS value FROM ${source} ${isBracketed(source) ? selection.ref : ''}`)
    return builder.load(row.value, expression)
  }

  async set(selection: Selection.Mutable, values: Record<string, unknown>) {
    const { table, model, query, ref } = selection
    const builder = this.sql(selection)
    const condition = builder.parseQuery(query)
    const assignments = Object.entries(values).map(([name, value]) => builder.assign(name, value, builder.escape(value, model.fields[name])))
    const { count } = await this.query(`UPDATE ${quoteId(table)} ${ref} SET ${assignments} WHERE ${condition}`)
    return { matched: count }
  }

  async remove(selection: Selection.Mutable) {
    const condition = this.sql(selection).parseQuery(selection.query)
    const { count } = await this.query(`DELETE FROM ${quoteId(selection.table)} WHERE ${condition}`)
    return { matched: count, removed: count }
  }

  async create(selection: Selection.Mutable, data: object) {
    const { table, model } = selection
    const builder = this.sql(selection)
    const columns = Object.keys(model.format(data) as object)
    const [row] = await this.query(`INSERT INTO ${quoteId(table)} (${list(columns)}) VALUES (${toCells(builder, model, columns, data)}) RETURNING *`)
    return builder.load(row, model)
  }

  async upsert(selection: Selection.Mutable, data: Record<string, unknown>[], keys: string[]) {
    if (!data.length) return {}
    const { table, model, ref } = selection
    const builder = this.sql(selection).modify(table)
    const columns = Object.keys(model.availableFields()).filter(name => !model.autoInc || name !== model.primary || name in data[0])
    const rows = data.map(item => toCells(builder, model, columns, model.format(executeUpdate(model.create(), item, ref)) as object))
    const given = [...new Set(data.flatMap(item => Object.keys(item)))]
    const changed = given.filter(name => !keys.includes(name))
    const assignments = (changed.length ? changed : given.slice(0, 1)).map((name) => {
      const inserted = `excluded.${quoteId(name)}`
      // some rows may leave the column as it is, or count on
      if (data.every(item => name in item && !isEvalExpr(item[name]))) return builder.assign(name, undefined, inserted)
      const cases = data.filter(item => name in item).map((item) => {
        const match = builder.parseQuery(Object.fromEntries(keys.map(key => [key, item[key]])) as never)
        return `WHEN ${match} THEN ${isEvalExpr(item[name]) ? builder.parseEval(item[name]) : inserted}`
      })
      return builder.assign(name, undefined, `CASE ${cases.join(' ')} ELSE ${quoteId(table)}.${quoteId(name)} END`)
    })
    await this.query([
      `INSERT INTO ${quoteId(table)} (${list(columns)}) VALUES ${rows.map(row => `(${row})`)}`,
      `ON CONFLICT (${list(keys)}) DO UPDATE SET ${assignments}`,
    ].join(' '))
    // whichever of them it was
    return {}
  }

  async withTransaction(callback: (session: unknown) => Promise<void>) {
    await this.client.begin(callback)
  }

  async getIndexes(table: string): Promise<Driver.Index[]> {
    const rows = await this.query<IndexRow>(`
      SELECT names.relname AS name, indisunique AS unique, attname AS column, indoption[place - 1] & 1 = 1 AS descending
      FROM pg_index JOIN pg_class names ON names.oid = indexrelid JOIN pg_attribute ON attrelid = indrelid
      JOIN LATERAL unnest(indkey) WITH ORDINALITY keys (number, place) ON number = attnum
      WHERE indrelid = '${quoteId(table)}'::regclass ORDER BY place
    `)
    return [...new Set(rows.map(({ name }) => name))].map((name) => {
      const columns = rows.filter(row => row.name === name)
      return { name, unique: columns[0].unique, keys: Object.fromEntries(columns.map(({ column, descending }) => [column, descending ? 'desc' : 'asc'])) }
    })
  }

  async createIndex(table: string, { name, keys, unique }: Driver.Index) {
    const columns = Object.entries(keys).map(([column, direction]) => `${quoteId(column)} ${direction}`)
    await this.query(`CREATE ${unique ? 'UNIQUE' : ''} INDEX IF NOT EXISTS ${quoteId(name!)} ON ${quoteId(table)} (${columns})`)
  }

  async dropIndex(_: string, name: string) {
    await this.query(`DROP INDEX ${quoteId(name)}`)
  }

  async drop(table: string) {
    await this.query(`DROP TABLE IF EXISTS ${quoteId(table)}`)
  }

  async dropAll() {
    for (const table of Object.keys(this.database.tables)) await this.drop(table)
  }

  async stats() {
    return {}
  }

  private sql(selection?: Selection.Immutable): PostgresBuilder {
    return new PostgresBuilder(this, selection?.tables)
  }
}

function toCells(builder: PostgresBuilder, model: Selection.Immutable['model'], columns: string[], row: object) {
  return columns.map(name => builder.escape(row[name as never], model.fields[name])).join(', ')
}

/** As minato's own driver maps types, but for lists. */
function toType({ deftype, length }: Field): string {
  switch (deftype) {
    case 'string': return `varchar(${length || 255})`
    case 'integer':
    case 'unsigned': return (length || 4) > 4 ? 'bigint' : 'integer'
    case 'timestamp': return 'timestamptz'
    case 'boolean': return 'boolean'
    case 'json': return 'jsonb'
    case 'list':
    case 'text': return 'text'
    default: throw new Error(`nobody needed the type ${deftype} so far`)
  }
}
