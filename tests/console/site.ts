import { ForkScope } from 'koishi'
import Auth from '@koishijs/plugin-auth'
import Console from '@koishijs/plugin-console'
import { Server } from '@koishijs/plugin-server'
import { QQUser } from '../../src'
import { Clock, freeze } from '../clock'
import { freePort } from '../ports'
import { Harness, HarnessOptions, pass, silent, until } from '../harness'
import { Page } from './page'

export interface SiteOptions extends HarnessOptions {
  /** Ask clients who they are. */
  auth?: boolean
}

/** A console with the plugin behind it. A test starts it as it needs it. */
export class Site {
  harness!: Harness
  clock?: Clock

  private server!: ForkScope
  private port!: number
  private pages: Page[] = []

  get platform() {
    return this.harness.platform
  }

  async start({ config, prepare, auth, ...options }: SiteOptions = {}) {
    this.port = await freePort()
    this.harness = await Harness.start({
      config: { ...silent, ...config },
      ...options,
      prepare: (app) => {
        this.server = app.plugin(Server as never, { host: '127.0.0.1', port: this.port } as never)
        app.plugin(Console as never, { open: false } as never)
        if (auth) app.plugin(Auth as never, { admin: { enabled: true, username: 'admin', password: 'secret' } } as never)
        prepare?.(app)
      },
    })
    await this.ready()
    return this.open()
  }

  /** Waits until the plugin has told the console all that it can do. */
  async ready() {
    await until(() => this.harness.app.get('console')?.listeners['qq-user/import-chunk'])
  }

  /** Loads the plugin anew. */
  async load() {
    this.harness.load(silent)
    await this.ready()
  }

  /** Another client. */
  open = async () => {
    const page = await Page.open(this.port)
    this.pages.push(page)
    return page
  }

  freeze() {
    this.clock = freeze()
  }

  async stop() {
    this.clock?.uninstall()
    this.clock = undefined
    for (const page of this.pages.splice(0)) page.close()
    await pass(2)
    this.server.dispose()
    await this.harness.stop()
  }

  /** Lets users add the bot. */
  async befriend(...ids: string[]) {
    for (const id of ids) this.platform.add(id)
    await until(async () => (await this.harness.users).length >= ids.length)
  }

  /** Puts users into the table as if they had always been there. */
  async seed(users: Partial<QQUser>[]) {
    const { selfId } = this.platform
    for (let start = 0; start < users.length; start += 1000) {
      const rows = users.slice(start, start + 1000).map(user => ({ selfId, firstSeen: new Date(1.6e12), scene: null, ...user }))
      await this.harness.app.database.upsert('qq_user', rows)
    }
  }

  download(url: string, init?: RequestInit) {
    return fetch(`http://127.0.0.1:${this.port}${url}`, init)
  }

  /** Imports a file in pieces of a size. */
  async upload(page: Page, text: string, dryRun: boolean, size = 64 * 1024) {
    const { ticket } = await page.call('qq-user/import', this.platform.selfId, dryRun)
    for (let at = 0; ; at += size) {
      const report = await page.call('qq-user/import-chunk', ticket, text.slice(at, at + size), at + size >= text.length)
      if (at + size >= text.length) return report
    }
  }

  /** Has the database answer in another way, or not at all, until the function that it returns is called. */
  intercept(get: (selection: any, proceed: () => Promise<unknown>) => Promise<unknown>) {
    const driver = (this.harness.app.database as any).drivers[0]
    const original = driver.get
    driver.get = (selection: any) => get(selection, () => original.call(driver, selection))
    return () => { driver.get = original }
  }
}
