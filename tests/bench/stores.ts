import { join } from 'node:path'
import { Address, Server, ServerKind, servers } from '../database'

/** A database, as a child process is told of it. */
export type Store =
  | { kind: 'sqlite'; path: string }
  | { kind: ServerKind; address: Address }

const kinds = Object.keys(servers) as ServerKind[]

export const available: Store['kind'][] = ['sqlite', ...kinds.filter(kind => servers[kind].available)]

/** As many new databases as the works ask for. */
export class Stores {
  private servers = new Map<string, Server>()
  private count = 0

  constructor(private folder: string) {}

  async create(kind: Store['kind']): Promise<Store> {
    const name = `bench_${++this.count}`
    if (kind === 'sqlite') return { kind, path: join(this.folder, `${name}.db`) }
    const server = this.servers.get(kind) ?? await servers[kind].start()
    this.servers.set(kind, server)
    server.create(name)
    return { kind, address: server.address(name) }
  }

  async stop() {
    for (const server of this.servers.values()) await server.stop()
  }
}
