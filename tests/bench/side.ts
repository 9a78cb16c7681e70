import { ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { pick } from 'koishi'
import { Platform } from '../platform'
import type * as measures from './child/measures'
import { Answer, Question, Spec } from './child/spec'

type Measures = typeof measures
type Arguments<T> = T extends (side: never, ...args: infer A) => unknown ? A : never
type Result<T> = T extends (...args: never[]) => infer R ? Awaited<R> : never

export type SideOptions = Partial<Omit<Spec, 'address'>> & Pick<Spec, 'side' | 'store'>

const TIMEOUT = 10 * 60_000

/** One side in a process of its own. */
export class Side {
  static profile?: string
  private static alive = new Set<Side>()

  private child: ChildProcess
  private last = 0
  private open = new Map<number, { resolve(result: unknown): void; reject(error: Error): void; timer: NodeJS.Timeout }>()

  static async start(platform: Platform, options: SideOptions) {
    const side = new Side(platform, options)
    await side.started
    return side
  }

  /** Whoever is left when the run is over has nothing to say any more. */
  static async killAll() {
    for (const { child } of Side.alive) child.kill('SIGKILL')
    await Promise.all([...Side.alive].map(side => side.stop()))
  }

  private started: Promise<unknown>

  private constructor(public platform: Platform, options: SideOptions) {
    const address = pick(platform, ['appid', 'token', 'secret', 'selfId', 'endpoint'])
    const spec: Spec = { greet: false, answer: false, ...options, address }
    const profile = Side.profile ? ['--cpu-prof', `--cpu-prof-dir=${Side.profile}`] : []
    this.child = fork(join(__dirname, 'child'), [JSON.stringify(spec)], {
      execArgv: ['-r', 'esbuild-register', '-r', 'yml-register', '--expose-gc', ...profile],
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    })
    this.started = this.wait(0)
    this.child.on('message', (answer: Answer) => this.settle(answer))
    this.child.on('exit', code => this.fail(new Error(`${options.side} ended with ${code}`)))
    Side.alive.add(this)
  }

  ask<K extends keyof Measures>(name: K, ...args: Arguments<Measures[K]>): Promise<Result<Measures[K]>> {
    if (!this.child.connected) return Promise.reject(new Error('this side has ended'))
    const id = ++this.last
    this.child.send({ id, name, args } satisfies Question)
    return this.wait(id) as never
  }

  async stop() {
    Side.alive.delete(this)
    if (this.child.exitCode !== null || this.child.signalCode) return
    const exit = once(this.child, 'exit')
    if (this.child.connected) this.child.disconnect()
    const timer = setTimeout(() => this.child.kill('SIGKILL'), 5000)
    await exit
    clearTimeout(timer)
  }

  private wait(id: number) {
    return new Promise<unknown>((resolve, reject) => {
      const timer = setTimeout(() => this.settle({ id, error: 'no answer in time' }), TIMEOUT)
      this.open.set(id, { resolve, reject, timer })
    })
  }

  private settle({ id, result, error }: Answer) {
    const question = this.open.get(id)
    if (!question) return
    this.open.delete(id)
    clearTimeout(question.timer)
    if (error) question.reject(new Error(error))
    else question.resolve(result)
  }

  private fail(error: Error) {
    for (const { reject, timer } of this.open.values()) {
      clearTimeout(timer)
      reject(error)
    }
    this.open.clear()
  }
}
