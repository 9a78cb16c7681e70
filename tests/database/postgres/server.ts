import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { Account, Collation, Server } from '../server'

const bin = findBinaries()

/** Debian's `postgresql` is optional: without it the suites for this server are pending. */
export const hasPostgres = !!bin

const collations: Record<Collation, string> = {
  C: "LOCALE 'C.UTF-8'",
  ICU: "LOCALE 'C.UTF-8' LOCALE_PROVIDER icu ICU_LOCALE 'en-US'",
}

/** A PostgreSQL of our own. What is committed survives its death, though not the machine's. */
export class Postgres extends Server {
  protected quit: NodeJS.Signals = 'SIGQUIT'
  protected account = findAccount()

  static start() {
    return new Postgres().begin('postgres')
  }

  create(database: string, collation: Collation = 'C') {
    this.execute(`CREATE DATABASE ${database} TEMPLATE template0 ENCODING 'UTF8' ${collations[collation]}`)
  }

  address(database: string) {
    return { host: '127.0.0.1', port: this.port, user: 'postgres', password: '', database }
  }

  protected initialize() {
    execFileSync(join(bin!, 'initdb'), [
      `--pgdata=${this.folder}/data`, '--username=postgres', '--auth=trust', '--locale=C.UTF-8', '--encoding=UTF8', '--no-sync',
    ], { stdio: 'ignore', cwd: this.folder, ...this.account })
  }

  protected launch(): [string, string[]] {
    const settings = { listen_addresses: '127.0.0.1', port: this.port, unix_socket_directories: this.folder, fsync: 'off', autovacuum: 'off' }
    return [join(bin!, 'postgres'), ['-D', join(this.folder, 'data'), ...Object.entries(settings).map(([key, value]) => `--${key}=${value}`)]]
  }

  protected ask() {
    this.execute('SELECT 1')
  }

  private execute(sql: string) {
    execFileSync(join(bin!, 'psql'), [
      '--no-psqlrc', `--host=${this.folder}`, `--port=${this.port}`, '--username=postgres', `--command=${sql}`,
    ], { stdio: 'ignore' })
  }
}

/** They are not on the path. */
function findBinaries() {
  const root = '/usr/lib/postgresql'
  if (!existsSync(root)) return
  const versions = readdirSync(root).sort((a, b) => +b - +a)
  return versions.map(version => join(root, version, 'bin')).find(path => existsSync(join(path, 'initdb')))
}

/** The server refuses to run as root: it runs as the user that its package made. */
function findAccount(): Account | undefined {
  if (process.getuid!()) return
  const [uid, gid] = ['-u', '-g'].map(flag => +execFileSync('id', [flag, 'postgres']))
  return { uid, gid }
}
