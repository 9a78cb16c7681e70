import { Context } from 'koishi'
import { MemoryDriver } from '@minatojs/driver-memory'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { hasMariaDB, MariaDB, MariaDriver } from './mariadb'
import { hasPostgres, Postgres, PostgresDriver } from './postgres'
import { Collation, Server } from './server'
import { StrictConfig, StrictDriver } from './strict'

export * from './mariadb'
export * from './postgres'
export { Address, Collation, Server } from './server'

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

/** What Debian has servers of, some of which may be missing on this machine. */
export const servers = {
  mariadb: { available: hasMariaDB, start: MariaDB.start, share: share(MariaDB.start), Driver: MariaDriver },
  postgres: { available: hasPostgres, start: Postgres.start, share: share(Postgres.start), Driver: PostgresDriver },
}

export type ServerKind = keyof typeof servers

export const kinds: Engine[] = [
  within('memory', app => app.plugin(MemoryDriver as never, {})),
  within('sqlite', app => app.plugin(SQLiteDriver as never, { path: ':memory:' })),
  strict('strict', { noCase: false }),
  strict('strict, no case', { noCase: true }),
  on('mariadb', 'mariadb'),
  on('postgres', 'postgres'),
  on('postgres, ICU', 'postgres', 'ICU'),
]

/** Those that have least in common and need no server; `npm run test:engines` runs the contracts on the others. */
const chosen = ['sqlite', 'strict, no case']

/** What the contracts are tested on. */
export const engines = process.env.ENGINES === 'all' ? kinds : kinds.filter(({ name }) => chosen.includes(name))

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

function on(name: string, kind: ServerKind, collation?: Collation): Engine {
  const { available, share, Driver } = servers[kind]
  let server: Server
  return {
    name,
    available,
    shared: true,
    async start() {
      server = await share()
    },
    create() {
      const database = `test_${++count}`
      server.create(database, collation)
      const address = server.address(database)
      return app => app.plugin(Driver as never, address as never)
    },
    async stop() {},
  }
}

/** A server takes seconds to start: whatever runs in this process shares one, which ends with it. */
function share(start: () => Promise<Server>) {
  let server: Promise<Server> | undefined
  return () => server ??= start()
}
