import { Dict, makeArray, Time } from 'koishi'
import { Driver } from 'minato'
import { NoticeState, QQUserEntry } from '../model'
import { outlast } from '../shared/outlast'

/**
 * What is used of minato's driver for SQLite. The driver looks up each row before it writes it, and writes it in a
 * transaction of its own, which is a file that is made and removed. Doing a batch in one, without giving anybody else a
 * turn in between, takes a tenth of the time.
 */
export interface SQLite extends Driver {
  _run(sql: string, params?: unknown[]): void
  _get(sql: string): { count: number }
  /** The transaction that somebody has open, or the last one. */
  _transactionTask?: unknown
}

/** How long (ms) it is waited for. */
const PATIENCE = 5 * Time.second
/** Those that have ended, or were waited for in vain. */
const past = new WeakSet<object>()

/** Whether it is that driver, and has what is used of it, none of which is public. */
export function isSQLite(driver: Driver): driver is SQLite {
  const { _run, _get } = driver as Partial<SQLite>
  return typeof _run === 'function' && typeof _get === 'function'
}

/**
 * Waits, on SQLite, for the end of a transaction that somebody has open: there is one session for all, and what is written
 * meanwhile is undone with it. What lasts too long is joined: whoever has it open may be waiting for us.
 */
export async function untilAlone(driver: Driver) {
  if (!isSQLite(driver)) return
  for (let task; (task = driver._transactionTask) instanceof Promise && !past.has(task);) {
    await outlast(task.catch(() => {}), async () => true, PATIENCE)
    past.add(task)
  }
}

/** Writes users and entries, all of them or none. */
export async function save(driver: SQLite, users: object[], entries: object[]) {
  await untilAlone(driver)
  driver._run('SAVEPOINT qq_user')
  try {
    for (const rows of groupByColumns(users)) insert(driver, 'qq_user', rows, true)
    if (entries.length) insert(driver, 'qq_user_event', entries, false)
    driver._run('RELEASE qq_user')
  } catch (error) {
    undo(driver)
    throw error
  }
}

/** Adds rows of a table, all of them or none, and leaves alone those that are there. */
export async function add(driver: SQLite, table: string, rows: object[]) {
  await untilAlone(driver)
  insert(driver, table, rows, false)
}

/**
 * Changes the rows that are as expected, in one statement: the driver looks first, and changes what it saw, whatever
 * happened in between.
 *
 * @returns how many there were
 */
export async function change(driver: SQLite, table: string, expected: object, values: object): Promise<number> {
  await untilAlone(driver)
  const dump = (row: object) => Object.entries(row).map(([column, value]) => dumper(driver, table, column)?.(value) ?? value)
  driver._run([
    `UPDATE ${table} SET ${Object.keys(values).map(column => `${column} = ?`)}`,
    `WHERE ${Object.keys(expected).map(column => `${column} = ?`).join(' AND ')}`,
  ].join(' '), [...dump(values), ...dump(expected)])
  return driver._get('SELECT changes() AS count').count
}

/** What of an entry may change, and which entries to change. */
export type NoticeValues = Partial<Pick<QQUserEntry, 'notice' | 'noticeReason' | 'origin'>>
export interface NoticeQuery {
  id: string[]
  notice?: NoticeState
}

/** Changes entries. @returns how many there were */
export async function update(driver: SQLite, values: NoticeValues, { id, ...query }: NoticeQuery): Promise<number> {
  await untilAlone(driver)
  const conditions = [`id IN (${id.map(() => '?')})`, ...Object.keys(query).map(column => `${column} = ?`)]
  driver._run([
    `UPDATE qq_user_event SET ${Object.keys(values).map(column => `${column} = ?`)}`,
    `WHERE ${conditions.join(' AND ')}`,
  ].join(' '), [...Object.values(values), ...id, ...Object.values(query)])
  return driver._get('SELECT changes() AS count').count
}

function undo(driver: SQLite) {
  try {
    driver._run('ROLLBACK TO qq_user')
    driver._run('RELEASE qq_user')
  } catch {
    // SQLite did so itself, as it does when the disk is full
  }
}

function insert(driver: SQLite, table: string, rows: Dict[], update: boolean) {
  const columns = Object.keys(rows[0])
  const primary = makeArray(driver.model(table).primary)
  const updates = columns.filter(column => !primary.includes(column)).map(column => `${column} = excluded.${column}`)
  // what the driver does with a value; its own way there leads through a proxy for every cell
  const dumps = columns.map(column => dumper(driver, table, column))
  const cells = rows.flatMap(row => columns.map((column, index) => dumps[index]?.(row[column]) ?? row[column]))
  driver._run([
    `INSERT INTO ${table} (${columns})`,
    `VALUES ${rows.map(() => `(${columns.map(() => '?')})`)}`,
    `ON CONFLICT (${primary}) DO ${update ? `UPDATE SET ${updates}` : 'NOTHING'}`,
  ].join(' '), cells)
}

function dumper(driver: SQLite, table: string, column: string) {
  return driver.types[driver.model(table).fields[column]!.type.type as string]?.dump
}

function groupByColumns(rows: object[]) {
  const groups = new Map<string, object[]>()
  for (const row of rows) {
    const key = Object.keys(row).join()
    groups.set(key, [...groups.get(key) ?? [], row])
  }
  return groups.values()
}
