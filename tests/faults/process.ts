import { ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { Readable } from 'node:stream'
import { build } from 'esbuild'
import { load } from 'js-yaml'
import { pick } from 'koishi'
import { Platform } from '../platform'
import type { Life } from './child'
import { Memory, Report, REPORTS } from './child/report'

let compiled: Promise<string> | undefined
/** Loads while another lives, and waits for its turn. */
let spare: ChildProcess | undefined
const alive = new Set<ChildProcess>()

/** A bot in a process of its own, which can be killed. */
export class Bot {
  /** Ids of the events whose sessions other plugins saw, in order. */
  readonly announced: string[] = []
  readonly exit: Promise<unknown>
  dead = false

  private wake = new Set<() => void>()
  private isOnline = false
  private memory?: Memory

  static async start(platform: Platform, life: Omit<Life, 'platform'>) {
    const program = await (compiled ??= compile())
    const child = spare ?? launch(program)
    spare = launch(program)
    child.send({ ...life, platform: pick(platform, ['appid', 'token', 'secret', 'selfId', 'endpoint']) } satisfies Life)
    return new Bot(child)
  }

  private constructor(private process: ChildProcess) {
    const lines = createInterface(process.stdio[REPORTS] as Readable)
    lines.on('line', line => this.hear(line))
    this.exit = Promise.all([once(process, 'exit'), once(lines, 'close')]).then(() => {
      this.dead = true
      this.call()
    })
  }

  /** Waits until something holds, or the process is dead. @returns whether it holds */
  async until(condition: (bot: this) => boolean) {
    while (!condition(this)) {
      if (this.dead) return false
      await new Promise<void>(resolve => this.wake.add(resolve))
    }
    return true
  }

  online() {
    return this.until(() => this.isOnline)
  }

  /** What the process holds, garbage not counted. */
  async measure() {
    this.memory = undefined
    this.process.send('measure')
    await this.until(() => !!this.memory)
    return this.memory!
  }

  async kill() {
    this.process.kill('SIGKILL')
    await this.exit
  }

  private hear(line: string) {
    const report: Report = JSON.parse(line)
    if ('online' in report) this.isOnline = true
    else if ('memory' in report) this.memory = report.memory
    else this.announced.push(report.announced)
    this.call()
  }

  private call() {
    for (const resolve of this.wake) resolve()
    this.wake.clear()
  }
}

/** One file, as a hundred processes would each take a second to compile the sources for themselves. */
async function compile() {
  const root = join(__dirname, '../..')
  const folder = await mkdtemp(join(root, 'node_modules/.faults-'))
  const file = join(folder, 'bot.js')
  await build({
    entryPoints: [join(__dirname, 'child/index.ts')],
    outfile: file,
    bundle: true,
    platform: 'node',
    packages: 'external',
    plugins: [{
      name: 'yml',
      setup({ onLoad }) {
        onLoad({ filter: /\.yml$/ }, async ({ path }) => ({ contents: JSON.stringify(load(await readFile(path, 'utf8'))), loader: 'json' }))
      },
    }],
  })
  return file
}

function launch(program: string) {
  const child = fork(program, { stdio: ['ignore', 'ignore', 'inherit', 'pipe', 'ipc'] })
  alive.add(child)
  child.once('exit', () => alive.delete(child))
  return child
}

/** To be called after each test that starts bots: none outlives it, whatever happened. */
export async function killAll() {
  spare = undefined
  for (const process of alive) process.kill('SIGKILL')
  await Promise.all([...alive].map(process => process.exitCode ?? process.signalCode ?? once(process, 'exit')))
}

/** To be called after the last. */
export async function clean() {
  await killAll()
  if (compiled) await rm(join(await compiled, '..'), { recursive: true })
  compiled = undefined
}
