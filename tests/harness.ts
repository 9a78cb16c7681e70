import { Context, Dict, ForkScope, Logger, Plugin, Session, Universal } from 'koishi'
import { HTTP } from '@koishijs/plugin-http'
import { Server } from '@koishijs/plugin-server'
import QQBot from '@satorijs/adapter-qq'
import SQLite from '@minatojs/driver-sqlite'
import { Platform, PlatformOptions } from './platform'
import { freePort } from './ports'
import * as plugin from '../src'

// whatever a test does to the clock
const { setTimeout: start } = globalThis
const sleep = (delay: number) => new Promise(resolve => start(resolve, delay))

export const INTENTS = 1 << 25 | 1 << 26

/** Config of a plugin that greets nobody. */
export const silent = { icebreaker: { enabled: false }, pushAllowed: { enabled: false }, pushRejected: { enabled: false } }

export interface HarnessOptions extends PlatformOptions {
  /** The plugin's config. */
  config?: Dict
  /** Overrides of the adapter's config. */
  bot?: Dict
  /** Loads the database, SQLite in memory unless told. */
  database?(app: Context): void
  /** Runs before anything but the database is loaded. */
  prepare?(app: Context): void
  /** What to load, and in which order. */
  order?: ('adapter' | 'plugin')[]
  /** A platform to share, which is not stopped with the app. */
  platform?: Platform
}

/** A Koishi app as an operator runs it: the real adapter on the wire of the stand-in platform, and a real database. */
export class Harness {
  readonly app = new Context()
  platform!: Platform
  plugin?: ForkScope
  adapter?: ForkScope
  /** The sessions of the four events, as another plugin sees them. */
  readonly sessions: Session[] = []
  /** What is logged at the default level, as `level name text`. */
  readonly log: string[] = []

  private webhook?: number
  private server?: ForkScope
  private shared = false
  private adapters: ForkScope[] = []
  private end!: () => void
  private readonly ended = new Promise<void>(resolve => this.end = resolve)

  static async start(options: HarnessOptions = {}) {
    const harness = new Harness()
    await harness.start(options)
    return harness
  }

  get warnings() {
    return this.log.filter(line => /^[we] (?!adapter|server)/.test(line))
  }

  get bot() {
    return this.app.bots[`qq:${this.platform.selfId}`]
  }

  get users() {
    return this.app.database.get('qq_user', {})
  }

  get ledger() {
    return this.app.database.get('qq_user_event', {}, { sort: { receivedAt: 'asc' } })
  }

  private async start({ config, bot, database, prepare, order = ['adapter', 'plugin'], platform, ...options }: HarnessOptions) {
    const { app } = this
    Logger.targets.splice(0, Infinity, this.target)
    this.shared = !!platform
    this.platform = platform ?? await Platform.start(options)
    app.plugin(HTTP as never)
    if (bot?.protocol === 'webhook') this.server = app.plugin(Server as never, { host: '127.0.0.1', port: this.webhook = await freePort(), path: '' } as never)
    if (database) database(app)
    else app.plugin(SQLite as never, { path: ':memory:' })
    for (const type of plugin.eventTypes) app.on(type, (session) => { this.sessions.push(session) })
    prepare?.(app)
    for (const name of order) {
      if (name === 'plugin') this.load(config)
      else this.connect(bot)
    }
    await app.start()
    await app.get('database')?.prepared()
    if (this.webhook) this.platform.webhook = { url: `http://127.0.0.1:${this.webhook}/qq` }
    if (order.includes('adapter')) await this.online()
  }

  load(config?: Dict) {
    this.plugin = this.app.plugin(plugin as unknown as Plugin.Object, config)
    return this.plugin
  }

  /** Loads the plugin anew, as every change of the config does, and waits until it serves. */
  async reload(config?: Dict) {
    this.plugin!.dispose()
    this.load(config)
    await until(() => this.app.get('qqUser'))
  }

  /** Gives somebody on QQ a Koishi account. */
  async enroll(pid: string, authority: number, locale: string) {
    const { id } = await this.app.database.create('user', { authority, locales: [locale] })
    await this.app.database.create('binding', { platform: 'qq', pid, aid: id, bid: id })
  }

  connect(config: Dict = {}, platform = this.platform) {
    this.adapter = this.app.plugin(QQBot as never as Plugin.Constructor, {
      id: platform.appid,
      token: platform.token,
      secret: platform.secret,
      type: 'public',
      authType: 'bot',
      endpoint: platform.endpoint,
      intents: INTENTS,
      retryTimes: 3,
      retryInterval: 5,
      retryLazy: 5,
      ...config.protocol === 'webhook' && { path: '/qq' },
      ...config,
    })
    this.adapters.push(this.adapter)
    return this.adapter
  }

  async online() {
    if (!this.webhook) await this.platform.connected()
    await until(() => this.bot?.status === Universal.Status.ONLINE)
    await until(() => !this.plugin || !this.app.get('database') || this.app.get('qqUser'))
  }

  /** Waits until a notice of each of these entries came to an end, or there was none to send. */
  async settled(count: number) {
    await until(async () => {
      const ledger = await this.ledger
      return ledger.length >= count && ledger.every(({ notice, noticeReason }) => notice !== 'pending' && noticeReason !== 'unknown-outcome')
    })
    return this.ledger
  }

  /** From here on the database answers none of these calls. They fail when the app stops, so that nothing waits beyond it. */
  deafen(...names: string[]) {
    const driver = this.app.database.drivers[0] as any
    const ended = () => this.ended.then(() => {
      throw new Error('the database has not answered')
    })
    for (const name of names) driver[name] = ended
  }

  async stop() {
    this.end()
    // Koishi, stopped while it handles a message, fails at that, and has no logger left to say so
    await until(() => !Object.keys(this.app.$processor['_sessions']).length)
    // an adapter that is alive when the app stops reconnects for ever, a server complains
    this.adapters.forEach(adapter => adapter.dispose())
    this.server?.dispose()
    // the adapter takes what is on its way to a socket that closes, and fails at it once the app has stopped
    await sleep(5)
    await this.app.stop()
    if (!this.shared) await this.platform?.stop()
  }

  private target: Logger.Target = {
    record: ({ type, name, content }) => {
      this.log.push(`${type[0]} ${name} ${content}`)
    },
  }
}

/** Waits, in real time, for something that takes as long as a loopback connection and a database take. */
export async function until(condition: () => unknown, timeout = 30_000) {
  const start = performance.now()
  while (!await condition()) {
    const waited = performance.now() - start
    if (waited > timeout) throw new Error(`waited in vain for ${condition}`)
    // what takes long is not looked at more often for it: others need the processor
    await sleep(Math.min(1 + waited / 10, 20))
  }
}

/** Gives what should not happen the time to happen. */
export async function pass(rounds = 20) {
  for (let round = 0; round < rounds; round++) await new Promise(resolve => setImmediate(resolve))
  await sleep(10)
}
