/** Rule: every panel says that it loads, is empty or went wrong, tries again, and catches up when the connection is back. */
import { expect } from 'chai'
import { Page } from 'playwright-core'
import type { Calls } from '../../src/console/protocol'
import { until } from '../harness'
import { rows } from './look'
import { toOpenid } from './people'
import { hold } from './site'
import { onPage, Stage } from './stage'

const user = (stage: Stage) => `users/${stage.site.platform.selfId}/${toOpenid(1)}`

onPage('whatever state it is in', (stage) => {
  const panels: [name: string, call: keyof Calls, path: (stage: Stage) => string, content: string][] = [
    ['the overview', 'qq-user/overview', () => 'overview', '.totals'],
    ['the list', 'qq-user/list', () => 'users', '.user-row'],
    ['the links', 'qq-user/links', () => 'links', '.link-row'],
    ['a user', 'qq-user/get', user, '.user-facts'],
    ['a history', 'qq-user/history', user, '.ledger-entry'],
    ['the broadcasts', 'qq-user/broadcasts', () => 'broadcasts', '.empty-view'],
    ['a broadcast', 'qq-user/broadcast-get', () => 'broadcasts/1', '.empty-view'],
    ['the doctor', 'qq-user/diagnose', () => 'doctor', '.verdict'],
  ]

  for (const [name, call, path, content] of panels) {
    it(`${name} says that it is loading, or what went wrong, and tries again`, async () => {
      const { fail, restore } = hold(stage.site, call)
      try {
        const page = await stage.open(path(stage))
        await page.getByRole('status').filter({ hasText: '正在加载' }).first().waitFor()
        expect(await page.locator(content).count()).to.equal(0)
        fail()
        await page.getByRole('alert').filter({ hasText: '请求过多' }).first().waitFor()
        restore()
        await page.getByRole('button', { name: '重试' }).first().click()
        await page.locator(content).first().waitFor()
        await until(async () => !await page.getByText('请求过多').count())
      } finally {
        restore()
      }
    })
  }

  async function pick(page: Page) {
    await page.getByRole('combobox', { name: '预览对象' }).fill(toOpenid(0))
    await page.locator('.el-select-dropdown__item:visible', { hasText: toOpenid(0) }).click()
  }

  it('texts do, too', async () => {
    const picker = hold(stage.site, 'qq-user/list')
    const preview = hold(stage.site, 'qq-user/preview')
    try {
      const page = await stage.open('texts')
      picker.fail()
      await page.getByText('加载失败 · 请求过多').waitFor()
      picker.restore()
      await page.getByRole('button', { name: '重试' }).click()
      await pick(page)
      preview.fail()
      await page.locator('.notices').getByText('请求过多').first().waitFor()
      preview.restore()
      const retry = page.getByRole('button', { name: '重试' })
      for (let left = 3; left; left--) {
        await until(async () => await retry.count() === left)
        await retry.first().click()
      }
      await page.locator('.bubble').nth(1).waitFor()
    } finally {
      picker.restore()
      preview.restore()
    }
  })

  it('transfers tell why they did not begin', async () => {
    const calls = [hold(stage.site, 'qq-user/export'), hold(stage.site, 'qq-user/import')]
    try {
      const page = await stage.open('transfer')
      for (const { fail } of calls) fail()
      await page.getByRole('button', { name: '导出', exact: true }).click()
      await page.locator('.export-progress').getByText('请求过多').waitFor()
      await page.locator('input[type=file]').setInputFiles({ name: 'a.csv', mimeType: 'text/csv', buffer: Buffer.from('openid,first_seen\n') })
      await page.getByRole('button', { name: '试运行' }).click()
      await page.getByRole('alert').filter({ hasText: '请求过多' }).waitFor()
    } finally {
      for (const { restore } of calls) restore()
    }
  })

  it('it is made of panels that are empty where nothing has happened yet', async () => {
    const site = await stage.build({})
    try {
      const visit = async (path: string, ...texts: string[]) => {
        const page = await stage.browse(`${site.url}/qq-user/${path}`)
        for (const text of texts) await page.getByText(text).first().waitFor()
        await stage.close()
      }
      await visit('overview', '还没有用户。有人添加机器人')
      await visit('users', '还没有用户。')
      await visit(`users/${site.platform.selfId}/NOBODY`, '没有这个用户的记录')
      await visit('links', '还没有链接。生成一个')
      await visit('broadcasts', '还没有群发过消息')
      await visit('broadcasts/1', '没有这次群发的记录')
      await visit('broadcasts/new', '没有用户符合条件')
      await visit('texts', '请选择一名用户')
      await visit('doctor', '启动以来没有收到任何用户事件', '启动以来没有消息被平台拒绝', '启动以来没有格式不正确或类型未知的事件')
    } finally {
      await site.stop()
    }
  })

  it('it catches up when the connection is back', async () => {
    const { platform, harness } = stage.site
    const page = await stage.open('users')
    await page.locator('.user-row').first().waitFor()
    for (const client of Object.values(harness.app.console.clients)) (client as any).socket.terminate()
    platform.add('MEANWHILE')
    await until(async () => (await rows(page))[0] === 'MEANWHILE', 20_000)
    // the console complains about itself
    stage.browser.complaints.splice(0)
  })
})
