import { existsSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { BrowserContext, chromium, Page } from 'playwright-core'

const executablePath = process.env.CHROMIUM ?? '/usr/bin/chromium'

export const hasChromium = existsSync(executablePath)

const args = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--force-color-profile=srgb',
]

export interface View {
  locale?: 'zh-CN' | 'en-US'
  theme?: 'light' | 'dark'
  width?: number
  height?: number
}

/** A real browser, without anything from before. */
export class Browser {
  /** What any page complained about. */
  readonly complaints: string[] = []

  private constructor(private folder: string, private context: BrowserContext) {}

  static async start() {
    const folder = await mkdtemp(join(tmpdir(), 'qq-user-browser-'))
    const context = await chromium.launchPersistentContext(folder, { executablePath, args, headless: true, acceptDownloads: true })
    // nothing leaves this machine
    await context.route(url => url.hostname !== '127.0.0.1', route => route.abort())
    context.setDefaultTimeout(20_000)
    return new Browser(folder, context)
  }

  async open(url: string | undefined, { locale = 'zh-CN', theme = 'light', width = 1280, height = 800 }: View = {}): Promise<Page> {
    const page = await this.context.newPage()
    page.on('pageerror', error => this.complaints.push(error.stack ?? String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error' && !message.text().includes('ERR_FAILED')) this.complaints.push(message.text())
    })
    await page.setViewportSize({ width, height })
    await page.addInitScript((config) => {
      localStorage.setItem('koishi.console.config', JSON.stringify(config))
      // nobody is there to be pleased by it
      document.addEventListener('DOMContentLoaded', () => {
        const style = document.createElement('style')
        style.textContent = '*, ::before, ::after { transition-duration: 0s !important; animation-duration: 0s !important }'
        document.head.append(style)
      })
    }, { locale, theme: { mode: theme, dark: 'default-dark', light: 'default-light' } })
    if (url) await page.goto(url)
    return page
  }

  async stop() {
    await this.context.close()
    await rm(this.folder, { recursive: true, force: true })
  }
}
