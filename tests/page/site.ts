import { Context, Dict, ForkScope } from 'koishi'
import Auth from '@koishijs/plugin-auth'
import Console from '@koishijs/plugin-console'
import { Server } from '@koishijs/plugin-server'
import type { Calls } from '../../src/console/protocol'
import { freePort } from '../ports'
import { Harness, until } from '../harness'
import { Platform } from '../platform'

export interface SiteOptions {
  /** Where the plugin is installed. */
  path: string
  config?: Dict
  /** Ask who it is. */
  auth?: boolean
  /** The bots' names; a second one makes a second bot. */
  names?: string[]
}

const generous = { botSecond: 10_000, botMinute: 10_000, userMinute: 10_000, userDay: 10_000 }

/** A console with the installed plugin, and the stand-in platform behind it. */
export class Site {
  harness!: Harness
  second?: Platform
  port!: number

  private server!: ForkScope
  private adapter?: ForkScope

  static async start(options: SiteOptions) {
    const site = new Site()
    await site.start(options)
    return site
  }

  get platform() {
    return this.harness.platform
  }

  get url() {
    return `http://127.0.0.1:${this.port}`
  }

  private async start({ path, config, auth, names: [name, second] = ['first'] }: SiteOptions) {
    this.port = await freePort()
    this.harness = await Harness.start({
      order: ['adapter'],
      name,
      limits: generous,
      prepare: app => this.prepare(app, path, { push: { tier: 'custom', ...generous }, ...config }, auth),
    })
    const { app } = this.harness
    if (second) await this.connectSecond(second)
    await until(() => app.get('qqUser') && app.get('console')?.listeners['qq-user/overview'])
  }

  private prepare(app: Context, path: string, config: Dict, auth?: boolean) {
    this.server = app.plugin(Server as never, { host: '127.0.0.1', port: this.port } as never)
    app.plugin(Console as never, { open: false } as never)
    if (auth) app.plugin(Auth as never, { admin: { enabled: true, username: 'admin', password: 'secret' } } as never)
    app.plugin(require(path), config)
  }

  private async connectSecond(name: string) {
    this.second = await Platform.start({ appid: '102000002', token: 'second', name, limits: generous })
    const first = this.harness.adapter
    this.adapter = this.harness.connect({}, this.second)
    this.harness.adapter = first
    await this.second.connected()
    await until(() => this.harness.app.bots[`qq:${this.second!.selfId}`]?.isActive)
  }

  async stop() {
    this.adapter?.dispose()
    this.server.dispose()
    await this.harness.stop()
    await this.second?.stop()
  }
}

/** Has a call wait, and then fail, until it is restored. */
export function hold(site: Site, name: keyof Calls) {
  const listener = site.harness.app.console.listeners[name]
  const { callback } = listener
  let fail!: () => void
  const failure = new Promise<never>((resolve, reject) => {
    fail = () => reject(Object.assign(new Error('busy'), { stack: 'busy' }))
  })
  failure.catch(() => {})
  listener.callback = (() => failure) as never
  return { fail, restore: () => { listener.callback = callback } }
}
