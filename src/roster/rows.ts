import { Context } from 'koishi'
import { QQUser, QQUserEntry } from '../model'
import * as sqlite from './sqlite'

/** Whether other processes may write to the same database. */
export function isShared({ database }: Context) {
  return !sqlite.isSQLite(database.select('qq_user').driver)
}

/**
 * Writes users, of whom only some columns may be given, and then entries, leaving alone those that are recorded already:
 * whatever is recorded has been written in full.
 */
export async function save({ database }: Context, users: Partial<QQUser>[], entries: QQUserEntry[]) {
  const { driver } = database.select('qq_user')
  if (sqlite.isSQLite(driver)) return sqlite.save(driver, users, entries)
  if (users.length) await database.upsert('qq_user', users)
  // with every column a key there is nothing to update
  if (entries.length) await database.upsert('qq_user_event', entries, Object.keys(entries[0]) as never)
}

/** Changes entries. @returns how many there were */
export async function update({ database }: Context, values: sqlite.NoticeValues, query: sqlite.NoticeQuery) {
  const { driver } = database.select('qq_user_event')
  if (sqlite.isSQLite(driver)) return sqlite.update(driver, values, query)
  const { matched } = await database.set('qq_user_event', { ...query }, values)
  return matched!
}
