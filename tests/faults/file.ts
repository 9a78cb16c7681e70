import init from '@minatojs/sql.js'

export interface Tables {
  /** What SQLite finds wrong with its own file; `ok` if nothing. */
  integrity: string
  users: Record<string, any>[]
  ledger: Record<string, any>[]
}

/** What is in the file of an SQLite database, times in ms. */
export async function readTables(path: string): Promise<Tables> {
  const sqlite = await init()
  const database = new sqlite.Database(path)
  try {
    const [{ integrity_check: integrity }] = query(database, 'PRAGMA integrity_check')
    const tables = query(database, "SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => name)
    const rows = (table: string) => tables.includes(table) ? query(database, `SELECT * FROM ${table} ORDER BY rowid`) : []
    return { integrity, users: rows('qq_user'), ledger: rows('qq_user_event') }
  } finally {
    database.close()
  }
}

function query(database: init.Database, sql: string) {
  const statement = database.prepare(sql)
  const rows: Record<string, any>[] = []
  while (statement.step()) rows.push(statement.getAsObject() as Record<string, any>)
  statement.free()
  return rows
}
