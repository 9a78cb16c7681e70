import { ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chown, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../ports'

// whatever a test does to the clock
const { setTimeout: start } = globalThis
const sleep = (delay: number) => new Promise(resolve => start(resolve, delay))

export interface Account {
  uid: number
  gid: number
}

/** How texts are put in order: by their code, or as people do. */
export type Collation = 'C' | 'ICU'

/** How a driver reaches a database. */
export interface Address {
  host: string
  port: number
  user: string
  password: string
  database: string
}

/** Ends the server, and removes its folder, once whoever started it is gone: `$0` is the folder. */
const WATCH = 'cat; kill -s "$1" "$(cat "$0/pid")"; sleep 0.2; rm -rf "$0"; rm -rf "$0"'

/** A database server of our own, on loopback, in a temporary folder. It does not outlive this process. */
export abstract class Server {
  folder!: string
  port!: number
  protected account?: Account

  private process?: ChildProcess
  private watch?: ChildProcess

  /** A new and empty database. */
  abstract create(database: string, collation?: Collation): void
  abstract address(database: string): Address
  /** Makes the files of a new server. */
  protected abstract initialize(): void
  protected abstract launch(): [command: string, args: string[]]
  /** Throws while the server does not answer. */
  protected abstract ask(): void
  /** What ends the server soon and for good. */
  protected abstract readonly quit: NodeJS.Signals

  protected async begin(name: string) {
    this.folder = await mkdtemp(join(tmpdir(), `qq-user-${name}-`))
    if (this.account) await chown(this.folder, this.account.uid, this.account.gid)
    this.port = await freePort()
    this.initialize()
    this.watch = spawn('sh', ['-c', WATCH, this.folder, this.quit.slice(3)], { stdio: ['pipe', 'ignore', 'ignore'], detached: true })
    this.watch.unref()
    ;(this.watch.stdin as unknown as { unref(): void }).unref()
    await this.resume()
    return this
  }

  /** Starts the server again after `kill()`. */
  async resume() {
    for (let tries = 0; ; tries++) {
      // what is left of one that was killed may stand in the way for a moment
      if (!this.process || this.process.exitCode !== null || this.process.signalCode) await this.run()
      try {
        return this.ask()
      } catch (error) {
        if (tries > 300) throw error
        await sleep(50)
      }
    }
  }

  private async run() {
    const [command, args] = this.launch()
    this.process = spawn(command, args, { stdio: 'ignore', ...this.account })
    this.process.unref()
    await once(this.process, 'spawn')
    await writeFile(join(this.folder, 'pid'), `${this.process.pid}`)
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL') {
    const process = this.process!
    const exit = once(process, 'exit')
    process.ref()
    process.kill(signal)
    await exit
  }

  async stop() {
    await this.kill(this.quit)
    this.watch!.kill()
    await rm(this.folder, { recursive: true })
  }
}
