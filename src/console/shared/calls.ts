import { Context, Time } from 'koishi'
import type { Client } from '@koishijs/plugin-console'
import { runSafely } from '../../shared/run-safely'
import { unwrap } from '../../shared/patch'
import { CallError, fail } from './errors'

/** Whoever may see users and write to them. */
export const ACCESS = { authority: 4 }

const LIMIT = { client: 16, all: 64 }
/** The client gives up after a minute. */
const PATIENCE = 50 * Time.second

export type Handler<C, K extends keyof C> = (client: Client, ...args: unknown[]) => C[K] extends (...args: never[]) => infer R ? R : never

type AnyHandler = (client: Client, ...args: unknown[]) => unknown

/**
 * Lets clients call, a few at a time, and tells them no more than a code when something is wrong.
 *
 * @typeParam C what they can call
 * @typeParam M what they are told
 */
export class CallRegistry<C, M = unknown> {
  private load = new Map<Client, number>()

  constructor(private ctx: Context) {}

  /** @param handler takes arguments that nobody has looked at yet */
  add<K extends keyof C & string>(name: K, handler: Handler<C, K>) {
    const { call } = this
    const { listeners } = this.ctx.console
    const callback = function (this: Client, ...args: unknown[]) {
      return call(this, handler as AnyHandler, args)
    }
    this.ctx.console.addListener(name as never, callback as never, ACCESS)
    // the console keeps them for ever
    this.ctx.on('dispose', () => {
      const listener = listeners[name]
      if (listener && unwrap(listener.callback) === callback) delete listeners[name]
    })
  }

  /** Tells one client, if it still may know. */
  async send<K extends keyof M & string>(client: Client, type: K, body: M[K]) {
    if (await this.mayReceive(client)) client.send({ type, body })
  }

  /** Whether a client is still there and still may see users. */
  async mayReceive(client: Client) {
    const isConnected = () => this.ctx.get('console')?.clients[client.id] === client
    return isConnected() && !await this.ctx.serial('console/intercept', client, ACCESS) && isConnected()
  }

  private call = async (client: Client, handler: AnyHandler, args: unknown[]) => {
    const load = this.load.get(client) ?? 0
    let all = 0
    for (const load of this.load.values()) all += load
    if (load >= LIMIT.client || all >= LIMIT.all) fail('busy')
    this.load.set(client, load + 1)
    const answer = this.run(handler, client, args)
    // what outlives the client's patience still counts
    runSafely(this.ctx, () => answer.catch(() => {}).finally(() => this.release(client)))
    return this.wait(answer)
  }

  private async run(handler: AnyHandler, client: Client, args: unknown[]) {
    try {
      return await handler(client, ...args)
    } catch (error) {
      if (error instanceof CallError) throw error
      this.ctx.logger.warn(error)
      fail('failed')
    }
  }

  private async wait<T>(answer: Promise<T>) {
    let cancel!: () => void
    const timeout = new Promise<void>((resolve) => {
      cancel = this.ctx.setTimeout(resolve, PATIENCE)
    })
    return Promise.race([answer, timeout.then(() => fail('timeout'))]).finally(cancel)
  }

  private release(client: Client) {
    const load = this.load.get(client)! - 1
    if (load) this.load.set(client, load)
    else this.load.delete(client)
  }
}
