import { join } from 'node:path'
import { hasMariaDB, MariaDB } from '../database/mariadb'

/** A database, as a child process is told of it. */
export type Store =
  | { kind: 'sqlite'; path: string }
  | { kind: 'mariadb'; config: ReturnType<MariaDB['config']> }

export const available: Store['kind'][] = hasMariaDB ? ['sqlite', 'mariadb'] : ['sqlite']

/** As many new databases as the works ask for. */
export class Stores {
  private server?: MariaDB
  private count = 0

  constructor(private folder: string) {}

  async create(kind: Store['kind']): Promise<Store> {
    const name = `bench_${++this.count}`
    if (kind === 'sqlite') return { kind, path: join(this.folder, `${name}.db`) }
    this.server ??= await MariaDB.start()
    this.server.create(name)
    return { kind, config: this.server.config(name) }
  }

  async stop() {
    await this.server?.stop()
  }
}
