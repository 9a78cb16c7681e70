import { spawnSync } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { Page } from 'playwright-core'
import { Time } from 'koishi'
import { until } from '../harness'
import { Browser, View } from './browser'
import { Package } from './package'
import { populate, toOpenid } from './people'
import { Site } from './site'

/** The pictures that the READMEs show. */
const SHOWN = /^(overview|users|user|broadcast|links|doctor)\.(zh-CN|en-US)$/

/** Takes the pictures in `client/screenshots`, or, with a folder to put them into, of everything. */
async function shoot() {
  const folder = process.argv[2] ?? resolve(__dirname, '../../client/screenshots')
  await mkdir(folder, { recursive: true })
  const installed = await Package.install()
  const site = await Site.start({
    path: installed.path,
    names: ['小助手', '通知助手'],
    config: {
      icebreaker: { enabled: true, content: '你好{#if user.name}，{user.name}{/if}！我是小助手。\n发送“帮助”看看我能做什么。' },
      pushRejected: { enabled: true, content: '好的，{user.nick}，我不会再主动打扰你。' },
      // slow enough for a broadcast to be looked at
      push: { tier: 'custom', botSecond: 1, botMinute: 60, userMinute: 20, userDay: 1000 },
    },
  })
  const browser = await Browser.start()
  const { app, platform } = site.harness
  try {
    await populate(site.harness, platform, 140, 5 * Time.minute)
    await provoke()
    await site.harness.app.qqUser.links.create(platform.selfId, 'spring-sale', { title: '春季促销' })
    await site.harness.app.qqUser.links.create(platform.selfId, 'poster-07', { title: '地铁海报' })
    await site.harness.app.qqUser.links.create(platform.selfId, 'business-card')
    const take = async (name: string, panel: string, view: View, act?: (page: Page) => Promise<unknown>) => {
      if (!process.argv[2] && !SHOWN.test(name)) return
      const page = await browser.open(`${site.url}/qq-user/${panel}`, view)
      await page.locator('.panel-card, .user-table, .el-drawer h2').first().waitFor()
      await page.waitForLoadState('networkidle')
      if (panel === 'overview') await page.locator('.trend svg').first().waitFor()
      await act?.(page)
      await page.waitForTimeout(900)
      const path = join(folder, `${name}.png`)
      await page.screenshot({ path })
      // a quarter of the size, and nobody sees the difference
      spawnSync('pngquant', ['--force', '--ext', '.png', '--quality', '70-95', path])
      await page.close()
    }
    const user = `users/${platform.selfId}/${toOpenid(1)}`
    const dark = { theme: 'dark' } as const
    const english = { locale: 'en-US' } as const
    const phone = { width: 390, height: 844 }
    await take('overview.zh-CN', 'overview', {})
    await take('overview.en-US', 'overview', english)
    await take('overview.dark.en-US', 'overview', { ...dark, ...english })
    await take('overview.phone.zh-CN', 'overview', phone)
    await take('users.zh-CN', 'users', {})
    await take('users.en-US', 'users', english)
    await take('users.dark.en-US', 'users', { ...dark, ...english })
    await take('users.phone.zh-CN', 'users', phone)
    await take('user.zh-CN', user, {}, write)
    await take('user.en-US', user, english)
    await take('user.dark.en-US', user, { ...dark, ...english })
    await take('user.phone.en-US', user, { ...english, ...phone })
    await take('links.zh-CN', 'links', {})
    await take('links.en-US', 'links', english)
    await take('links.dark.en-US', 'links', { ...dark, ...english })
    await take('links.phone.zh-CN', 'links', phone)
    await take('link.zh-CN', 'links', {}, showCode)
    await take('link.dark.phone.en-US', 'links', { ...dark, ...english, ...phone }, showCode)
    const running = await broadcast()
    await take('broadcast.zh-CN', running, {}, follow)
    await take('broadcast.en-US', running, english, follow)
    await take('broadcast.dark.en-US', running, { ...dark, ...english }, follow)
    await take('broadcast.phone.zh-CN', running, phone, follow)
    await take('broadcasts.zh-CN', 'broadcasts', {})
    await take('broadcasts.phone.en-US', 'broadcasts', { ...english, ...phone })
    await take('compose.zh-CN', 'broadcasts/new', {}, compose)
    await take('compose.dark.en-US', 'broadcasts/new', { ...dark, ...english }, compose)
    await take('compose.phone.zh-CN', 'broadcasts/new', phone, compose)
    await take('texts.zh-CN', 'texts', {}, choose)
    await take('texts.dark.en-US', 'texts', { ...dark, ...english }, choose)
    await take('texts.phone.zh-CN', 'texts', phone, choose)
    await take('doctor.zh-CN', 'doctor', {})
    await take('doctor.en-US', 'doctor', english)
    await take('doctor.dark.en-US', 'doctor', { ...dark, ...english })
    await take('doctor.phone.zh-CN', 'doctor', phone)
    await take('transfer.zh-CN', 'transfer', {}, dryRun)
    await take('transfer.dark.en-US', 'transfer', { ...dark, ...english }, dryRun)
    await take('transfer.phone.en-US', 'transfer', { ...english, ...phone }, dryRun)
    if (browser.complaints.length) process.stderr.write(browser.complaints.join('\n') + '\n')
  } finally {
    await browser.stop()
    await site.stop()
    await installed.remove()
  }

  /** Something for the doctor to find. */
  async function provoke() {
    platform.dispatch('FRIEND_ADD', { openid: '', timestamp: 1 })
    platform.fail({ code: 40034006, times: 1 })
    await app.qqUser.push(platform.selfId, toOpenid(0), 'x').catch(() => {})
    platform.users.get(toOpenid(3))!.push = false
    await app.qqUser.push(platform.selfId, toOpenid(3), 'x').catch(() => {})
    await until(async () => (await app.qqUser.get(platform.selfId, toOpenid(3)))?.consent === 'rejected')
  }

  /** One that is under way, with a few on which something went wrong. */
  async function broadcast() {
    const { selfId } = platform
    const content = '{#if user.name}{user.name}，{/if}春季特惠开始了！<br/>回复“优惠”查看详情。'
    let posts = 0
    platform.fail({ code: 40034006, times: 2, when: () => posts++ % 15 === 7 })
    const { id } = await app.qqUser.broadcasts.create({ selfId, title: '春季特惠', content })
    await app.qqUser.broadcasts.start(id)
    await until(async () => (await app.qqUser.broadcasts.get(id))!.counts.sent > 40, Time.minute)
    return `broadcasts/${id}`
  }

  /** Waits until it is known how fast it goes. */
  async function follow(page: Page) {
    await page.locator('.recipient-table').waitFor()
    await page.waitForTimeout(4000)
  }

  async function compose(page: Page) {
    await page.locator('form textarea').first().fill('{user.name}，春季特惠开始了！\n回复“优惠”查看详情。')
    await page.locator('.bubble').waitFor()
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  }

  async function write(page: Page) {
    await page.locator('.test-message textarea').fill('您订阅的内容有更新。')
    await page.locator('.test-message button').click()
    await page.locator('.outcome.good, .outcome.bad').waitFor()
  }

  async function showCode(page: Page) {
    await page.locator('.link-row .actions .el-button').first().click()
    await page.locator('.qq-user-code svg.code').waitFor()
  }

  async function choose(page: Page) {
    await page.locator('.user-picker').click()
    await page.locator('.el-select-dropdown__item:visible', { hasText: '阿杰' }).first().click()
    await page.locator('.faulty-source').first().waitFor()
    await page.keyboard.press('Escape')
    await page.evaluate(() => (document.activeElement as HTMLElement).blur())
  }

  async function dryRun(page: Page) {
    const day = (ago: number) => new Date(Date.now() - ago * Time.day).toISOString().slice(0, 10)
    const lines = ['openid,first_seen,name', ...Array.from({ length: 120 }, (_, index) => `${toOpenid(index + 100)},${day(index)},`)]
    lines.splice(7, 0, `${toOpenid(500)},31/12/2024,`)
    lines.splice(40, 0, ',2025-01-01,')
    await page.locator('input[type=file]').setInputFiles({ name: 'users.csv', mimeType: 'text/csv', buffer: Buffer.from(lines.join('\n')) })
    await page.locator('.actions button').first().click()
    await page.locator('.import-result').waitFor()
    await page.locator('.import-result').scrollIntoViewIfNeeded()
  }
}

shoot().then(() => process.exit(0), (error) => {
  process.stderr.write(`${error?.stack ?? error}\n`)
  process.exit(1)
})
