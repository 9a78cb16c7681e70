import { Context } from 'koishi'
import { MemoryDriver } from '@minatojs/driver-memory'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { hasMariaDB, MariaDB, MariaDriver } from './mariadb'

export * from './mariadb'

/** A kind of database, with as many empty ones as are asked for. */
export interface Engine {
  name: string
  available: boolean
  start(): Promise<void>
  /** @returns what loads a new database into any number of apps */
  create(): (app: Context) => void
  stop(): Promise<void>
}

let server: MariaDB
let count = 0

export const engines: Engine[] = [{
  name: 'memory',
  available: true,
  async start() {},
  create: () => app => app.plugin(MemoryDriver as never, {}),
  async stop() {},
}, {
  name: 'sqlite',
  available: true,
  async start() {},
  create: () => app => app.plugin(SQLiteDriver as never, { path: ':memory:' }),
  async stop() {},
}, {
  name: 'mariadb',
  available: hasMariaDB,
  async start() {
    server = await MariaDB.start()
  },
  create() {
    const name = `test_${++count}`
    server.create(name)
    return app => app.plugin(MariaDriver as never, server.config(name) as never)
  },
  stop: () => server.stop(),
}]
