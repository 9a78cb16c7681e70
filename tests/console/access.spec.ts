/** Rule: a console client learns nothing without a login of authority 4, and nothing more after it logs out. */
import { readdirSync, readFileSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'
import { expect } from 'chai'
import type { Calls } from '../../src/console/protocol'
import { pass, until } from '../harness'
import { calls } from './calls'
import { Site } from './site'

describe('console: access', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('puts nothing in the entry, and everything behind authority 4', async () => {
    await site.start()
    const { console } = site.harness.app
    const [entry] = Object.values(console.entries)
    expect(entry.data).to.equal(undefined)
    expect(entry.files).to.deep.equal({ dev: resolve(__dirname, '../../client/index.ts'), prod: resolve(__dirname, '../../dist') })
    const own = Object.keys(console.listeners).filter(name => name.startsWith('qq-user/'))
    expect(own).to.have.members(Object.keys(calls('')))
    for (const name of own) expect(console.listeners[name].authority).to.equal(4)
    expect((console.services.qqUser as unknown as { options: object }).options).to.deep.equal({ authority: 4 })
  })

  it('is asked for wherever clients are listened to or told something', () => {
    const root = resolve(__dirname, '../../src')
    const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
    const lines = files.flatMap(file => readFileSync(join(root, file), 'utf8').split('\n').map(line => [basename(file), line.trim()]))
    const find = (pattern: RegExp) => lines.filter(([, line]) => pattern.test(line))
    expect(find(/\baddListener\(/)).to.deep.equal([['calls.ts', 'this.ctx.console.addListener(name as never, callback as never, ACCESS)']])
    expect(find(/\bclient\.send\(/)).to.deep.equal([['calls.ts', 'if (await this.mayReceive(client)) client.send({ type, body })']])
    const broadcasts = find(/\bconsole\b.*\.broadcast\(/)
    expect(broadcasts).to.have.length.above(1)
    for (const [file, line] of broadcasts) expect(line, file).to.match(/\.broadcast\('[\w/-]+', .*, (ACCESS|this\.options)\)+$/)
  })

  it('tells a client that has not logged in nothing at all', async () => {
    const page = await site.start({ auth: true })
    await site.befriend('A')
    const all = calls(site.platform.selfId)
    for (const name in all) expect(await page.error(name, ...all[name as keyof Calls]), name).to.equal('unauthorized')
    site.platform.reject('A')
    await until(() => site.harness.sessions.length === 2)
    site.harness.bot.offline()
    await pass(200)
    const data = page.heard.filter(({ type, body }) => type === 'data' && body.key === 'qqUser')
    expect(data.map(({ body }) => body.value)).to.deep.equal(data.map(() => null))
    expect(data).to.have.length.above(0)
    expect(page.heard.filter(({ type }) => type.startsWith('qq-user/'))).to.deep.equal([])
    expect(site.platform.posts).to.deep.equal([])
  })

  it('tells one that has, until it logs out', async () => {
    const page = await site.start({ auth: true })
    await site.befriend('A')
    await page.send('login/password', 'admin', 'secret')
    await until(() => page.heard.some(({ type, body }) => type === 'data' && body.key === 'qqUser' && body.value))
    expect((await page.call('qq-user/list', {})).total).to.equal(1)
    site.platform.latency = 200
    await page.call('qq-user/push', site.platform.selfId, 'A', 'news')
    await page.send('user/logout')
    site.platform.latency = 0
    await until(() => site.platform.posts.length)
    site.platform.reject('A')
    await until(() => site.harness.sessions.length === 2)
    await pass(200)
    expect(page.heard.filter(({ type }) => type.startsWith('qq-user/'))).to.deep.equal([])
  })

  it('is not enough with less authority', async () => {
    const page = await site.start({ auth: true })
    await site.harness.app.database.set('user', { id: 0 }, { authority: 3 })
    await page.send('login/password', 'admin', 'secret')
    expect(await page.error('qq-user/list', {})).to.equal('unauthorized')
  })

  it('leaves nothing behind when the plugin is unloaded', async () => {
    const page = await site.start()
    const { url } = await page.call('qq-user/export', { table: 'users', query: {} })
    site.harness.plugin!.dispose()
    await pass()
    expect(Object.keys(site.harness.app.console.listeners).filter(name => name.startsWith('qq-user/'))).to.deep.equal([])
    expect(Object.values(site.harness.app.console.entries)).to.deep.equal([])
    expect((await (await site.download(url)).text())).not.to.include('openid')
    await site.load()
    expect((await page.call('qq-user/list', {})).total).to.equal(0)
  })
})

describe('console: bots', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('are told from the start, and when they come and go', async () => {
    const page = await site.start()
    const online = (value: boolean) => until(() => {
      const data = page.heard.filter(({ type, body }) => type === 'data' && body.key === 'qqUser').at(-1)
      return data?.body.value.bots.length === 1 && data.body.value.bots[0].online === value
    })
    await online(true)
    const [{ body }] = page.heard.filter(({ type, body }) => type === 'data' && body.key === 'qqUser')
    expect(body.value.bots[0]).to.include({ selfId: site.platform.selfId, name: 'stand-in' })
    site.harness.bot.offline()
    await online(false)
    site.harness.bot.online()
    await online(true)
  })
})
