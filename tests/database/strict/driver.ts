import { clone, Dict, filterKeys, isNullable, makeArray, omit, pick } from 'koishi'
import { MemoryDriver } from '@minatojs/driver-memory'
import { Eval, executeSort, executeUpdate, Model, Selection } from 'minato'
import { exact, Fold, isVoid, matches, noCase } from './compare'
import { checkCells, checkKeys, checkQuery, checkRow, findField, MOST_ALTERNATIVES } from './rules'

// whatever a test does to the clock
const { setImmediate: start } = globalThis

type Row = Dict<any>

export interface StrictConfig {
  /** The tables, which several apps may share. */
  store: Dict<Row[]>
  /** Compare texts as MySQL does. */
  noCase?: boolean
}

/**
 * The least that one can rely on: what any of minato's drivers refuses is refused, and what any of them leaves open is
 * as one does not expect it. Statements take their time, and each is done as a whole or not at all.
 *
 * Times are kept to the millisecond everywhere, and no driver sends parameters, which would be limited in number.
 */
export class StrictDriver extends MemoryDriver {
  static name = 'strict'

  declare config: StrictConfig
  private fold!: Fold
  /** Within a transaction minato gives the driver a session of its own. */
  private session?: { failed: boolean }

  async start() {
    this._store = this.config.store
    this.fold = this.config.noCase ? noCase : exact
  }

  async get(selection: Selection.Immutable) {
    return this.execute(() => this.table(selection))
  }

  async eval(selection: Selection.Immutable, expression: Eval.Expr) {
    return this.execute(() => super.eval(selection, expression))
  }

  async create(selection: Selection.Mutable, data: Row) {
    return this.execute(() => {
      const { model } = selection
      const row = this.number(model, data)
      checkRow(model, row)
      if (this.index(model).some(({ keys, rows }) => rows.has(this.toKey(row, keys)))) {
        // only some drivers have a code for it
        throw new Error(`duplicate key value violates unique constraint of "${model.name}"`)
      }
      this.rows(model.name).push(clone(row))
      return clone(row)
    })
  }

  async upsert(selection: Selection.Mutable, data: Row[], keys: string[]): Promise<any> {
    if (!data.length) return {}
    return this.execute(() => {
      const { model, ref } = selection
      checkKeys(model, keys)
      // SQLite looks for as many rows at once
      const step = Math.floor(MOST_ALTERNATIVES / keys.length)
      for (let start = 0; start < data.length; start += step) {
        checkQuery(model, { $or: data.slice(start, start + step).map(item => Object.fromEntries(keys.map(key => [key, item[key]]))) })
      }
      const present = this.index(model).find(index => [...index.keys].sort().join() === [...keys].sort().join())!.rows
      const written = new Map(data.map((item) => {
        if (keys.some(key => isNullable(item[key]))) throw new Error(`no value for a key (${keys})`)
        if (!Object.keys(item).some(name => !keys.includes(name))) throw new Error("'$set' is empty")
        const key = this.toKey(item, keys)
        const before = present.get(key)
        // of texts that count as the same, the one that is there stays
        const update: Row = before ? omit(item, keys) : item
        const row = before ? { ...before } : this.number(model, model.create())
        executeUpdate(row, update, ref)
        if (before) checkCells(model, pick(row, Object.keys(update)))
        else checkRow(model, row)
        return [key, row]
      }))
      if (written.size < data.length) throw new Error('ON CONFLICT DO UPDATE command cannot affect row a second time')
      for (const [key, row] of written) {
        const before = present.get(key)
        if (before) Object.assign(before, clone(row))
        else this.rows(model.name).push(clone(row))
      }
      // none of the drivers' counts is like the next one's
      return {}
    })
  }

  async set(selection: Selection.Mutable, values: Row): Promise<any> {
    return this.execute(() => {
      const { model, ref } = selection
      if (!Object.keys(values).length) throw new Error("'$set' is empty")
      const changed = this.find(selection).map(row => [row, executeUpdate({ ...row }, values, ref)])
      for (const [, row] of changed) checkCells(model, pick(row, Object.keys(values)))
      for (const [row, values] of changed) Object.assign(row, clone(values))
      return isVoid(selection.query) ? {} : { matched: changed.length }
    })
  }

  async remove(selection: Selection.Mutable): Promise<any> {
    return this.execute(() => {
      const removed = new Set(this.find(selection))
      this._store[selection.table] = this.rows(selection.table).filter(row => !removed.has(row))
      return isVoid(selection.query) ? {} : { matched: removed.size, removed: removed.size }
    })
  }

  /** Undoes what anybody did meanwhile, if it fails. */
  async withTransaction(callback: (session?: unknown) => Promise<void>) {
    const session = { failed: false }
    const before = clone(this._store)
    try {
      await callback(session)
      if (session.failed) throw new Error('the transaction was rolled back, as a statement of it failed')
    } catch (error) {
      for (const table in this._store) this._store[table] = before[table] ?? []
      throw error
    }
  }

  /** Rows of one table come in no order that could be relied on, unless they are sorted. */
  table(selection: Parameters<MemoryDriver['table']>[0], env?: object): Row[] {
    if (!Selection.is(selection) || typeof selection.table !== 'string') return super.table(selection, env)
    const { table, args: [modifier], ref } = selection
    for (const [{ $ }] of modifier.sort as [{ $?: string[] }, unknown][]) $ && findField(selection.model, $[1])
    const originals = new Map(this.find(selection as never).reverse().map(row => [this.fold({ ...row }), row]))
    const rows = executeSort([...originals.keys()], modifier, ref).map(row => originals.get(row)!)
    const rest = Object.create(selection, {
      query: { value: {} },
      args: { value: [{ ...modifier, sort: [], limit: Infinity, offset: 0 }] },
    })
    const store = this._store
    this._store = { ...store, [table]: rows }
    try {
      const found = super.table(rest, env)
      // MongoDB returns nothing of what was never written
      return modifier.group ? found : found.map((row, index) => filterKeys(row, (name: string) => row[name] !== null || name in rows[index]))
    } finally {
      this._store = store
    }
  }

  private async execute<T>(statement: () => T): Promise<Awaited<T>> {
    await new Promise(resolve => start(resolve))
    if (this.session?.failed) throw new Error('current transaction is aborted, commands ignored until end of transaction block')
    try {
      return await statement()
    } catch (error) {
      if (this.session) this.session.failed = true
      // as the drivers for servers do
      this.logger.warn('> %s', error)
      throw error
    }
  }

  private rows(table: string): Row[] {
    return this._store[table] ??= []
  }

  private find({ table, model, query }: Selection.Mutable) {
    checkQuery(model, query)
    return this.rows(table).filter(row => matches(row, query, this.fold))
  }

  /** The rows by each of the keys that must not be there twice. */
  private index(model: Model) {
    return [model.primary, ...model.unique].map((names) => {
      const keys = makeArray(names as string | string[])
      const rows = this.rows(model.name).filter(row => keys.every(key => !isNullable(row[key])))
      return { keys, rows: new Map(rows.map(row => [this.toKey(row, keys), row])) }
    })
  }

  private toKey(row: Row, keys: string[]) {
    return JSON.stringify([...keys].sort().map(key => this.fold(row[key])))
  }

  /** Gives a new row its number, where rows are numbered. */
  private number({ autoInc, primary, name }: Model, row: Row): Row {
    if (!autoInc || typeof primary !== 'string' || primary in row) return row
    return { ...row, [primary]: 1 + Math.max(0, ...this.rows(name).map(row => row[primary])) }
  }
}
