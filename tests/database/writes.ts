import { Context } from 'koishi'

/** Calls back after each write of rows to one of the plugin's tables, whichever way it takes. What is thrown then is as if the answer got lost. */
export function afterWrites(app: Context, callback: (table: string) => void) {
  const driver = app.database.drivers[0] as any
  for (const name of ['set', 'upsert', 'create']) {
    const original = driver[name]
    driver[name] = async (selection: { table: string }, ...args: unknown[]) => {
      const result = await original.call(driver, selection, ...args)
      if (selection.table.startsWith('qq_')) callback(selection.table)
      return result
    }
  }
  // on SQLite both tables are written at once, the ledger last
  const { _run } = driver
  if (!_run) return
  driver._run = (sql: string, ...args: unknown[]) => {
    const result = _run.call(driver, sql, ...args)
    if (sql.startsWith('RELEASE')) callback('qq_user_event')
    return result
  }
}
