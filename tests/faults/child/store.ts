import { Context } from 'koishi'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import type { MariaDB } from '../../database/mariadb'

/** Where users are kept: a file, or a database of a server. */
export type Store = { path: string } | { server: ReturnType<MariaDB['config']> }

export function loadStore(app: Context, store: Store) {
  if ('path' in store) return app.plugin(SQLiteDriver as never, store)
  const { MariaDriver } = require('../../database/mariadb')
  return app.plugin(MariaDriver, store.server)
}
