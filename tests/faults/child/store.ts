import { Context } from 'koishi'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import type { Address, ServerKind } from '../../database'

/** Where users are kept: a file, or a database of a server. */
export type Store = { path: string } | { kind: ServerKind; address: Address }

export function loadStore(app: Context, store: Store) {
  if ('path' in store) return app.plugin(SQLiteDriver as never, store)
  const { servers }: typeof import('../../database') = require('../../database')
  return app.plugin(servers[store.kind].Driver as never, store.address as never)
}
