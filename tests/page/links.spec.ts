/** Rule: on the page operators make, scan, search and remove links, see who came by each, and read what is wrong. */
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import jsQR from 'jsqr'
import { Page } from 'playwright-core'
import { pass, until } from '../harness'
import { refuse } from '../platform/answer'
import { choose, contrast, overflow, rows } from './look'
import { onPage } from './stage'

const SIZE = 300

/** What a scanner reads from a picture. */
async function scan(page: Page, file: Buffer, type: string) {
  const light = await page.evaluate(async ({ source, size }) => {
    const image = new Image()
    image.src = source
    await image.decode()
    const canvas = document.createElement('canvas')
    canvas.width = canvas.height = size
    const pen = canvas.getContext('2d')!
    // a picture that is made of lines has no size of its own
    pen.drawImage(image, 0, 0, size, size)
    const { data } = pen.getImageData(0, 0, size, size)
    return Array.from({ length: size * size }, (_, index) => data[index * 4] > 127 ? '1' : '0').join('')
  }, { source: `data:${type};base64,${file.toString('base64')}`, size: SIZE })
  const pixels = new Uint8ClampedArray([...light].flatMap(pixel => Array(4).fill(pixel === '1' ? 255 : 0)))
  return jsQR(pixels, SIZE, SIZE)?.data
}

onPage('links', (stage) => {
  const row = (page: Page, param: string) => page.locator('.link-row', { has: page.getByText(param, { exact: true }) })

  async function make(page: Page, param: string, title = '') {
    await page.getByRole('textbox', { name: '参数', exact: true }).fill(param)
    await page.getByRole('textbox', { name: '备注', exact: true }).fill(title)
    await page.getByRole('textbox', { name: '备注', exact: true }).press('Enter')
  }

  it('makes one, whose code can be scanned, copied and saved', async () => {
    const { links } = stage.site.platform
    const page = await stage.open('links')
    await page.locator('.link-row').first().waitFor()
    await make(page, 'poster', '地铁海报')
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('img', { name: 'poster 的二维码' }).waitFor()
    const url = `https://bot.q.qq.com/s/${[...links.made.keys()].at(-1)}`
    expect(await dialog.getByRole('link').innerText()).to.equal(url)
    const code = dialog.locator('svg.code')
    expect(await scan(page, await code.screenshot(), 'image/png')).to.equal(url)
    for (const [format, type] of [['SVG', 'image/svg+xml'], ['PNG', 'image/png']]) {
      const [download] = await Promise.all([page.waitForEvent('download'), dialog.getByRole('button', { name: `保存为 ${format}` }).click()])
      expect(download.suggestedFilename()).to.equal(`poster.${format.toLowerCase()}`)
      expect(await scan(page, await readFile((await download.path())!), type), format).to.equal(url)
    }
    await page.evaluate('document.execCommand = () => (window.copied = document.activeElement.value, true); delete Navigator.prototype.clipboard')
    await dialog.getByRole('button', { name: '复制链接' }).click()
    // what has the focus of a dialog may keep it
    await dialog.getByRole('button', { name: '已复制' }).waitFor()
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    await page.getByText('已生成参数为 poster 的链接。').waitFor()
    expect(await row(page, 'poster').innerText()).to.include('地铁海报')
    await page.getByRole('button', { name: '复制 poster 的链接' }).click()
    expect(await page.evaluate('window.copied')).to.equal(url)
  })

  it('shows no code over another panel, where somebody went meanwhile', async () => {
    const { links } = stage.site.platform
    const page = await stage.open('links')
    await page.locator('.link-row').first().waitFor()
    links.misbehaviour.push(refuse(11004))
    await make(page, 'late')
    await page.getByText('正在生成').waitFor()
    await page.locator('.tabs').getByRole('link', { name: '用户' }).click()
    await page.locator('.user-row').first().waitFor()
    await until(() => stage.site.harness.app.database.get('qq_user_link', { sceneParam: 'late' }).then(({ length }) => length))
    // as long as the list takes to be read again
    await page.waitForTimeout(1000)
    expect(await page.getByRole('dialog').count()).to.equal(0)
    await page.locator('.tabs').getByRole('link', { name: '邀请链接' }).click()
    await page.getByText('已生成参数为 late 的链接。').waitFor()
    await row(page, 'late').waitFor()
    expect(await page.getByRole('dialog').count()).to.equal(0)
  })

  it('says what is wrong, before and after the platform is asked', async () => {
    const { links } = stage.site.platform
    const asked = links.asked.length
    const page = await stage.open('links')
    await page.locator('.link-row').first().waitFor()
    await make(page, 'a_b')
    expect(await page.getByRole('textbox', { name: '参数', exact: true }).getAttribute('aria-invalid')).to.equal('true')
    expect(await page.getByRole('button', { name: '生成链接', exact: true }).first().isDisabled()).to.equal(true)
    await pass()
    expect(links.asked).to.have.length(asked)
    links.misbehaviour.push({ status: 200, body: { retcode: 10044, msg: 'no' } })
    await make(page, 'refused')
    await page.getByText('没有生成：平台不允许机器人生成链接').waitFor()
    await page.getByText('平台错误码 10044').waitFor()
    links.misbehaviour.push({ status: 200, body: { retcode: 0, data: {} } })
    await make(page, 'refused')
    await page.getByText('没有生成：平台的回应中没有链接').waitFor()
    expect(await row(page, 'refused').count()).to.equal(0)
  })

  it('shows who came by each, those that were not made here among them, and leads to them', async () => {
    const { selfId } = stage.site.platform
    const page = await stage.open('links')
    const newsletter = row(page, 'newsletter')
    await newsletter.getByText('不是在这里生成的').waitFor()
    const users = await stage.count({ sceneParam: 'newsletter' })
    expect(users).to.be.above(0)
    expect(await newsletter.locator('td.number').allInnerTexts()).to.deep.equal([
      users, await stage.count({ sceneParam: 'newsletter', relation: 'friend' }), await stage.count({ sceneParam: 'newsletter', consent: 'rejected' }),
    ].map(String))
    await newsletter.getByRole('img', { name: `近 30 天新增 ${users} 人` }).waitFor()
    // somebody comes while it is looked at
    stage.site.platform.add('BY-NEWSLETTER', { scene: 2003, sceneParam: 'newsletter' })
    await until(async () => await newsletter.locator('td.number').first().innerText() === String(users + 1))
    await newsletter.getByRole('img', { name: `近 30 天新增 ${users + 1} 人` }).waitFor()

    await newsletter.getByRole('link').click()
    await page.getByText(`共 ${users + 1} 人`).waitFor()
    expect(new URL(page.url()).searchParams.get('bot')).to.equal(selfId)
    await page.locator('.by-param').getByText('newsletter').waitFor()
    expect(new Set(await page.locator('.user-row .param').allInnerTexts())).to.deep.equal(new Set(['newsletter']))
    expect(await rows(page)).to.include('BY-NEWSLETTER')
    stage.site.platform.add('BY-POSTER', { scene: 2003, sceneParam: 'poster-07' })
    await until(() => stage.count({ search: 'BY-POSTER' }))
    await pass()
    expect(await rows(page)).not.to.include('BY-POSTER')
    await page.getByRole('button', { name: '查看全部用户' }).click()
    await until(async () => (await rows(page)).includes('BY-POSTER'))

    // one that arrives can be made here
    await page.goBack()
    await row(page, 'newsletter').getByRole('button', { name: '为参数 newsletter 生成链接' }).click()
    await page.getByRole('dialog').locator('svg.code').waitFor()
    await page.keyboard.press('Escape')
    await until(async () => !(await row(page, 'newsletter').innerText()).includes('不是在这里生成的'))
  })

  it('searches, sorts, and removes, but not without asking', async () => {
    const { app } = stage.site.harness
    const { selfId } = stage.site.platform
    await app.database.upsert('qq_user_link', Array.from({ length: 30 }, (_, index) => {
      return { selfId, sceneParam: `many-${index}`, url: 'https://bot.q.qq.com/s/x', title: index ? '' : '很旧', createdAt: new Date(1000 * index) }
    }))
    const page = await stage.open('links')
    await page.getByRole('button', { name: '显示更多' }).click()
    await row(page, 'many-0').waitFor()
    await choose(page, '排序', '按用户数')
    await until(async () => await page.locator('.link-row .param').first().innerText() === 'spring-sale')
    const search = page.getByRole('textbox', { name: '搜索参数或备注' })
    await search.fill('很旧')
    await until(async () => (await page.locator('.link-row .param').allInnerTexts()).join() === 'many-0')
    await page.getByRole('button', { name: '删除 many-0 的链接' }).click()
    await page.locator('.el-message-box').getByRole('button', { name: '取消' }).click()
    expect(await app.database.get('qq_user_link', { sceneParam: 'many-0' })).to.have.length(1)
    await page.getByRole('button', { name: '删除 many-0 的链接' }).click()
    await page.locator('.el-message-box').getByRole('button', { name: '删除' }).click()
    await page.getByText('没有符合条件的链接').waitFor()
    expect(await app.database.get('qq_user_link', { sceneParam: 'many-0' })).to.have.length(0)
    await page.getByRole('button', { name: '清除筛选' }).click()
    await row(page, 'spring-sale').waitFor()
    await app.database.remove('qq_user_link', { selfId })
  })

  it('is where sources lead to', async () => {
    const page = await stage.open('overview')
    await page.locator('.bar-list').getByRole('link', { name: 'spring-sale' }).click()
    await until(async () => (await page.locator('.link-row .param').allInnerTexts()).join() === 'spring-sale')
    expect(await page.getByRole('textbox', { name: '搜索参数或备注' }).inputValue()).to.equal('spring-sale')
  })

  it('tells how texts can differ by where users came from', async () => {
    const page = await stage.open('links')
    await page.getByText("{#if event.sceneParam === 'poster'}").waitFor()
    await page.getByRole('link', { name: '查看文案' }).click()
    await page.getByText('请选择一名用户。').waitFor()
  })

  for (const theme of ['light', 'dark'] as const) {
    it(`shows a code on a phone, in a ${theme} theme, and needs no mouse`, async () => {
      const { selfId } = stage.site.platform
      await stage.site.harness.app.qqUser.links.create(selfId, `long-${theme}`, { title: '很长的备注'.repeat(30) })
      const page = await stage.open('links', { theme, width: 390, height: 844 })
      await row(page, `long-${theme}`).waitFor()
      expect(await overflow(page)).to.deep.equal([])
      const texts = await contrast(page, ['.param', '.aside', '.number', '.sum', '.example p', '.example code'])
      expect(texts).to.have.length.above(3)
      expect(texts.filter(({ ratio }) => ratio < 4.5)).to.deep.equal([])
      const button = page.getByRole('button', { name: `long-${theme} 的二维码` })
      await button.focus()
      await page.keyboard.press('Enter')
      const dialog = page.getByRole('dialog')
      const code = dialog.locator('svg.code')
      await code.waitFor()
      expect(await scan(page, await code.screenshot(), 'image/png')).to.match(/^https:\/\/bot\.q\.qq\.com\/s\//)
      expect(await overflow(page)).to.deep.equal([])
      await page.keyboard.press('Escape')
      await dialog.waitFor({ state: 'hidden' })
      expect(await button.evaluate((element: any) => element === element.ownerDocument.activeElement)).to.equal(true)
    })
  }
})
