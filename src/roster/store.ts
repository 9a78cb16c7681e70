import { Context } from 'koishi'
import { Driver } from 'minato'
import { QQUser, QQUserEntry } from '../model'
import { toOriginal } from '../shared/patch'
import * as sqlite from './sqlite'

/** This plugin's tables, reached as directly as the database at hand allows. */
export class Store {
  /** Without the proxy that tells Cordis who asks, which takes longer than many a query. */
  readonly database: Context['database']
  /** Whether other processes may write to the same database. */
  readonly shared: boolean
  private driver: Driver

  constructor(ctx: Context) {
    this.database = toOriginal(ctx.database)
    this.driver = this.database.select('qq_user').driver
    this.shared = !sqlite.isSQLite(this.driver)
    ctx.effect(() => untrace(this.driver))
  }

  /**
   * Writes users, of whom only some columns may be given, and then entries, leaving alone those that are recorded already:
   * whatever is recorded has been written in full.
   */
  async save(users: Partial<QQUser>[], entries: QQUserEntry[]) {
    if (sqlite.isSQLite(this.driver)) return sqlite.save(this.driver, users, entries)
    if (users.length) await this.database.upsert('qq_user', users)
    // with every column a key there is nothing to update
    if (entries.length) await this.database.upsert('qq_user_event', entries, Object.keys(entries[0]) as never)
  }

  /** Changes entries. @returns how many there were */
  async update(values: sqlite.NoticeValues, query: sqlite.NoticeQuery) {
    if (sqlite.isSQLite(this.driver)) return sqlite.update(this.driver, values, query)
    const { matched } = await this.database.set('qq_user_event', { ...query }, values)
    return matched!
  }
}

/** Lets the driver read the layout of the tables without that proxy, as it does for every cell. @returns undoes it */
function untrace(driver: Driver) {
  const traced = driver.database
  const original = driver.database = toOriginal(traced)
  return () => {
    if (driver.database === original) driver.database = traced
  }
}
