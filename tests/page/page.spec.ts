import { readdirSync, readFileSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { Download, Page } from 'playwright-core'
import { Time } from 'koishi'
import enUS from '../../client/locales/en-US.yml'
import zhCN from '../../client/locales/zh-CN.yml'
import { examine } from '../../client/doctor/examine'
import { toMarks, toPieces } from '../../client/texts/markup'
import { readChunks } from '../../client/transfer/chunks'
import messages from '../../locales/zh-CN.yml'
import { check } from '../../src/notices/template'
import { CsvReader } from '../../src/console/csv-reader'
import { pass, until } from '../harness'
import { Browser, hasChromium, View } from './browser'
import { choose, contrast, overflow, rows } from './look'
import { Package } from './package'
import { populate, toOpenid } from './people'
import { Site } from './site'

const root = resolve(__dirname, '../../client')

const tabs = ['overview', 'users', 'texts', 'doctor', 'transfer']

/** All texts, by the path that leads to them. */
function flatten(value: any, path = ''): [string, string][] {
  if (typeof value !== 'object') return [[path.slice(1), String(value)]]
  return Object.entries(value).flatMap(([key, value]) => flatten(value, `${path}.${key}`))
}

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.(vue|ts)$/.test(file))
  .map(file => [file, readFileSync(join(root, file), 'utf8')])

describe('the source of the page', () => {
  const chinese = new Map(flatten(zhCN))
  const english = new Map(flatten(enUS))
  const places = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()

  it('has the same texts in both languages', () => {
    expect([...chinese.keys()].sort()).to.deep.equal([...english.keys()].sort())
    for (const [key, text] of chinese) {
      expect(text, key).not.to.equal('')
      expect(places(english.get(key)!), key).to.deep.equal(places(text))
    }
  })

  it('has every text that it uses', () => {
    for (const [file, code] of sources) {
      for (const [, key] of code.matchAll(/\bt\('([\w.-]+)'/g)) {
        if (!key.endsWith('.')) expect(chinese.has(key), `${key} in ${file}`).to.equal(true)
      }
    }
  })

  it('has all words that the server knows', () => {
    const words = messages['qq-user']
    for (const group of ['relation', 'consent', 'type', 'source', 'notice', 'reason', 'scene'] as const) {
      for (const id in words[group]) expect(chinese.has(`${group}.${id}`), `${group}.${id}`).to.equal(true)
    }
  })

  it('has no text of its own', () => {
    // the names of languages are the same in all of them
    const own = sources.filter(([file, code]) => file !== 'texts/index.vue' && /[\u3000-\u9fff]/.test(code))
    expect(own.map(([file]) => file)).to.deep.equal([])
  })

  it('renders nothing as HTML, and talks to the server in one place only', () => {
    for (const [file, code] of sources) {
      expect(code, file).not.to.match(/v-html|innerHTML|dangerouslyUseHTMLString: true/)
      if (file !== 'api.ts') expect(code, file).not.to.match(/\bsend\b[^}]*\} from '@koishijs\/client'/)
    }
  })

  it('takes markup apart into text and elements', () => {
    expect(toPieces('a &lt;b&gt;<br/><at id="1"/>c')).to.deep.equal([
      { kind: 'text', text: 'a <b>' },
      { kind: 'text', text: '\n' },
      { kind: 'element', text: '<at id="1"/>' },
      { kind: 'text', text: 'c' },
    ])
    expect(toPieces('&#60;img&#x3e; &unknown; &#99999999;')).to.deep.equal([{ kind: 'text', text: '<img> &unknown; &#99999999;' }])
  })

  it('marks errors where they are', () => {
    const source = 'hello {user.nick}, {#if bot.name}yes{/if} {oops'
    const marks = toMarks(source, check(source))
    expect(marks.map(({ text }) => text).join('')).to.equal(source)
    expect(marks.filter(({ error }) => error !== undefined).map(({ text }) => text)).to.deep.equal(['{user.nick}', '{oops'])
  })

  it('reads files of any size in pieces that a call takes, wherever a character is cut', async () => {
    for (const text of ['', 'a', '汉'.repeat(50_000), '😀'.repeat(30_000) + 'x']) {
      const chunks = []
      for await (const chunk of readChunks(new Blob([text]))) chunks.push(chunk)
      expect(chunks.map(({ text }) => text).join('')).to.equal(text)
      expect(Math.max(...chunks.map(({ text }) => Buffer.byteLength(text)))).to.be.at.most(64 * 1024)
      expect(chunks.map(({ last }) => last)).to.deep.equal(chunks.map((_, index) => index === chunks.length - 1))
    }
    const other = readChunks(new Blob([Buffer.from([0xc4, 0xe3, 0x2c])]))
    expect(await other.next().catch(error => error)).to.be.instanceOf(TypeError)
  })

  it('finds what is wrong, the worst first, and has a text for it', () => {
    const bot = { selfId: '1', name: 'bot', online: true, intents: { users: true, interactions: true } }
    const database = { reachable: true, waiting: 0, failing: false }
    const sound = { adapter: true, bots: [bot], arrivals: { FRIEND_ADD: 1 }, malformed: [], refusals: [], database }
    const find = (change: object) => examine({ ...sound, ...change }, String)
    expect(find({}).every(({ level }) => level === 'ok')).to.equal(true)
    const cases: [object, string, string][] = [
      [{ adapter: false, bots: [] }, 'error', 'no-adapter'],
      [{ bots: [] }, 'error', 'no-bots'],
      [{ bots: [{ ...bot, online: false }] }, 'error', 'bot-offline'],
      [{ bots: [{ ...bot, intents: { users: false, interactions: true } }] }, 'error', 'users-intent'],
      [{ bots: [{ ...bot, intents: { users: true, interactions: false } }] }, 'warn', 'interactions-intent'],
      [{ bots: [{ ...bot, suspendedUntil: Date.now() + Time.hour }] }, 'warn', 'suspended'],
      [{ arrivals: { FRIEND_ADD: null } }, 'info', 'no-arrivals'],
      [{ malformed: [{ type: 'FRIEND_ADD', field: 'openid', count: 2, at: 1 }] }, 'warn', 'malformed'],
      [{ database: { reachable: false, waiting: 0, failing: false } }, 'error', 'unreachable'],
      [{ database: { reachable: true, waiting: 3, failing: true } }, 'error', 'failing'],
      [{ database: { reachable: true, waiting: 3, failing: false } }, 'info', 'waiting'],
    ]
    for (const [change, level, key] of cases) {
      const [first] = find(change)
      expect(first).to.include({ level, key })
      expect(chinese.has(`doctor.finding.${key}`) && chinese.has(`doctor.finding.${key}-advice`), key).to.equal(true)
    }
  })
})

const title = 'the page in a browser'

;(hasChromium ? describe : describe.skip)(hasChromium ? title : `${title} (skipped: there is no chromium)`, function () {
  this.timeout(20_000)

  let installed: Package
  let browser: Browser
  let site: Site
  let page: Page

  before(async function () {
    // where the plugin has to be built first
    this.timeout(120_000)
    installed = await Package.install()
    ;[browser, site] = await Promise.all([Browser.start(), Site.start({
      path: installed.path,
      second: true,
      config: {
        icebreaker: { enabled: true, content: 'Hello, {user.name}! <at id={user.id}/>' },
        pushRejected: { enabled: true, content: 'As you like, {user.nick}.' },
      },
    })])
    site.harness.bot.user!.name = 'first'
    site.harness.app.bots[`qq:${site.second!.selfId}`].user!.name = 'second'
    await populate(site.harness, site.platform, 45)
  })

  after(async () => {
    await browser?.stop()
    await site?.stop()
    await installed?.remove()
  })

  afterEach(async () => {
    await page?.close()
    expect(browser.complaints.splice(0)).to.deep.equal([])
  })

  async function open(path: string, view?: View) {
    page = await browser.open(`${site.url}/qq-user/${path}`, view)
    await page.locator('.page-qq-user').waitFor()
  }

  function count(query: object) {
    return site.harness.app.qqUser.count({ selfId: site.platform.selfId, ...query })
  }

  async function read(download: Download) {
    const text = await readFile(await download.path(), 'utf8')
    const lines = [...new CsvReader().read(text, true)].map(({ cells }) => cells).filter(cells => cells.length > 1)
    const header = lines.shift()!
    return lines.map(cells => Object.fromEntries(cells.map((cell, index) => [header[index], cell])))
  }

  it('shows the numbers, of all bots or of one', async () => {
    await open('overview')
    await until(async () => await page.locator('.trend svg').count() === 2)
    expect(await page.locator('.totals .friends dd').innerText()).to.equal(String(await count({ relation: 'friend' })))
    expect(await page.locator('.totals .deleted dd').innerText()).to.equal(String(await count({ relation: 'deleted' })))
    expect(await page.locator('.movement').first().innerText()).to.match(/新增好友[^]*今日[^]*近 7 天[^]*比前 7 天多/)
    expect(await page.locator('.bar-list').first().innerText()).to.match(/推广链接（QQ 内）[^]*搜索/)
    expect(await page.locator('.bar-list').last().innerText()).to.include('spring-sale')
    await page.getByText('查看数据').click()
    expect(await page.locator('.day-table tbody tr').count()).to.equal(30)
    await choose(page, '时间范围', '最近 7 天')
    await until(async () => await page.locator('.day-table tbody tr').count() === 7)
    await choose(page, '机器人', 'second')
    await page.getByText('还没有用户。有人添加机器人').waitFor()
    await choose(page, '机器人', 'first')
    await page.locator('.totals').waitFor()
  })

  it('filters, searches, sorts and pages through the users', async () => {
    await open('users')
    await page.locator('.user-row').first().waitFor()
    const seen = [await rows(page)]
    for (let number = 2; number <= 3; number++) {
      await page.getByRole('button', { name: '下一页' }).click()
      await page.getByText(`第 ${number} 页`).waitFor()
      await page.locator('.user-table:not(.stale)').waitFor()
      seen.push(await rows(page))
    }
    expect(seen.map(({ length }) => length)).to.deep.equal([20, 20, 5])
    expect(seen.flat()).to.deep.equal(Array.from({ length: 45 }, (_, number) => toOpenid(number)))
    expect(await page.getByRole('button', { name: '下一页' }).isDisabled()).to.equal(true)
    await page.getByRole('button', { name: '上一页' }).click()
    await until(async () => (await rows(page))[0] === toOpenid(20))

    await choose(page, '关系', '已删除')
    await page.getByText(`共 ${await count({ relation: 'deleted' })} 人`).waitFor()
    expect(new Set(await page.locator('.user-row td:nth-child(2)').allInnerTexts())).to.deep.equal(new Set(['已删除']))
    await choose(page, '关系', '全部关系')
    await choose(page, '推送开关', '拒绝推送')
    await page.getByText(`共 ${await count({ consent: 'rejected' })} 人`).waitFor()
    await choose(page, '推送开关', '全部开关状态')

    const search = page.getByRole('textbox', { name: '搜索' })
    await search.fill(toOpenid(7).slice(0, 6))
    await until(async () => (await rows(page)).join() === toOpenid(7))
    await search.fill('林小满')
    await page.getByText('共 2 人').waitFor()
    await search.fill('nobody')
    await page.getByText('没有符合条件的用户').waitFor()
    await page.getByRole('button', { name: '清除筛选' }).click()
    await page.getByText('共 45 人').waitFor()

    await choose(page, '排序', '最近发言')
    const { app, platform: { selfId } } = site.harness
    const [first] = await app.database.get('qq_user', { selfId }, { sort: { lastMessageAt: 'desc' }, limit: 1 })
    await until(async () => (await rows(page))[0] === first.userId)
  })

  it('stays true while it is looked at, whatever users are called', async () => {
    await open('users')
    await page.locator('.user-row').first().waitFor()
    const name = '<img src=x onerror="hacked=1">'
    site.platform.message('NEWCOMER', 'hello', { username: name })
    await until(async () => (await rows(page))[0] === 'NEWCOMER')
    expect(await page.locator('.user-row .name').first().innerText()).to.equal(name)
    expect(await page.evaluate('window.hacked')).to.equal(undefined)
    await page.getByText('共 46 人').waitFor()
    site.platform.reject(toOpenid(4))
    await page.locator('.user-row', { hasText: toOpenid(4) }).getByText('拒绝推送').waitFor()

    await page.getByRole('button', { name: '下一页' }).click()
    await page.getByText('第 2 页').waitFor()
    await page.locator('.user-table:not(.stale)').waitFor()
    site.platform.add('LATECOMER', { scene: 1001 })
    await page.getByText('有 1 名新用户').waitFor()
    await page.getByRole('button', { name: '查看' }).click()
    await until(async () => (await rows(page)).includes('LATECOMER'))
  })

  it('shows a user, and follows what happens to them', async () => {
    const openid = toOpenid(1)
    await open('users')
    await page.locator('.user-row', { hasText: openid }).click()
    const drawer = page.getByRole('dialog')
    await drawer.locator('.ledger-entry').first().waitFor()
    expect(page.url()).to.include(openid)
    const [newest] = await drawer.locator('.ledger-entry').allInnerTexts()
    expect(newest).to.match(/开启主动消息[^]*经由授权交互[^]*通知已发送/)
    expect((await drawer.locator('.ledger-entry').allInnerTexts()).some(text => /关闭主动消息[^]*资料卡开关[^]*通知失败[^]*文案有误/.test(text))).to.equal(true)
    await drawer.getByText('现在可以主动发送消息').waitFor()
    site.platform.remove(openid)
    await drawer.getByText('现在不能主动发送消息').waitFor()
    await drawer.locator('.ledger-entry', { hasText: '删除机器人' }).first().waitFor()
    site.platform.add(openid)
    await drawer.getByText('现在可以主动发送消息').waitFor()
    await page.keyboard.press('Escape')
    await until(() => page.url().endsWith('/qq-user/users'))
  })

  it('does not lie over other pages', async () => {
    page = await browser.open(site.url)
    await page.locator('.layout-activity a[href^="/qq-user"]').click()
    // away from its tooltip
    await page.mouse.move(640, 400)
    await page.locator('.tabs a[href$=users]').click()
    await page.locator('.user-row').first().click()
    const drawer = page.getByRole('dialog')
    await drawer.locator('.ledger-entry').first().waitFor()
    for (let steps = 0; steps < 3; steps++) await page.goBack()
    await drawer.waitFor({ state: 'hidden' })
    expect(new URL(page.url()).pathname).to.equal('/')
  })

  it('copies an openid', async () => {
    await open('users')
    await page.evaluate('document.execCommand = () => (window.copied = document.activeElement.value, true); delete Navigator.prototype.clipboard')
    await page.getByRole('button', { name: '复制 openid' }).first().click()
    expect(await page.evaluate('window.copied')).to.equal((await rows(page))[0])
    await page.getByRole('button', { name: '已复制' }).waitFor()
    expect(page.url()).to.match(/users$/)
  })

  it('sends a test message, and tells what became of it', async () => {
    const { platform } = site
    await open(`users/${platform.selfId}/${toOpenid(2)}`)
    const input = page.getByRole('textbox', { name: '消息内容' })
    await input.fill('测试 <b>1</b>')
    await page.getByRole('button', { name: '发送' }).click()
    await page.getByText('已发送。').waitFor()
    expect(platform.accepted(toOpenid(2)).at(-1)!.body.content).to.include('1')
    platform.fail({ code: 40034006 })
    await input.fill('别的内容')
    await page.getByRole('button', { name: '发送' }).click()
    await page.getByText('未发送：平台拒绝了这条消息').waitFor()
    await page.getByText('平台错误码 40034006').waitFor()
    platform.reject(toOpenid(2))
    await page.getByRole('dialog').getByText('现在不能主动发送消息').waitFor()
    const before = platform.posts.length
    await page.getByRole('button', { name: '发送' }).click()
    await page.getByText('未发送：用户拒绝主动消息').waitFor()
    expect(platform.posts.slice(before).filter(({ body }) => JSON.stringify(body).includes('别的内容'))).to.deep.equal([])
  })

  it('erases a user, but not without asking', async () => {
    const openid = toOpenid(3)
    await open(`users/${site.platform.selfId}/${openid}`)
    const erase = page.getByRole('button', { name: '清除记录' })
    await erase.click()
    await page.locator('.el-message-box').getByRole('button', { name: '取消' }).click()
    expect(await count({ search: openid })).to.equal(1)
    await erase.click()
    await page.locator('.el-message-box').getByRole('button', { name: '清除' }).click()
    await until(() => page.url().endsWith('/qq-user/users'))
    expect(await count({ search: openid })).to.equal(0)
    await until(async () => !(await rows(page)).includes(openid))
  })

  it('shows the texts as a user gets them, and sends them', async () => {
    await open('texts')
    await page.getByText('请选择一名用户。').waitFor()
    const picker = page.getByRole('combobox', { name: '预览对象' })
    await picker.fill('林小满')
    await page.locator('.el-select-dropdown__item:visible', { hasText: toOpenid(0) }).click()
    const [icebreaker, allowed, rejected] = await page.locator('.notices .panel-card').all()
    await icebreaker.getByText('Hello, 林小满!').waitFor()
    expect(await icebreaker.locator('.bubble code').innerText()).to.equal(`<at id="${toOpenid(0)}"/>`)
    await rejected.getByText('这段文案有误，不会发送。').waitFor()
    expect(await rejected.locator('mark').innerText()).to.equal('{user.nick}')
    expect(await rejected.innerText()).to.include('第 14 个字符')
    expect(await rejected.getByRole('button').count()).to.equal(0)
    const chinese = await allowed.locator('.bubble').innerText()
    await choose(page, '用户语言', 'English')
    await until(async () => await allowed.locator('.bubble').innerText() !== chinese)
    const text = await allowed.locator('.bubble').innerText()
    await allowed.getByRole('button', { name: '发送给该用户' }).click()
    await page.locator('.el-message-box').getByRole('button', { name: '发送' }).click()
    await allowed.getByText('已发送。').waitFor()
    expect(site.platform.accepted(toOpenid(0)).at(-1)!.body.content).to.equal(text)
  })

  it('says what is wrong, and what to do', async () => {
    site.platform.dispatch('FRIEND_ADD', { openid: '', timestamp: 1 })
    site.platform.fail({ code: 40034006 })
    await site.harness.app.qqUser.push(site.platform.selfId, toOpenid(0), 'x').catch(() => {})
    await open('doctor')
    await page.getByText('收到 1 个格式不正确的事件').waitFor()
    expect(await page.locator('.panel-card', { hasText: '发送被拒' }).innerText()).to.match(/平台不接受该内容[^]*40034006[^]*修改文案/)
    const card = (name: string) => page.locator('.panel-card', { has: page.getByRole('heading', { name, exact: true }) }).innerText()
    expect(await card('格式不正确的事件')).to.match(/添加机器人\s+openid\s+1/)
    expect(await card('机器人')).to.match(/first[^]*在线[^]*second[^]*在线/)
    await page.getByText('数据库正常').waitFor()
    site.second!.drop()
    site.second!.forget()
    await page.getByRole('button', { name: '刷新' }).click()
    await page.getByText('检查于').waitFor()
  })

  it('shows what went wrong with a call, and tries again', async () => {
    const { listeners } = site.harness.app.console
    const { callback } = listeners['qq-user/diagnose']
    listeners['qq-user/diagnose'].callback = async () => {
      throw Object.assign(new Error('busy'), { stack: 'busy' })
    }
    await open('doctor')
    await page.getByText('请求过多').waitFor()
    listeners['qq-user/diagnose'].callback = callback
    await page.getByRole('button', { name: '重试' }).click()
    await page.getByText('QQ 适配器已加载').waitFor()
    expect(await page.getByText('请求过多').count()).to.equal(0)
  })

  it('exports users and history', async () => {
    await open('transfer')
    const save = async () => {
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('button', { name: '导出', exact: true }).click(),
      ])
      const lines = await read(download)
      await page.getByText(`导出完成，共 ${lines.length} 行。`).waitFor()
      return lines
    }
    const users = await save()
    expect(users.length).to.equal(await count({}))
    expect(users.find(({ openid }) => openid === toOpenid(0))).to.include({ bot: site.platform.selfId, name: '林小满', relation: 'friend' })
    await choose(page, '关系', '已删除')
    expect((await save()).every(({ relation }) => relation === 'deleted')).to.equal(true)
    await page.getByText('记录', { exact: true }).click()
    await page.getByLabel('开始日期').fill(new Date(Date.now() - 3 * Time.day).toISOString().slice(0, 10))
    const entries = await save()
    expect(entries.length).to.be.above(0)
    expect(entries.every(({ occurred_at: at }) => +new Date(at) > Date.now() - 4 * Time.day)).to.equal(true)
  })

  it('imports after a dry run only, and tells the bad lines', async () => {
    await open('transfer')
    await page.locator('input[type=file]').setInputFiles({
      name: 'users.csv',
      mimeType: 'text/csv',
      buffer: Buffer.from(`openid,first_seen,name\nIMPORTED1,2025-01-01,甲\n${toOpenid(0)},2025-01-01,\nIMPORTED2,soon,\n,2025-01-01,\n`),
    })
    const real = page.getByRole('button', { name: '正式导入' })
    expect(await real.isDisabled()).to.equal(true)
    await page.getByRole('button', { name: '试运行' }).click()
    await page.getByText('试运行结果').waitFor()
    expect(await page.locator('.import-result dd').allInnerTexts()).to.deep.equal(['4', '1', '1', '2'])
    expect(await page.locator('.import-result tbody tr').allInnerTexts()).to.deep.equal(['4\tfirst_seen\tsoon', '5\topenid\t（空）'])
    expect(await count({ search: 'IMPORTED' })).to.equal(0)
    await real.click()
    await page.getByText('导入完成').waitFor()
    expect(await count({ search: 'IMPORTED' })).to.equal(1)
    expect(await real.isDisabled()).to.equal(true)
    await page.locator('input[type=file]').setInputFiles({ name: 'gbk.csv', mimeType: 'text/csv', buffer: Buffer.from([0xc4, 0xe3, 0x2c]) })
    await page.getByRole('button', { name: '试运行' }).click()
    await page.getByText('文件不是 UTF-8 编码').waitFor()
  })

  it('speaks English where it should', async () => {
    await open('overview', { locale: 'en-US' })
    for (const tab of tabs) {
      await page.locator(`.tabs a[href$=${tab}]`).click()
      await page.locator('.panel-card, .user-row').first().waitFor()
      const text = await page.locator('.page-qq-user').innerText()
      if (tab !== 'users') expect(text.match(/[\u3000-\u9fff]+/g), tab).to.equal(null)
      expect(text, tab).not.to.match(/\bqq-user\.|[a-z]+\.[a-z]+-[a-z]+/)
    }
    expect(await page.title()).to.include('QQ users')
    expect(await page.locator('.tabs a').allInnerTexts()).to.deep.equal(['Overview', 'Users', 'Texts', 'Doctor', 'Import/export'])
  })

  for (const theme of ['light', 'dark'] as const) {
    it(`can be read in a ${theme} theme`, async () => {
      await open('overview', { theme })
      for (const tab of tabs) {
        await page.locator(`.tabs a[href$=${tab}]`).click()
        await page.locator('.panel-card, .user-row').first().waitFor()
        const found = await contrast(page, ['h2', 'dt', 'dd', '.hint', '.status-tag', '.openid .mono', '.tabs a', 'td', 'th', '.label', '.count', 'li p'])
        expect(found.filter(({ ratio }) => ratio < 4.5), tab).to.deep.equal([])
      }
      expect(await page.evaluate('getComputedStyle(document.querySelector(".page-body")).backgroundColor'))
        .to.equal(theme === 'dark' ? 'rgb(30, 30, 32)' : 'rgb(249, 249, 250)')
    })
  }

  for (const locale of ['zh-CN', 'en-US'] as const) {
    it(`fits a phone, in ${locale}`, async () => {
      await open('overview', { width: 390, height: 844, locale })
      for (const tab of tabs) {
        await page.locator(`.tabs a[href$=${tab}]`).click()
        await page.locator('.panel-card, .user-row').first().waitFor()
        await page.waitForLoadState('networkidle')
        expect(await overflow(page), tab).to.deep.equal([])
      }
      await page.locator('.tabs a[href$=users]').click()
      await page.locator('.user-row .name').first().click()
      await page.getByRole('dialog').locator('.ledger-entry').first().waitFor()
      // it slides in
      await until(async () => !(await overflow(page)).length)
    })
  }

  it('needs no mouse', async () => {
    await open('users')
    await page.locator('.user-row').first().waitFor()
    await page.getByRole('textbox', { name: '搜索' }).focus()
    const reached = async () => await page.evaluate('document.activeElement.className') as string
    for (let steps = 0; steps < 8 && !(await reached()).includes('name'); steps++) await page.keyboard.press('Tab')
    expect(await page.evaluate('getComputedStyle(document.activeElement).outlineStyle')).to.equal('solid')
    await page.keyboard.press('Enter')
    const dialog = page.getByRole('dialog')
    await dialog.locator('.ledger-entry').first().waitFor()
    expect(await page.evaluate('!!document.activeElement.closest("[role=dialog]")')).to.equal(true)
    await page.keyboard.press('Escape')
    await dialog.waitFor({ state: 'hidden' })
    const controls = await page.locator('.page-qq-user').locator('input, button, select, textarea').all()
    for (const control of controls) {
      const named = await control.evaluate((element: any) => !!(element.getAttribute('aria-label') || element.innerText?.trim() || element.labels?.length))
      expect(named, await control.evaluate((element: any) => element.outerHTML)).to.equal(true)
    }
  })

  it('tells nothing to those who are not logged in', async () => {
    const guarded = await Site.start({ path: installed.path, auth: true })
    try {
      guarded.platform.add('SECRET1', { scene: 1001 })
      await until(() => guarded.harness.app.qqUser.get(guarded.platform.selfId, 'SECRET1'))
      page = await browser.open(undefined)
      const frames: string[] = []
      page.on('websocket', socket => socket.on('framereceived', ({ payload }) => { frames.push(String(payload)) }))
      await page.goto(`${guarded.url}/qq-user/users`)
      await page.getByPlaceholder('用户名').waitFor()
      guarded.platform.add('SECRET2', { scene: 1001 })
      await until(() => guarded.harness.app.qqUser.get(guarded.platform.selfId, 'SECRET2'))
      await pass()
      expect(await page.locator('.page-qq-user').count()).to.equal(0)
      expect(frames.join('\n')).not.to.match(/SECRET|stand-in/)
      expect(frames.join('\n')).not.to.include(guarded.platform.selfId)

      await page.getByPlaceholder('用户名').fill('admin')
      await page.getByPlaceholder('密码').fill('secret')
      await page.locator('.login-form').getByText('登录', { exact: true }).click()
      await until(() => frames.some(frame => frame.includes('"key":"user"')))
      await page.goto(`${guarded.url}/qq-user/users`)
      await until(async () => (await rows(page)).join() === 'SECRET2,SECRET1')
    } finally {
      await guarded.stop()
    }
  })
})
