import { Context } from 'koishi'
import { MemoryDriver } from '@minatojs/driver-memory'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { hasMariaDB, MariaDB } from './mariadb'
import { hasPostgres, Postgres } from './postgres'
import { Server } from './server'
import { StrictConfig, StrictDriver } from './strict'

export * from './mariadb'
export * from './postgres'
export { freePort, Server } from './server'

/** A kind of database, with as many empty ones as are asked for. */
export interface Engine {
  name: string
  available: boolean
  /** Whether several processes can write to one database. */
  shared: boolean
  start(): Promise<void>
  /** @returns what loads a new database into any number of apps */
  create(): (app: Context) => void
  stop(): Promise<void>
}

const postgres = share(Postgres.start)

export const engines: Engine[] = [
  within('memory', app => app.plugin(MemoryDriver as never, {})),
  within('sqlite', app => app.plugin(SQLiteDriver as never, { path: ':memory:' })),
  strict('strict', { noCase: false }),
  strict('strict, no case', { noCase: true }),
  on('mariadb', hasMariaDB, share(MariaDB.start), (server, database) => server.create(database)),
  on('postgres', hasPostgres, postgres, (server, database) => server.create(database, 'C')),
  on('postgres, ICU', hasPostgres, postgres, (server, database) => server.create(database, 'ICU')),
]

function within(name: string, load: (app: Context) => void): Engine {
  return { name, available: true, shared: false, async start() {}, create: () => load, async stop() {} }
}

function strict(name: string, options: { noCase: boolean }): Engine {
  return {
    ...within(name, () => {}),
    shared: true,
    create() {
      const config: StrictConfig = { ...options, store: {} }
      return app => app.plugin(StrictDriver as never, config as never)
    },
  }
}

let count = 0

function on<S extends Server>(name: string, available: boolean, start: () => Promise<S>, create: (server: S, database: string) => void): Engine {
  let server: S
  return {
    name,
    available,
    shared: true,
    async start() {
      server = await start()
    },
    create() {
      const database = `test_${++count}`
      create(server, database)
      const config = server.config(database)
      return app => server.load(app, config)
    },
    async stop() {},
  }
}

/** A server takes seconds to start: whatever runs in this process shares one, which ends with it. */
function share<S>(start: () => Promise<S>) {
  let server: Promise<S> | undefined
  return () => server ??= start()
}
