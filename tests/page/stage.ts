import { expect } from 'chai'
import { Page } from 'playwright-core'
import { Browser, hasChromium, View } from './browser'
import { Loaded } from './loaded'
import { Package } from './package'
import { populate } from './people'
import { Site, SiteOptions } from './site'

const POPULATION = 45

let installing: Promise<Package> | undefined
let starting: Promise<Browser> | undefined

// once for all files
after(async () => {
  await (await starting)?.stop()
  await (await installing)?.remove()
})

/** The packed and installed plugin, with users, in a real browser. */
export class Stage {
  site!: Site
  browser!: Browser
  page?: Page

  private installed!: Package

  async start() {
    [this.installed, this.browser] = await Promise.all([installing ??= Package.install(), starting ??= Browser.start()])
    this.site = await this.build({
      names: ['first', 'second'],
      config: {
        icebreaker: { enabled: true, content: 'Hello, {user.name}! <at id={user.id}/>' },
        pushRejected: { enabled: true, content: 'As you like, {user.nick}.' },
      },
    })
    await populate(this.site.harness, this.site.platform, POPULATION)
  }

  /** Another console with the installed plugin. */
  build(options: Omit<SiteOptions, 'path'>) {
    return Site.start({ path: this.installed.path, ...options })
  }

  /** One that was loaded from a config file. */
  load(group?: string) {
    return Loaded.start(this.installed.path, group)
  }

  /** Opens a panel. */
  async open(path: string, view?: View) {
    const page = await this.browse(`${this.site.url}/qq-user/${path}`, view)
    await page.locator('.page-qq-user').waitFor()
    return page
  }

  async browse(url?: string, view?: View) {
    this.page = await this.browser.open(url, view)
    return this.page
  }

  /** How many users of the first bot there are. */
  count(query: object) {
    const { harness, platform } = this.site
    return harness.app.qqUser.count({ selfId: platform.selfId, ...query })
  }

  async close() {
    await this.page?.close()
    this.page = undefined
    expect(this.browser.complaints.splice(0)).to.deep.equal([])
  }
}

/** Tests of the page, which are left out where there is no browser. */
export function onPage(title: string, define: (stage: Stage) => void) {
  const [run, name] = hasChromium ? [describe, title] : [describe.skip, `${title} (skipped: there is no chromium)`]
  run(`the page: ${name}`, () => {
    const stage = new Stage()
    before(async function () {
      // where the plugin has to be built first
      this.timeout(300_000)
      await stage.start()
    })
    after(() => stage.site?.stop())
    afterEach(() => stage.close())
    define(stage)
  })
}
