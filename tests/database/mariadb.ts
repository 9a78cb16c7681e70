import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { AddressInfo, createServer } from 'node:net'
import { MySQLDriver } from '@minatojs/driver-mysql'
import { Driver } from 'minato'

// whatever a test does to the clock
const { setTimeout: start } = globalThis
const sleep = (delay: number) => new Promise(resolve => start(resolve, delay))

const DAEMON = '/usr/sbin/mariadbd'

/** Debian's `mariadb-server` is optional: without it the suites for a database server are pending. */
export const hasMariaDB = existsSync(DAEMON)

interface IndexRow {
  INDEX_NAME: string
  COLUMN_NAME: string
  COLLATION: string
  NON_UNIQUE: string
}

/** The driver for MySQL that is published lags behind minato and lacks what it asks of a driver about indexes. */
export class MariaDriver extends MySQLDriver {
  async getIndexes(table: string): Promise<Driver.Index[]> {
    const rows: IndexRow[] = await this.query(
      `SELECT * FROM information_schema.statistics WHERE table_schema = database() AND table_name = '${table}' ORDER BY seq_in_index`,
    )
    const names = [...new Set(rows.map(row => row.INDEX_NAME))]
    return names.map((name) => {
      const columns = rows.filter(row => row.INDEX_NAME === name)
      return {
        name,
        unique: columns[0].NON_UNIQUE === '0',
        keys: Object.fromEntries(columns.map(row => [row.COLUMN_NAME, row.COLLATION === 'D' ? 'desc' : 'asc'])),
      }
    })
  }

  async createIndex(table: string, { name, keys, unique }: Driver.Index) {
    const columns = Object.entries(keys).map(([key, direction]) => `\`${key}\` ${direction ?? 'asc'}`)
    await this.query(`CREATE ${unique ? 'UNIQUE' : ''} INDEX \`${name ?? 'index:' + Object.keys(keys).join('+')}\` ON \`${table}\` (${columns.join(', ')})`)
  }

  async dropIndex(table: string, name: string) {
    await this.query(`DROP INDEX \`${name}\` ON \`${table}\``)
  }
}

/** A server of our own, on loopback, in a temporary folder. */
export class MariaDB {
  private process?: ReturnType<typeof spawn>
  private folder!: string
  port!: number

  static async start() {
    const server = new MariaDB()
    server.folder = await mkdtemp(join(tmpdir(), 'qq-user-mariadb-'))
    server.port = await freePort()
    execFileSync('mariadb-install-db', [
      '--no-defaults', `--datadir=${server.folder}/data`, '--auth-root-authentication-method=normal', '--user=root', '--skip-test-db',
    ], { stdio: 'ignore' })
    await server.resume()
    return server
  }

  /** Starts the server again after `kill()`. */
  async resume() {
    this.process = spawn(DAEMON, [
      '--no-defaults', '--user=root', `--datadir=${this.folder}/data`, `--socket=${this.folder}/socket`,
      '--bind-address=127.0.0.1', `--port=${this.port}`, '--innodb-flush-log-at-trx-commit=1', '--skip-log-bin',
    ], { stdio: 'ignore' })
    for (let tries = 0; ; tries++) {
      try {
        execFileSync('mariadb', ['--no-defaults', `--socket=${this.folder}/socket`, '-uroot', '-e', 'SELECT 1'], { stdio: 'ignore' })
        return
      } catch (error) {
        if (tries > 300) throw error
        await sleep(50)
      }
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL') {
    const process = this.process!
    const exit = once(process, 'exit')
    process.kill(signal)
    await exit
  }

  create(database: string) {
    execFileSync('mariadb', ['--no-defaults', `--socket=${this.folder}/socket`, '-uroot', '-e', `CREATE DATABASE ${database} CHARACTER SET utf8mb4`])
  }

  config(database: string) {
    return { host: '127.0.0.1', port: this.port, user: 'root', password: '', database, charset: 'utf8mb4_general_ci' }
  }

  async stop() {
    await this.kill('SIGTERM')
    await rm(this.folder, { recursive: true })
  }
}

export async function freePort() {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}
