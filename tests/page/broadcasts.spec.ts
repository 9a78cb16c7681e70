/** Rule: on the page a broadcast goes from its message to the last recipient, says why it stopped, and loses nothing that was written. */
import { readFile } from 'node:fs/promises'
import { expect } from 'chai'
import { Page } from 'playwright-core'
import { until } from '../harness'
import { parse } from '../console/csv'
import { choose, contrast, overflow } from './look'
import { toOpenid } from './people'
import { hold } from './site'
import { onPage } from './stage'

onPage('broadcasts', (stage) => {
  const broadcasts = () => stage.site.harness.app.qqUser.broadcasts
  const box = (page: Page) => page.locator('.el-message-box')
  const button = (page: Page, name: string) => page.getByRole('button', { name, exact: true })
  const state = (page: Page, name: string) => page.locator('.panel-card header').first().getByText(name, { exact: true }).waitFor()
  const count = async (page: Page, kind: string) => Number((await page.locator(`.counts .${kind} dd`).innerText()).split(' ')[0])

  async function compose(content = 'Hello, {user.name}!', view = {}) {
    const page = await stage.open('broadcasts/new', view)
    await page.locator('form textarea').first().fill(content)
    return page
  }

  /** One that is over, of another page. */
  async function send(content: string) {
    const { id } = await broadcasts().create({ selfId: stage.site.platform.selfId, content })
    await broadcasts().start(id)
    await until(async () => (await broadcasts().get(id))!.state === 'finished')
    return id
  }

  afterEach(() => {
    stage.site.platform.latency = 0
  })

  it('go from the message to the last recipient', async () => {
    const { platform } = stage.site
    const page = await stage.open('broadcasts')
    await page.getByText('还没有群发过消息').waitFor()
    await page.getByRole('link', { name: '新建群发' }).click()

    // composed, with a preview of what somebody gets, and of how many do
    await page.getByRole('textbox', { name: '消息内容' }).fill('Hello, {user.nick}!')
    await page.locator('.faulty-source mark', { hasText: '{user.nick}' }).waitFor()
    expect(await button(page, '发送测试').count()).to.equal(0)
    await page.getByRole('textbox', { name: '消息内容' }).fill('Hello, {user.name}!')
    await page.locator('.bubble', { hasText: 'Hello, 林小满!' }).waitFor()
    const friends = await stage.count({ relation: 'friend' })
    const rejected = await stage.count({ relation: 'friend', consent: 'rejected' })
    await until(async () => await page.locator('.matching').innerText() === String(friends))
    expect(await page.locator('.reachable').innerText()).to.equal(String(friends - rejected))
    expect(await page.locator('.kept').innerText()).to.match(new RegExp(`用户拒绝主动消息\\s+${rejected} 人`))
    await page.getByText(/^约 /).waitFor()

    // tried out with one user
    await button(page, '发送测试').click()
    await box(page).getByRole('button', { name: '发送' }).click()
    await page.getByText('已发送。').waitFor()
    expect(platform.accepted(toOpenid(0)).at(-1)!.body.content).to.equal('Hello, 林小满!')

    // started, but not without asking
    await page.getByRole('textbox', { name: '标题' }).fill('Spring')
    await button(page, '开始群发').click()
    await box(page).getByText(`群发给 ${friends} 人？`).waitFor()
    await box(page).getByRole('button', { name: '取消' }).click()
    await box(page).waitFor({ state: 'hidden' })
    expect(await broadcasts().list()).to.deep.equal([])
    const before = platform.accepted().length
    platform.latency = 1500
    await button(page, '开始群发').click()
    await box(page).getByRole('button', { name: '开始群发' }).click()
    await page.getByRole('heading', { name: 'Spring' }).waitFor()
    await state(page, '发送中')

    // followed
    const bar = page.getByRole('progressbar', { name: '进度' })
    expect(await bar.getAttribute('aria-valuemax')).to.equal(String(friends))
    await until(async () => Number(await bar.getAttribute('aria-valuenow')) > 0)
    await page.locator('.left').getByText(/^约 /).waitFor()
    await page.locator('.tabs a[href$=overview]').click()
    await page.getByRole('heading', { name: '正在进行的群发' }).waitFor()
    await page.getByRole('link', { name: 'Spring', exact: true }).click()

    // paused, and resumed
    await button(page, '暂停').click()
    await state(page, '已暂停')
    await page.getByText('已由管理员暂停').waitFor()
    await page.getByText(/^自 .+ 起暂停。 等待管理员操作，不会自动继续。$/).waitFor()
    platform.latency = 0
    await until(async () => !(await broadcasts().recipients(1, { state: 'sending' })).length)
    const sent = platform.accepted().length
    await button(page, '继续').click()
    await state(page, '已完成')
    expect(sent).to.be.below(platform.accepted().length)
    expect(await count(page, 'sent')).to.equal(friends - rejected)
    expect(await count(page, 'skipped')).to.equal(rejected)
    expect(await count(page, 'pending')).to.equal(0)
    const targets = platform.accepted().slice(before).map(({ target }) => target)
    expect(targets).to.have.length(friends - rejected)
    expect(new Set(targets).size).to.equal(targets.length)
    await until(async () => /用户拒绝主动消息/.test(await page.locator('.reasons').innerText()))

    // looked through, and exported
    const table = page.locator('.recipient-table')
    await until(async () => await table.locator('tbody tr').count() === 20)
    await page.getByRole('button', { name: '下一页' }).click()
    await until(async () => await table.locator('tbody tr').count() === friends - 20)
    await choose(page, '状态', '已跳过')
    await until(async () => await table.locator('tbody tr').count() === rejected)
    expect(await table.locator('tbody tr').first().innerText()).to.match(/已跳过[^]*用户拒绝主动消息/)
    const [download] = await Promise.all([page.waitForEvent('download'), button(page, '导出').click()])
    const lines = parse(await readFile(await download.path(), 'utf8'))
    await page.getByText(`导出完成，共 ${rejected} 行。`).waitFor()
    expect(lines.every(line => line.state === 'skipped' && line.reason === 'rejected')).to.equal(true)
    await table.getByRole('link').first().click()
    await page.getByRole('dialog').getByText('现在不能主动发送消息').waitFor()
  })

  it('go to those who were asked for', async () => {
    const page = await compose()
    const matching = (n: number) => until(async () => await page.locator('.matching').innerText().catch(() => '') === String(n))
    await choose(page, '推送开关', '拒绝推送')
    await matching(await stage.count({ relation: 'friend', consent: 'rejected' }))
    expect(await page.locator('.reachable').innerText()).to.equal('0')
    await choose(page, '推送开关', '全部开关状态')
    await page.getByRole('textbox', { name: '仅这些 openid' }).fill(`${toOpenid(0)}\n${toOpenid(4)}`)
    await matching(2)
    const posts = stage.site.platform.accepted().length
    await button(page, '开始群发').click()
    await box(page).getByText('群发给 2 人？').waitFor()
    await box(page).getByRole('button', { name: '开始群发' }).click()
    await state(page, '已完成')
    expect(stage.site.platform.accepted().slice(posts).map(({ target }) => target).sort()).to.deep.equal([toOpenid(0), toOpenid(4)].sort())
    await page.getByText('仅这些 openid').waitFor()
    await page.getByRole('link', { name: '全部群发' }).click()
    await page.getByRole('link', { name: '新建群发' }).click()
    expect(await page.getByRole('textbox', { name: '消息内容' }).inputValue()).to.equal('')
    await page.getByRole('textbox', { name: '搜索 openid 或昵称' }).fill('nobody')
    await page.getByText('没有用户符合条件。').waitFor()
  })

  it('wait for their time, or as a draft', async () => {
    const page = await compose()
    await page.getByText('定时', { exact: true }).click()
    expect(await button(page, '定时群发').isDisabled()).to.equal(true)
    await page.getByText('请选择开始时间').waitFor()
    await page.getByLabel('开始时间').fill('2020-01-01T08:00')
    await button(page, '定时群发').click()
    await box(page).getByRole('button', { name: '定时群发' }).click()
    await page.getByRole('alert').getByText('开始时间已经过去').waitFor()
    const year = new Date().getFullYear() + 1
    await page.getByLabel('开始时间').fill(`${year}-01-01T08:00`)
    await button(page, '定时群发').click()
    await box(page).getByText(`${year}年1月1日 08:00:00 群发给`).waitFor()
    await box(page).getByRole('button', { name: '定时群发' }).click()
    await state(page, '定时')
    const [scheduled] = await broadcasts().list()
    expect(scheduled).to.deep.include({ state: 'scheduled', startAt: new Date(year, 0, 1, 8) })
    await button(page, '取消群发').click()
    await box(page).getByText(`还有 ${await stage.count({ relation: 'friend' })} 人没有收到`).waitFor()
    await box(page).getByRole('button', { name: '取消群发' }).click()
    await state(page, '已取消')

    await stage.close()
    const other = await compose('Later')
    await button(other, '存为草稿').click()
    await state(other, '草稿')
    expect((await broadcasts().list())[0]).to.include({ state: 'draft', content: 'Later' })
    await button(other, '取消群发').click()
    await box(other).getByRole('button', { name: '取消群发' }).click()
    await state(other, '已取消')
  })

  it('say why they stopped, and what to do', async () => {
    const { platform, harness } = stage.site
    const page = await compose()
    const recover = platform.fail({ code: 40034006, times: Infinity })
    await button(page, '开始群发').click()
    await box(page).getByRole('button', { name: '开始群发' }).click()
    await page.getByRole('alert').getByText('平台连续拒绝了这条消息，已自动暂停。').waitFor()
    await page.getByText('问题很可能出在内容上').waitFor()
    await until(async () => /平台不接受该内容/.test(await page.locator('.reasons').innerText()))
    expect(await button(page, '保持暂停').count()).to.equal(0)
    const { counts } = (await broadcasts().list())[0]
    await button(page, '取消群发').click()
    await box(page).getByText(`还有 ${counts.pending} 人没有收到`).waitFor()
    await box(page).getByRole('button', { name: '返回' }).click()
    recover()

    harness.bot.offline()
    try {
      await button(page, '继续').click()
      await page.getByText('机器人不在线，已自动暂停。').waitFor()
      await page.getByText(/起暂停。 之后会自动继续。$/).waitFor()
      await button(page, '保持暂停').click()
      await page.getByText('已由管理员暂停').waitFor()
    } finally {
      harness.bot.online()
    }
    await button(page, '取消群发').click()
    await box(page).getByRole('button', { name: '取消群发' }).click()
    await state(page, '已取消')

    // mended, as another one
    await button(page, '复制为新的群发').click()
    expect(await page.getByRole('textbox', { name: '消息内容' }).inputValue()).to.equal('Hello, {user.name}!')
  })

  it('say that recipients of long ago were removed', async () => {
    const id = await send('Long ago')
    await stage.site.harness.app.database.remove('qq_user_broadcast_recipient', { broadcast: id })
    const page = await stage.open(`broadcasts/${id}`)
    await page.getByText('没有收件人的记录').waitFor()
  })

  it('go again to those whom one did not reach for a passing reason', async () => {
    const { app } = stage.site.harness
    const id = await send('Once')
    await app.database.set('qq_user_broadcast_recipient', { broadcast: id, userId: toOpenid(0) }, { state: 'failed', reason: 'transient' })
    const page = await stage.open(`broadcasts/${id}`)
    const posts = stage.site.platform.accepted().length
    await button(page, '重发给未送达的用户').click()
    await state(page, '草稿')
    await page.getByRole('link', { name: `群发 #${id}` }).waitFor()
    await button(page, '开始群发').click()
    await box(page).getByText('群发给 1 人？').waitFor()
    await box(page).getByText('消息：Once').waitFor()
    await box(page).getByRole('button', { name: '开始群发' }).click()
    await state(page, '已完成')
    expect(stage.site.platform.accepted().slice(posts).map(({ target }) => target)).to.deep.equal([toOpenid(0)])
    const none = await send('Twice')
    await page.goto(`${stage.site.url}/qq-user/broadcasts/${none}`)
    await button(page, '重发给未送达的用户').click()
    await page.getByRole('alert').getByText('没有因为暂时的原因而未送达的用户').waitFor()
  })

  it('lose nothing that was written when something goes wrong', async () => {
    const calls = (['qq-user/broadcast-create', 'qq-user/broadcast-estimate', 'qq-user/broadcast-preview'] as const).map(name => hold(stage.site, name))
    const [create, estimate, preview] = calls
    try {
      const page = await compose()
      estimate.fail()
      preview.fail()
      await page.getByText('请求过多').nth(1).waitFor()
      estimate.restore()
      preview.restore()
      for (let left = 2; left; left--) {
        await until(async () => await button(page, '重试').count() === left)
        await button(page, '重试').first().click()
      }
      await page.locator('.matching').waitFor()
      await button(page, '开始群发').click()
      await box(page).getByRole('button', { name: '开始群发' }).click()
      create.fail()
      await page.getByRole('alert').getByText('请求过多').waitFor()
      expect(await page.getByRole('textbox', { name: '消息内容' }).inputValue()).to.equal('Hello, {user.name}!')
      await page.locator('.tabs a[href$=users]').click()
      await page.goBack()
      expect(await page.getByRole('textbox', { name: '消息内容' }).inputValue()).to.equal('Hello, {user.name}!')
    } finally {
      for (const { restore } of calls) restore()
    }
  })

  it('are listed, the older ones when they are asked for', async () => {
    const { selfId } = stage.site.platform
    const known = (await broadcasts().list({ limit: 200 })).length
    for (let number = known; number < 23; number++) await broadcasts().create({ selfId, content: `No. ${number} <b>bold</b><br/>and more` })
    const page = await stage.open('broadcasts')
    const rows = page.locator('.broadcast-row')
    await until(async () => await rows.count() === 20)
    expect(await rows.first().innerText()).to.match(/^No\. 22 bold and more\s/)
    await button(page, '更早的群发').click()
    await until(async () => await rows.count() === 23)
    expect(await button(page, '更早的群发').count()).to.equal(0)
    await broadcasts().create({ selfId, title: 'meanwhile', content: 'x' })
    await page.getByRole('link', { name: 'meanwhile' }).waitFor()
    await choose(page, '机器人', 'second')
    await page.getByText('还没有群发过消息').waitFor()
  })

  for (const locale of ['zh-CN', 'en-US'] as const) {
    for (const theme of ['light', 'dark'] as const) {
      it(`fit a phone and can be read, in ${locale}, in a ${theme} theme`, async () => {
        const id = await send('Hello, <b>you</b>!')
        for (const path of ['broadcasts', 'broadcasts/new', `broadcasts/${id}`]) {
          const page = await stage.open(path, { width: 390, height: 844, locale, theme })
          await page.locator('.panel-card').first().waitFor()
          await page.waitForLoadState('networkidle')
          if (path.endsWith('new')) await page.locator('.reachable').waitFor()
          if (path.endsWith(String(id))) await page.locator('.recipient-table').waitFor()
          expect(await overflow(page), path).to.deep.equal([])
          const found = await contrast(page, [
            'h2', 'dt', 'dd', '.hint', '.note', '.status-tag', 'td', 'th', '.label', '.count', 'p', 'code', 'a:not(.el-button)',
          ])
          expect(found.filter(({ ratio }) => ratio < 4.5), path).to.deep.equal([])
          const text = await page.locator('.page-qq-user').innerText()
          if (locale === 'en-US') expect(text.replace('林小满', '').match(/[\u3000-\u9fff]+/g), path).to.equal(null)
          expect(text, path).not.to.match(/\bqq-user\.|broadcasts\.[a-z]/)
          await stage.close()
        }
      })
    }
  }

  it('need no mouse', async () => {
    const page = await stage.open('broadcasts')
    await page.locator('.broadcast-row').first().waitFor()
    await page.getByRole('link', { name: '新建群发' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('textbox', { name: '消息内容' }).focus()
    await page.keyboard.type('By keyboard')
    await page.locator('.matching').waitFor()
    const focused = () => page.evaluate('document.activeElement.innerText') as Promise<string>
    for (let steps = 0; steps < 40 && await focused() !== '存为草稿'; steps++) await page.keyboard.press('Tab')
    await page.keyboard.press('Enter')
    await state(page, '草稿')
    await page.goBack()
    const controls = await page.locator('.page-qq-user').locator('input, button, select, textarea').all()
    for (const control of controls) {
      const named = await control.evaluate((element: any) => !!(element.getAttribute('aria-label') || element.innerText?.trim() || element.labels?.length))
      expect(named, await control.evaluate((element: any) => element.outerHTML)).to.equal(true)
    }
    expect(controls.length).to.be.above(10)
  })
})
