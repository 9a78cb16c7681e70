import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { MySQLDriver } from '@minatojs/driver-mysql'
import { Driver } from 'minato'
import { Server } from './server'

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
  /**
   * It reads the defaults of MariaDB's columns otherwise than it wrote them, and would alter a table whenever that is
   * loaded, which waits for whoever writes to it.
   */
  async prepare(table: string) {
    const rows: { COLUMN_NAME: string }[] = await this.query(
      `SELECT COLUMN_NAME FROM information_schema.columns WHERE table_schema = database() AND table_name = '${table}'`,
    )
    const columns = rows.map(row => row.COLUMN_NAME)
    if (!Object.keys(this.model(table).availableFields()).every(name => columns.includes(name))) await super.prepare(table)
  }

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

/** A MariaDB of our own. */
export class MariaDB extends Server {
  protected quit: NodeJS.Signals = 'SIGKILL'

  static start() {
    return new MariaDB().begin('mariadb')
  }

  create(database: string) {
    this.execute(`CREATE DATABASE ${database} CHARACTER SET utf8mb4`)
  }

  address(database: string) {
    return { host: '127.0.0.1', port: this.port, user: 'root', password: '', database, charset: 'utf8mb4_general_ci' }
  }

  protected initialize() {
    execFileSync('mariadb-install-db', [
      '--no-defaults', `--datadir=${this.folder}/data`, '--auth-root-authentication-method=normal', '--user=root', '--skip-test-db',
      // each server that starts removes what it takes for left behind in a folder that they share
    ], { stdio: 'ignore', env: { ...process.env, TMPDIR: this.folder } })
  }

  protected launch(): [string, string[]] {
    return [DAEMON, [
      '--no-defaults', '--user=root', `--datadir=${this.folder}/data`, `--socket=${this.folder}/socket`, `--tmpdir=${this.folder}`,
      '--bind-address=127.0.0.1', `--port=${this.port}`, '--innodb-flush-log-at-trx-commit=1', '--skip-log-bin',
    ]]
  }

  protected ask() {
    this.execute('SELECT 1')
  }

  private execute(sql: string) {
    execFileSync('mariadb', ['--no-defaults', `--socket=${this.folder}/socket`, '-uroot', '-e', sql], { stdio: 'ignore' })
  }
}
