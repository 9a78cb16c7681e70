import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import fc from 'fast-check'
import { install } from '@sinonjs/fake-timers'
import { ForkScope, h, Time } from 'koishi'
import Auth from '@koishijs/plugin-auth'
import Console from '@koishijs/plugin-console'
import { Server } from '@koishijs/plugin-server'
import SQLite from '@minatojs/driver-sqlite'
import { EventType, QQUser } from '../../src'
import { CsvReader } from '../../src/console/csv-reader'
import { restore, toLine } from '../../src/console/csv-writer'
import type { Calls, NoticeKey, Overview, PageQuery, UserRow } from '../../src/console/protocol'
import { Page } from './page'
import { engines, freePort } from '../database'
import { Harness, HarnessOptions, pass, until } from '../harness'
import { Platform } from '../platform'

const silent = { icebreaker: { enabled: false }, pushAllowed: { enabled: false }, pushRejected: { enabled: false } }

/** How many users the file has that is to be downloaded. */
const ROWS = Number(process.env.ROWS) || 40_000

/** What the heap holds, garbage not counted. */
function measure() {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

/** One of every call, with arguments of the right kind. */
const calls = (selfId: string): { [K in keyof Calls]: Parameters<Calls[K]> } => ({
  'qq-user/overview': [{}],
  'qq-user/list': [{}],
  'qq-user/get': [selfId, 'A'],
  'qq-user/history': [selfId, 'A'],
  'qq-user/push': [selfId, 'A', 'news'],
  'qq-user/forget': [selfId, 'A'],
  'qq-user/preview': [{ key: 'icebreaker', selfId, userId: 'A', locale: 'en-US' }],
  'qq-user/send-notice': [{ key: 'icebreaker', selfId, userId: 'A', locale: 'en-US' }],
  'qq-user/diagnose': [],
  'qq-user/export': [{ table: 'users', query: {} }],
  'qq-user/import': [selfId, true],
  'qq-user/import-chunk': ['ticket', 'openid,first_seen\n', true],
})

describe('console', () => {
  let harness: Harness
  let platform: Platform
  let server: ForkScope
  let port: number
  const pages: Page[] = []
  let clock: ReturnType<typeof install> | undefined

  async function start({ config, prepare, auth, ...options }: HarnessOptions & { auth?: boolean } = {}) {
    port = await freePort()
    harness = await Harness.start({
      config: { ...silent, ...config },
      ...options,
      prepare(app) {
        server = app.plugin(Server as never, { host: '127.0.0.1', port } as never)
        app.plugin(Console as never, { open: false } as never)
        if (auth) app.plugin(Auth as never, { admin: { enabled: true, username: 'admin', password: 'secret' } } as never)
        prepare?.(app)
      },
    })
    platform = harness.platform
    await until(() => harness.app.get('console')?.listeners['qq-user/overview'])
    return open()
  }

  async function open() {
    const page = await Page.open(port)
    pages.push(page)
    return page
  }

  function freeze() {
    clock = install({ now: Date.now(), shouldClearNativeTimers: true, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  }

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    for (const page of pages.splice(0)) page.close()
    await pass(2)
    server.dispose()
    await harness.stop()
  })

  async function befriend(...ids: string[]) {
    for (const id of ids) platform.add(id)
    await until(async () => (await harness.users).length >= ids.length)
  }

  /** Puts users into the table as if they had always been there. */
  async function seed(users: Partial<QQUser>[]) {
    const selfId = platform.selfId
    for (let start = 0; start < users.length; start += 1000) {
      const rows = users.slice(start, start + 1000).map(user => ({ selfId, firstSeen: new Date(1.6e12), scene: null, ...user }))
      await harness.app.database.upsert('qq_user', rows)
    }
  }

  async function download(url: string, init?: RequestInit) {
    return fetch(`http://127.0.0.1:${port}${url}`, init)
  }

  const count = (state: Partial<Overview['totals']>) => ({ friends: 0, reachable: 0, rejected: 0, deleted: 0, unknown: 0, ...state })
  const movement = (change: Partial<Overview['today']>) => ({ added: 0, deleted: 0, rejected: 0, allowed: 0, ...change })

  async function upload(page: Page, text: string, dryRun: boolean, size = 64 * 1024) {
    const { ticket } = await page.call('qq-user/import', platform.selfId, dryRun)
    for (let at = 0; ; at += size) {
      const report = await page.call('qq-user/import-chunk', ticket, text.slice(at, at + size), at + size >= text.length)
      if (at + size >= text.length) return report
    }
  }

  function parse(text: string) {
    const [header, ...lines] = new CsvReader().read(text, true).map(({ cells }) => cells)
    return lines.map(cells => Object.fromEntries(cells.map((cell, index) => [header[index], cell])))
  }

  describe('access', () => {
    it('puts nothing in the entry, and everything behind authority 4', async () => {
      await start()
      const { console } = harness.app
      const [entry] = Object.values(console.entries)
      expect(entry.data).to.equal(undefined)
      expect(entry.files).to.deep.equal({ dev: resolve(__dirname, '../../client/index.ts'), prod: resolve(__dirname, '../../dist') })
      const own = Object.keys(console.listeners).filter(name => name.startsWith('qq-user/'))
      expect(own).to.have.members(Object.keys(calls('')))
      for (const name of own) expect(console.listeners[name].authority).to.equal(4)
      expect((console.services.qqUser as unknown as { options: object }).options).to.deep.equal({ authority: 4 })
    })

    it('tells a client that has not logged in nothing at all', async () => {
      const page = await start({ auth: true })
      await befriend('A')
      const all = calls(platform.selfId)
      for (const name in all) expect(await page.error(name, ...all[name as keyof Calls]), name).to.equal('unauthorized')
      platform.reject('A')
      await until(() => harness.sessions.length === 2)
      harness.bot.offline()
      await pass(200)
      const data = page.heard.filter(({ type, body }) => type === 'data' && body.key === 'qqUser')
      expect(data.map(({ body }) => body.value)).to.deep.equal(data.map(() => null))
      expect(data).to.have.length.above(0)
      expect(page.heard.filter(({ type }) => type.startsWith('qq-user/'))).to.deep.equal([])
      expect(platform.posts).to.deep.equal([])
    })

    it('tells one that has, until it logs out', async () => {
      const page = await start({ auth: true })
      await befriend('A')
      await page.send('login/password', 'admin', 'secret')
      await until(() => page.heard.some(({ type, body }) => type === 'data' && body.key === 'qqUser' && body.value))
      expect((await page.call('qq-user/list', {})).total).to.equal(1)
      platform.latency = 200
      await page.call('qq-user/push', platform.selfId, 'A', 'news')
      await page.send('user/logout')
      platform.latency = 0
      await until(() => platform.posts.length)
      platform.reject('A')
      await until(() => harness.sessions.length === 2)
      await pass(200)
      expect(page.heard.filter(({ type }) => type.startsWith('qq-user/'))).to.deep.equal([])
    })

    it('is not enough with less authority', async () => {
      const page = await start({ auth: true })
      await harness.app.database.set('user', { id: 0 }, { authority: 3 })
      await page.send('login/password', 'admin', 'secret')
      expect(await page.error('qq-user/list', {})).to.equal('unauthorized')
    })

    it('leaves nothing behind when the plugin is unloaded', async () => {
      const page = await start()
      const { url } = await page.call('qq-user/export', { table: 'users', query: {} })
      harness.plugin!.dispose()
      await pass()
      expect(Object.keys(harness.app.console.listeners).filter(name => name.startsWith('qq-user/'))).to.deep.equal([])
      expect(Object.values(harness.app.console.entries)).to.deep.equal([])
      expect((await (await download(url)).text())).not.to.include('openid')
      harness.load(silent)
      await until(() => harness.app.console.listeners['qq-user/list'])
      expect((await page.call('qq-user/list', {})).total).to.equal(0)
    })
  })

  describe('bots', () => {
    it('are told from the start, and when they come and go', async () => {
      const page = await start()
      const online = (value: boolean) => until(() => {
        const data = page.heard.filter(({ type, body }) => type === 'data' && body.key === 'qqUser').at(-1)
        return data?.body.value.bots.length === 1 && data.body.value.bots[0].online === value
      })
      await online(true)
      const [{ body }] = page.heard.filter(({ type, body }) => type === 'data' && body.key === 'qqUser')
      expect(body.value.bots[0]).to.include({ selfId: platform.selfId, name: 'stand-in' })
      harness.bot.offline()
      await online(false)
      harness.bot.online()
      await online(true)
    })
  })

  describe('overview', () => {
    const entry = (id: string, type: EventType, occurredAt: Date, more = {}) => ({
      id, selfId: platform.selfId, userId: id, type, source: 'friend-add' as const, occurredAt, receivedAt: occurredAt, applied: true, ...more,
    })

    it('counts by day in the server\'s time zone, and goes back from the present', async () => {
      const page = await start()
      const today = Time.getDateNumber()
      const at = (day: number, offset = 0) => new Date(+Time.fromDateNumber(today + day) + offset)
      const state = { relation: 'friend', firstSeen: at(-20) } as const
      await seed([
        { ...state, userId: 'A', scene: 2003, sceneParam: 'spring' },
        { ...state, userId: 'B', scene: 2003, sceneParam: 'spring' },
        { ...state, userId: 'C', consent: 'rejected', sceneParam: 'fall' },
        { ...state, userId: 'D', relation: 'deleted' },
        { ...state, userId: 'E', selfId: 'other' },
      ])
      await harness.app.database.upsert('qq_user_event', [
        entry('1', 'friend-added', at(0)),
        entry('2', 'friend-added', at(0, -1)),
        entry('3', 'friend-added', at(-1), { applied: false }),
        entry('4', 'friend-deleted', at(-6)),
        entry('5', 'friend-added', at(-7, 5)),
        entry('6', 'friend-push-rejected', at(-13)),
        entry('7', 'friend-push-allowed', at(-14)),
        entry('8', 'friend-added', at(0), { selfId: 'other' }),
      ])
      const { selfId } = platform
      const overview = await page.call('qq-user/overview', { selfId, days: 15 })
      expect(overview.totals).to.deep.equal(count({ friends: 3, reachable: 2, rejected: 1, deleted: 1, unknown: 3 }))
      expect(overview.today).to.deep.equal(movement({ added: 1 }))
      expect(overview.week).to.deep.equal(movement({ added: 2, deleted: 1 }))
      expect(overview.weekBefore).to.deep.equal(movement({ added: 1, rejected: 1 }))
      expect(overview.scenes).to.have.deep.members([{ scene: 2003, count: 2 }, { scene: null, count: 2 }])
      expect(overview.sceneParams).to.deep.equal([{ sceneParam: 'spring', count: 2 }, { sceneParam: 'fall', count: 1 }])
      expect(overview.days).to.have.length(15)
      const day = (back: number) => overview.days.at(-1 - back)
      expect(day(0)).to.deep.equal({ date: Time.template('yyyy-MM-dd', at(0, 12 * Time.hour)), ...movement({ added: 1 }), friends: 3, rejected: 1 })
      expect(day(1)).to.deep.include({ added: 1, friends: 2 })
      expect(day(2)).to.deep.include({ added: 0, friends: 1 })
      expect(day(6)).to.deep.include({ deleted: 1, friends: 1 })
      expect(day(7)).to.deep.include({ added: 1, friends: 2 })
      expect(day(13)).to.deep.include({ rejected: 1 })
      expect(day(14)).to.deep.include({ allowed: 1, rejected: 0 })

      const all = await page.call('qq-user/overview', {})
      expect(all.totals.friends).to.equal(4)
      expect(all.today).to.deep.equal(movement({ added: 2 }))
      expect(all.days).to.have.length(30)
      expect((await page.call('qq-user/overview', { selfId: 'nobody' })).totals).to.deep.equal(count({}))
    })

    it('keeps up without counting again', async () => {
      const page = await start()
      await page.call('qq-user/overview', {})
      let scans = 0
      const { database } = harness.app
      const driver = (database as any).drivers[0]
      const { get } = driver
      driver.get = (selection: any) => {
        if (selection.args[0].group) scans++
        return get.call(driver, selection)
      }
      platform.add('A')
      platform.reject('A')
      await until(() => harness.sessions.length === 2)
      scans = 0
      for (let time = 0; time < 5; time++) {
        const { today, totals } = await page.call('qq-user/overview', {})
        expect(today).to.deep.equal(movement({ added: 1, rejected: 1 }))
        expect(totals).to.deep.equal(count({ friends: 1, rejected: 1 }))
      }
      expect(scans).to.equal(0)
      // a late one belongs to another day
      platform.allow('B', { timestamp: Date.now() - 3 * Time.day })
      await until(() => harness.sessions.length === 3)
      const { days } = await page.call('qq-user/overview', {})
      expect(days.at(-4)).to.include({ allowed: 1 })
      expect(scans).to.equal(0)
      driver.get = get
    })
  })

  describe('list', () => {
    async function readAll(page: Page, query: PageQuery) {
      const users: UserRow[] = []
      for (;;) {
        const { users: more, total } = await page.call('qq-user/list', { ...query, after: users.at(-1) })
        users.push(...more)
        if (!more.length) return { users, total }
      }
    }

    for (const engine of engines) {
      describe(`on ${engine.name}`, () => {
        before(function () {
          if (!engine.available) return this.skip()
          return engine.start()
        })
        after(() => engine.available && engine.stop())

        it('shows everybody once, in order, of one bot and of all', async function () {
          this.timeout(60_000)
          const page = await start({ database: engine.create() })
          const users = Array.from({ length: engine.name === 'memory' ? 300 : 2400 }, (_, index): Partial<QQUser> => ({
            selfId: `bot${index % 3}`,
            userId: `u${String(index * 7919 % 2400 / 3 | 0).padStart(4, '0')}`,
            firstSeen: new Date(1.6e12 + index * 31 % 40 * 1000),
            lastMessageAt: index % 5 ? new Date(1.61e12 + index * 17 % 50) : null,
            relation: index % 10 ? 'friend' : 'deleted',
            consent: index % 4 ? 'unknown' : 'rejected',
          }))
          const unique = [...new Map(users.map(user => [user.selfId! + user.userId, user])).values()]
          await seed(unique)
          for (const selfId of [undefined, 'bot1']) {
            for (const sort of ['firstSeen', 'lastMessageAt'] as const) {
              for (const filter of [{}, { relation: 'deleted' as const, consent: 'rejected' as const }]) {
                const wanted = Object.entries({ ...filter, ...selfId && { selfId } })
                const expected = unique.filter(user => wanted.every(([key, value]) => user[key as never] === value))
                const { users, total } = await readAll(page, { selfId, sort, limit: 97, ...filter })
                expect(total).to.equal(expected.length)
                expect(new Set(users.map(({ selfId, userId }) => selfId + userId)).size).to.equal(expected.length)
                expect(users).to.have.length(expected.length)
                const times = users.map(user => user[sort] ?? 0)
                expect(times).to.deep.equal([...times].sort((a, b) => b - a))
              }
            }
          }
        })
      })
    }

    it('finds by the beginning of an id or a name, and counts no further than 1000', async () => {
      const page = await start()
      await seed(Array.from({ length: 1500 }, (_, index) => ({ userId: `AB${index}`, name: index % 2 ? `%_name${index}` : null })))
      await seed([{ userId: 'X', name: '小明' }, { userId: 'Y', name: 'AB', selfId: 'other' }])
      const list = (query: PageQuery) => page.call('qq-user/list', query)
      expect(await list({ search: 'AB', limit: 1 })).to.deep.include({ total: 1000, more: true })
      expect((await list({ search: 'AB', selfId: 'other' })).users.map(({ userId }) => userId)).to.deep.equal(['Y'])
      expect(await list({ search: 'AB149' })).to.deep.include({ total: 11 })
      expect((await list({ search: '小' })).users[0]).to.include({ userId: 'X', name: '小明' })
      expect(await list({ search: '%_name1499' })).to.deep.include({ total: 1 })
      expect(await list({ search: 'name' })).to.deep.equal({ total: 0, users: [] })
      expect(await list({ search: ' \u0000\ud800 ', limit: 1 })).to.include({ total: 1502 })
      const { users } = await readAll(page, { search: 'AB', limit: 100 })
      expect(users).to.have.length(1501)
    })

    it('shows a user, where they stand and what happened to them, and forgets them', async () => {
      const page = await start()
      const { selfId } = platform
      await befriend('A')
      platform.message('A', 'hello', { username: 'Ann' })
      platform.reject('A')
      await until(() => harness.sessions.length === 2)
      const { user, verdict } = (await page.call('qq-user/get', selfId, 'A'))!
      expect(user).to.include({ selfId, userId: 'A', relation: 'friend', consent: 'rejected', name: 'Ann', scene: 1000 })
      expect(user.avatar).to.equal(`https://q.qlogo.cn/qqapp/${platform.appid}/A/640`)
      expect(user.lastMessageAt).to.be.closeTo(Date.now(), 2 * Time.second)
      expect(verdict).to.deep.equal({ ok: false, reason: 'rejected' })
      const history = await page.call('qq-user/history', selfId, 'A')
      expect(history.map(({ type }) => type)).to.include.members(['friend-added', 'friend-push-rejected'])
      expect(history[0]).not.to.have.property('origin')
      expect(await page.call('qq-user/history', selfId, 'A', 1.5e12)).to.deep.equal([])
      await page.call('qq-user/forget', selfId, 'A')
      expect(await page.call('qq-user/get', selfId, 'A')).to.equal(null)
      expect(await page.error('qq-user/forget', selfId, 'A')).to.equal('unknown-user')
      expect(await harness.users).to.deep.equal([])
    })
  })

  describe('changes', () => {
    it('are told within a second, to every page that is open', async () => {
      const first = await start()
      const second = await open()
      const at = performance.now()
      platform.add('A', { scene: 1001 })
      for (const page of [first, second]) {
        const { user, entry, missed } = await page.until('qq-user/changed')
        expect(user).to.include({ userId: 'A', relation: 'friend', scene: 1001 })
        expect(entry).to.include({ type: 'friend-added', source: 'friend-add', applied: true })
        expect(missed).to.equal(undefined)
      }
      expect(performance.now() - at).to.be.below(1000)
    })

    it('are few under load, with the last word about each user', async () => {
      const page = await start()
      const now = Date.now()
      for (let index = 0; index < 30; index++) {
        platform[index % 2 ? 'allow' : 'reject']('A', { timestamp: now - Time.minute + index * Time.second })
      }
      for (let index = 0; index < 100; index++) platform.add(`U${index}`)
      await until(() => harness.sessions.length === 130)
      await until(() => page.heard.at(-1)!.at < performance.now() - 500)
      const changes = page.heard.filter(({ type }) => type === 'qq-user/changed')
      for (const [index, { at }] of changes.entries()) {
        const next = changes[index + 10]
        if (next) expect(next.at - at).to.be.above(900)
      }
      const missed = changes.reduce((sum, { body }) => sum + (body.missed ?? 0), 0)
      expect(changes.length + missed).to.be.within(100, 130)
      expect(changes.length).to.be.below(30)
      expect(changes.at(-1)!.body.user.userId).to.equal('U99')
    })

    it('cost nothing while nobody looks', async () => {
      const page = await start()
      page.close()
      await until(() => !Object.keys(harness.app.console.clients).length)
      const { broadcast } = harness.app.console
      let broadcasts = 0
      Object.assign(harness.app.console, { broadcast: (...args: [string, unknown]) => (broadcasts++, broadcast.apply(harness.app.console, args)) })
      await befriend('A', 'B')
      await pass(200)
      expect(broadcasts).to.equal(0)
    })
  })

  describe('sending', () => {
    it('tells whoever sent what became of it, and nobody else', async () => {
      const page = await start()
      const other = await open()
      await befriend('A')
      const { ticket } = await page.call('qq-user/push', platform.selfId, 'A', 'hello <b>there</b> {1+1} 1 < 2')
      const sent = await page.until('qq-user/sent')
      const [post] = platform.posts
      expect(sent).to.deep.equal({ ticket, ok: true, ids: [post.id] })
      expect(post.body.content).to.equal('hello there {1+1} 1 < 2')
      expect(post.route).to.equal('proactive')
      platform.fail({ code: 40034006 })
      const refused = await page.call('qq-user/push', platform.selfId, 'A', 'news')
      expect(await page.until('qq-user/sent', ({ ticket }) => ticket === refused.ticket))
        .to.deep.equal({ ...refused, ok: false, reason: 'refused', code: 40034006 })
      await pass()
      expect(other.messages('qq-user/sent')).to.deep.equal([])
    })

    it('goes through the gate', async () => {
      const page = await start()
      const { selfId } = platform
      await befriend('A')
      platform.reject('A')
      await until(() => harness.sessions.length === 2)
      const outcome = async (...args: Parameters<Calls['qq-user/push']>) => {
        const { ticket } = await page.call('qq-user/push', ...args)
        const { ok, reason } = await page.until('qq-user/sent', body => body.ticket === ticket)
        return ok ? 'ok' : reason
      }
      expect(await outcome(selfId, 'A', 'news')).to.equal('rejected')
      expect(await outcome(selfId, 'nobody', 'news')).to.equal('unknown-user')
      const { ticket } = await page.call('qq-user/send-notice', { key: 'pushRejected', selfId, userId: 'A', locale: 'en-US' })
      expect(await page.until('qq-user/sent', body => body.ticket === ticket)).to.include({ ok: false, reason: 'rejected' })
      expect(platform.posts).to.deep.equal([])
    })

    it('sends a notice as a user of that language gets it', async () => {
      const page = await start({ config: { pushAllowed: { enabled: false, content: 'Yes, {user.name}! <b>{user.id}</b>' } } })
      const { selfId } = platform
      await befriend('A')
      platform.message('A', 'hello', { username: '<at id="1"/>' })
      await until(async () => (await harness.app.qqUser.get(selfId, 'A'))?.name)
      for (const key of ['icebreaker', 'pushAllowed'] as const) {
        for (const locale of ['en-US', 'zh-CN']) {
          const { content } = await page.call('qq-user/preview', { key, selfId, userId: 'A', locale })
          const { ticket } = await page.call('qq-user/send-notice', { key, selfId, userId: 'A', locale })
          expect(await page.until('qq-user/sent', body => body.ticket === ticket)).to.include({ ok: true })
          expect(platform.posts.at(-1)!.body.content).to.equal(h.select(h.parse(content), 'text').map(({ attrs }) => attrs.content).join(''))
        }
      }
      expect(new Set(platform.posts.map(({ body }) => body.content)).size).to.equal(3)
      expect(platform.posts.at(-1)!.body.content).to.equal('Yes, <at id="1"/>! A')
    })

    it('takes only so many at a time', async () => {
      const page = await start()
      await befriend('A')
      platform.latency = 300
      const errors = await Promise.all(Array.from({ length: 14 }, () => page.error('qq-user/push', platform.selfId, 'A', 'news')))
      expect(errors.filter(error => error === 'busy')).to.have.length(4)
      platform.latency = 0
      await until(() => page.messages('qq-user/sent').length === 10)
      expect(await page.error('qq-user/push', platform.selfId, 'A', 'news')).to.equal(undefined)
    })
  })

  describe('preview', () => {
    it('shows the text, or what is wrong with it and where', async () => {
      const page = await start({
        config: {
          icebreaker: { enabled: false, content: 'Hello {user.nmae} and {' },
          pushAllowed: { enabled: false, content: 'Good, {event.returning ? "again" : "first"} {bot.name}' },
          pushRejected: { enabled: false, content: '{null.boom}' },
        },
      })
      const { selfId } = platform
      await befriend('A')
      const preview = (key: NoticeKey, locale = 'en-US', userId = 'A') => page.call('qq-user/preview', { key, selfId, userId, locale })
      expect(await preview('icebreaker')).to.deep.equal({
        content: '',
        source: 'Hello {user.nmae} and {',
        errors: [{ index: 6, expression: 'user.nmae', kind: 'unknown' }, { index: 22, expression: '', kind: 'unclosed' }],
      })
      expect(await preview('pushAllowed')).to.deep.include({ content: 'Good, first stand-in', errors: [] })
      expect(await preview('pushAllowed', 'zh-CN', '')).to.deep.include({ content: 'Good, first stand-in', errors: [] })
      expect((await preview('pushRejected')).source).to.equal('{null.boom}')
      expect(await page.error('qq-user/send-notice', { key: 'icebreaker', selfId, userId: 'A', locale: '' })).to.equal('template')
      expect(await page.error('qq-user/preview', { key: 'icebreaker', selfId: 'nobody', userId: 'A', locale: '' })).to.equal('unknown-bot')
      expect(platform.posts).to.deep.equal([])
    })
  })

  describe('diagnosis', () => {
    it('knows the intents, what arrived, what was malformed and what was refused', async () => {
      const page = await start({ bot: { intents: 1 << 25 }, strict: false })
      await befriend('A')
      for (let time = 0; time < 3; time++) platform.dispatch('FRIEND_ADD', { openid: 'B', timestamp: 'now' })
      platform.pushBanned = true
      await page.call('qq-user/push', platform.selfId, 'A', 'news')
      await page.until('qq-user/sent')
      const diagnosis = await page.call('qq-user/diagnose')
      expect(diagnosis.adapter).to.equal(true)
      expect(diagnosis.bots).to.have.length(1)
      const intents = { users: true, interactions: false }
      expect(diagnosis.bots[0]).to.deep.include({ selfId: platform.selfId, name: 'stand-in', online: true, intents })
      expect(diagnosis.bots[0].suspendedUntil).to.be.closeTo(Date.now() + Time.hour, Time.minute)
      expect(diagnosis.arrivals.FRIEND_ADD).to.be.closeTo(Date.now(), 5 * Time.second)
      expect(diagnosis.arrivals).to.include({ C2C_MSG_REJECT: null, INTERACTION_CREATE: null })
      expect(diagnosis.malformed).to.have.length(1)
      expect(diagnosis.malformed[0]).to.include({ type: 'FRIEND_ADD', field: 'timestamp', count: 3 })
      expect(diagnosis.refusals.map(({ meaning, count }) => [meaning, count])).to.deep.equal([['no-permission', 1]])
      expect(diagnosis.database).to.deep.equal({ reachable: true, waiting: 0, failing: false })
    })

    it('says so when there is no adapter, or no database', async () => {
      const page = await start({ order: ['plugin'] })
      const driver = (harness.app.database as any).drivers[0]
      const { get } = driver
      driver.get = () => Promise.reject(new Error('gone'))
      const database = { reachable: false, waiting: 0, failing: false }
      expect(await page.call('qq-user/diagnose')).to.deep.include({ adapter: false, bots: [], database })
      expect(await page.error('qq-user/history', 'bot', 'A')).to.equal('failed')
      driver.get = get
    })
  })

  describe('export', () => {
    it('is a file that spreadsheets open, with no formula in it', async () => {
      const page = await start()
      const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '＝1', 'a "b", c', 'two\r\nlines', '小明', null]
      const at = new Date('2024-02-29T12:30:00.500Z')
      const origin = { consent: 'rejected', scene: 2003, sceneParam: '-p' } as const
      await seed(names.map((name, index) => ({ ...origin, userId: `U${index}`, name, firstSeen: new Date(+at + index) })))
      const { url, total } = await page.call('qq-user/export', { table: 'users', query: { consent: 'rejected' } })
      expect(total).to.equal(names.length)
      const response = await download(url)
      expect(response.headers.get('content-type')).to.equal('text/csv; charset=utf-8')
      expect(response.headers.get('content-disposition')).to.match(/^attachment; filename="qq-users-\d{8}-\d{6}\.csv"$/)
      expect(response.headers.get('cache-control')).to.equal('no-store')
      const bytes = Buffer.from(await response.arrayBuffer())
      expect([...bytes.subarray(0, 3)]).to.deep.equal([0xef, 0xbb, 0xbf])
      const text = bytes.toString()
      expect(text.replace(/\r\n/g, '').replace(/"[^"]*"/g, '')).not.to.match(/[\r\n]/)
      expect(text.endsWith('\r\n')).to.equal(true)
      const rows = parse(text).reverse()
      expect(rows.map(({ name }) => name)).to.deep.equal(names.map(name => /^[=+\-@\t\r＝]/.test(name ?? '') ? `'${name}` : name ?? ''))
      expect(rows[0]).to.include({ bot: platform.selfId, openid: 'U0', consent: 'rejected', first_seen: at.toISOString() })
      expect(rows[0]).to.include({ last_message_at: '', scene: '2003', scene_param: "'-p" })
      expect(await page.until('qq-user/exported', ({ done }) => done)).to.deep.equal({ url, rows: names.length, total, done: true })
    })

    it('has the ledger, too, by time and bot', async () => {
      const page = await start()
      const now = Math.floor(Date.now() / 1000) * 1000
      platform.add('A', { timestamp: now - Time.hour })
      platform.reject('A', { timestamp: now - Time.minute })
      platform.add('B', { timestamp: now })
      await until(() => harness.sessions.length === 3)
      const types = async (query: { selfId?: string; since?: number; until?: number }) => {
        const { url, total } = await page.call('qq-user/export', { table: 'ledger', query })
        const rows = parse(await (await download(url)).text())
        expect(rows).to.have.length(total)
        return rows.map(({ type }) => type)
      }
      expect(await types({})).to.deep.equal(['friend-added', 'friend-push-rejected', 'friend-added'])
      expect(await types({ since: now - Time.minute, until: now, selfId: platform.selfId })).to.deep.equal(['friend-push-rejected'])
      expect(await types({ selfId: 'other' })).to.deep.equal([])
    })

    it('is good for one download, and for a minute', async () => {
      const page = await start()
      await befriend('A')
      const prepare = async () => (await page.call('qq-user/export', { table: 'users', query: {} })).url
      const url = await prepare()
      expect((await download(url, { method: 'HEAD' })).status).to.equal(405)
      expect((await download(url)).status).to.equal(200)
      const gone = await download(url)
      expect([gone.status, await gone.text()]).to.deep.equal([404, '404'])
      expect((await download('/qq-user/export/' + '0'.repeat(48))).status).to.equal(404)
      expect((await download('/qq-user/export/__proto__')).status).to.equal(404)
      const first = await prepare()
      const second = await prepare()
      expect((await download(first)).status).to.equal(404)
      expect((await download(second)).status).to.equal(200)
      freeze()
      const late = await prepare()
      clock!.tick(61 * Time.second)
      expect((await download(late)).status).to.equal(404)
    })

    it(`reads no faster than it is downloaded, stops when that ends, and holds little of ${ROWS} users in memory`, async function () {
      this.timeout(120_000)
      const folder = await mkdtemp(join(tmpdir(), 'qq-user-'))
      try {
        const page = await start({ database: app => app.plugin(SQLite as never, { path: join(folder, 'koishi.db') }) })
        const driver = (harness.app.database as any).drivers[0]
        driver._run(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
          INSERT INTO qq_user (selfId, userId, relation, consent, firstSeen, name, sceneParam)
          SELECT 'bot' || (i % 2), hex(randomblob(16)), 'friend', 'unknown', 1600000000000 + i, hex(randomblob(120)), hex(randomblob(120)) FROM n`)
        let reads = 0
        const { get } = driver
        driver.get = (selection: any) => {
          if (selection.args[0].limit === 1000) reads++
          return get.call(driver, selection)
        }
        const query = { table: 'users', query: {} } as const

        const abandoned = await page.call('qq-user/export', query)
        expect(abandoned.total).to.equal(ROWS)
        const controller = new AbortController()
        await download(abandoned.url, { signal: controller.signal })
        await until(() => reads > 2)
        let before
        do before = reads
        while (await sleep(500), reads !== before)
        expect(reads).to.be.below(ROWS / 1000)
        expect(await page.error('qq-user/export', query)).to.equal('busy')
        controller.abort()
        const end = await page.until('qq-user/exported', ({ done }) => done)
        expect(end).to.include({ url: abandoned.url, aborted: true })
        expect(end.rows).to.be.below(ROWS)
        await pass()
        expect(reads).to.be.within(before, before + 1)

        const { url } = await page.call('qq-user/export', query)
        const heap = measure()
        let peak = 0
        let bytes = 0
        let measured = 0
        const ids = new Set<number>()
        const reader = new CsvReader()
        const decoder = new TextDecoder()
        for await (const chunk of (await download(url)).body as unknown as AsyncIterable<Uint8Array>) {
          bytes += chunk.length
          for (const { cells } of reader.read(decoder.decode(chunk, { stream: true }), false)) ids.add(parseInt(cells[1].slice(0, 12), 16))
          if (bytes - measured < 2 ** 21) continue
          measured = bytes
          peak = Math.max(peak, measure())
        }
        expect(ids.size).to.equal(ROWS + 1)
        expect(bytes).to.be.above(ROWS * 50)
        expect(peak - heap).to.be.below(64 * 2 ** 20)
        expect(await page.until('qq-user/exported', body => body.done && body.url === url))
          .to.deep.equal({ url, rows: ROWS, total: ROWS, done: true })
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    it('does not pass for whole when the database goes away', async () => {
      const page = await start()
      await seed(Array.from({ length: 1500 }, (_, index) => ({ userId: `U${index}`, firstSeen: new Date(1.6e12 + index) })))
      const { url } = await page.call('qq-user/export', { table: 'users', query: {} })
      const driver = (harness.app.database as any).drivers[0]
      const { get } = driver
      let reads = 0
      driver.get = async (selection: any) => {
        if (selection.args[0].limit === 1000 && reads++) throw new Error('gone')
        return get.call(driver, selection)
      }
      const failure = await download(url).then(response => response.text()).then(() => undefined, error => error)
      driver.get = get
      expect(failure).to.be.instanceOf(Error)
      expect(await page.until('qq-user/exported', ({ done }) => done)).to.include({ aborted: true })
      expect(await page.error('qq-user/export', { table: 'users', query: {} })).to.equal(undefined)
    })
  })

  describe('CSV', () => {
    it('is read as it was written, wherever it is cut', () => {
      const special = fc.constantFrom('"', ',', '\r', '\n', '=', "'", ' ')
      const cell = fc.string({ unit: fc.oneof(special, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })) })
      const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 })
      fc.assert(fc.property(table, fc.array(fc.nat(12)), (rows, cuts) => {
        const text = rows.map(toLine).join('')
        const reader = new CsvReader()
        const lines = []
        let at = 0
        for (const cut of cuts) lines.push(...reader.read(text.slice(at, at += cut), false))
        lines.push(...reader.read(text.slice(at), true))
        const first = rows[0][0].startsWith('\ufeff')
        if (!first) expect(lines.map(({ cells }) => cells.map(restore))).to.deep.equal(rows)
        for (const { number, open } of lines) {
          expect(open).to.equal(undefined)
          expect(number).to.be.within(1, text.length)
        }
      }))
    })

    it('is taken as other programs write it', () => {
      const read = (text: string) => new CsvReader().read(text, true)
      const cells = (text: string) => read(text).map(({ cells }) => cells)
      expect(cells('\ufeffa,b\nc,d')).to.deep.equal([['a', 'b'], ['c', 'd']])
      expect(cells('a\rb\r\n\r\nc\n')).to.deep.equal([['a'], ['b'], [''], ['c']])
      expect(cells('"a""b",c"d"\n"x"y,')).to.deep.equal([['a"b', 'c"d"'], ['xy', '']])
      expect(cells('')).to.deep.equal([])
      expect(read('a\n"b\r\nb"\nc').map(({ number }) => number)).to.deep.equal([1, 2, 4])
      expect(read('a,"b\nc')).to.deep.equal([{ number: 1, cells: ['a', 'b\nc'], open: true }])
    })
  })

  describe('import', () => {
    const bad = [
      ['', '2024-01-01', 'openid'],
      ['with space', '2024-01-01', 'openid'],
      ['A'.repeat(101), '2024-01-01', 'openid'],
      ['小明', '2024-01-01', 'openid'],
      ['X', '', 'first_seen'],
      ['X', 'yesterday', 'first_seen'],
      ['X', '2024-02-30', 'first_seen'],
      ['X', '2999-01-01', 'first_seen'],
      ['X', '1704067200000', 'first_seen'],
      ['X', '0', 'first_seen'],
      ['"X', '2024-01-01', 'quote'],
    ]

    it('says what it would do, and does it', async () => {
      const page = await start()
      await befriend('KNOWN')
      const lines = [
        'first_seen,note,OpenID , name',
        ...['A', 'B', 'A', 'KNOWN'].map(id => `2024-01-01,x,${id},"N, ""${id}"""`),
        '',
        ...bad.map(([id, time]) => `${time},,${id}`),
      ]
      const text = '\ufeff' + lines.join('\r\n')
      const dry = await upload(page, text, true, 7)
      expect(dry).to.include({ lines: 4 + bad.length, added: 2, known: 2, failed: bad.length })
      expect(dry.errors.map(({ line, field }) => [line, field])).to.deep.equal(bad.map(([,, field], index) => [7 + index, field]))
      expect(dry.errors[1].value).to.equal('with space')
      expect(dry.errors[2].value).to.have.length(64)
      expect(await harness.users).to.have.length(1)
      expect(await upload(page, text, false)).to.deep.equal(dry)
      expect((await harness.users).map(({ userId }) => userId)).to.have.members(['A', 'B', 'KNOWN'])
      expect(await upload(page, text, false)).to.include({ added: 0, known: 4 })
      expect((await page.call('qq-user/list', {})).total).to.equal(3)
    })

    it('takes seconds, dates and times', async () => {
      const page = await start()
      const local = (text: string) => +new Date(text)
      const times = {
        A: ['1704067200', 1704067200000],
        B: ['2024-01-01', local('2024-01-01T00:00:00')],
        C: ['2024-01-01 12:30:05', local('2024-01-01T12:30:05')],
        D: ['2024-01-01T12:30:05Z', Date.UTC(2024, 0, 1, 12, 30, 5)],
        E: ['2024-01-01T12:30:05.123+08:00', Date.UTC(2024, 0, 1, 4, 30, 5)],
        F: ['2024-01-01 12:30', local('2024-01-01T12:30:00')],
      }
      await upload(page, 'openid,first_seen\n' + Object.entries(times).map(([id, [text]]) => `${id},${text}\n`).join(''), false)
      const users = await harness.users
      for (const { userId, firstSeen } of users) expect(+firstSeen, userId).to.equal(times[userId as keyof typeof times][1])
      expect(users).to.have.length(6)
    })

    it('grants nothing, lifts nothing and announces nothing', async () => {
      const page = await start({ config: { icebreaker: { enabled: true, content: 'hi' } } })
      const { selfId } = platform
      const now = Math.floor(Date.now() / 1000) * 1000
      platform.add('FRIEND', { timestamp: now - Time.hour })
      platform.reject('NO', { timestamp: now - Time.hour })
      platform.remove('GONE', { timestamp: now - Time.hour })
      await until(() => harness.sessions.length === 3)
      platform.message('FRIEND', 'hello', { username: 'Ann', timestamp: now - Time.minute })
      await until(async () => (await harness.app.qqUser.get(selfId, 'FRIEND'))?.name)
      const events: unknown[] = []
      harness.app.on('qq-user/updated', (...args) => { events.push(args) })
      await harness.settled(3)
      const users = await Promise.all(['FRIEND', 'NO', 'GONE'].map(id => harness.app.qqUser.get(selfId, id)))
      const before = new Map(users.map(user => [user!.userId, user!]))
      const posts = platform.posts.length
      const lines = ['NEW,2024-01-01,"=New"', `NEW2,${now / 1000},`, 'FRIEND,2024-01-01,Other', 'NO,2024-01-01,Nope', `GONE,${now / 1000},Gone`]
      await upload(page, ['openid,first_seen,name', ...lines].join('\n'), false)
      const get = (id: string) => harness.app.qqUser.get(selfId, id)
      const earlier = new Date(2024, 0, 1)
      const { relation, relationAt, consent, consentAt, lastMessageAt, ...rest } = (await get('NEW'))!
      expect({ relation, relationAt, consent, consentAt, lastMessageAt })
        .to.deep.equal({ relation: 'unknown', relationAt: null, consent: 'unknown', consentAt: null, lastMessageAt: null })
      expect(rest).to.deep.include({ firstSeen: earlier, name: '=New', nameAt: earlier })
      expect(await get('FRIEND')).to.deep.equal({ ...before.get('FRIEND'), firstSeen: earlier })
      expect(await get('NO')).to.deep.equal({ ...before.get('NO'), firstSeen: earlier, name: 'Nope', nameAt: earlier })
      expect(await get('GONE')).to.deep.equal({ ...before.get('GONE'), name: 'Gone', nameAt: new Date(now) })
      const ledger = (await harness.ledger).filter(({ source }) => source === 'import')
      expect(ledger.map(({ userId, applied, notice }) => [userId, applied, notice])).to.have.deep.members([['NEW', false, 'none'], ['NEW2', false, 'none']])
      await pass()
      expect([events.length, harness.sessions.length, platform.posts.length]).to.deep.equal([0, 3, posts])
      expect((await page.call('qq-user/overview', {})).today.added).to.equal(1)
      // what comes later counts as ever
      platform.message('NEW', 'hello', { username: 'Real' })
      await until(async () => (await get('NEW'))?.relation === 'friend')
      await until(async () => (await get('NEW'))?.name === 'Real')
    })

    it('takes back an exported file', async () => {
      const page = await start()
      const names = ['=a', "'b", "'=c", '-d', 'e "f"', null]
      await seed(names.map((name, index) => ({ userId: `-U${index}`, name, firstSeen: new Date(1.7e12 + index * 1000) })))
      const fields = async () => (await harness.users).map(({ userId, name, firstSeen }) => ({ userId, name, firstSeen }))
      const before = await fields()
      const { url } = await page.call('qq-user/export', { table: 'users', query: {} })
      const text = await (await download(url)).text()
      for (const { userId } of before) await page.call('qq-user/forget', platform.selfId, userId)
      expect(await upload(page, text, false, 10)).to.include({ added: 6, failed: 0 })
      expect(await fields()).to.have.deep.members(before)
    })

    it('refuses what is no list of users', async () => {
      const page = await start()
      const { selfId } = platform
      const failure = (text: string) => upload(page, text, true).then(() => undefined, error => error.message)
      expect(await failure('')).to.equal('bad-header')
      expect(await failure('openid,name\nA,B')).to.equal('bad-header')
      expect(await failure('openid,first_seen\n"' + 'x'.repeat(5000))).to.equal('bad-csv')
      expect(await failure('openid,first_seen\n' + ','.repeat(100))).to.equal('bad-csv')
      expect(await page.error('qq-user/import', 'nobody', true)).to.equal('unknown-bot')
      expect(await page.error('qq-user/import-chunk', 'nothing', '', true)).to.equal('expired')
      const report = await upload(page, 'openid,first_seen\n' + 'A,never\n'.repeat(1500), true)
      expect(report).to.include({ lines: 1500, failed: 1500 })
      expect(report.errors).to.have.length(1000)
      const { ticket } = await page.call('qq-user/import', selfId, true)
      const other = await open()
      expect(await other.error('qq-user/import-chunk', ticket, '', true)).to.equal('expired')
      expect(await page.error('qq-user/import-chunk', ticket, 'x'.repeat(65537), true)).to.equal('bad-request')
      const pieces = ['openid,first_seen\nA,2024-01-01\n', '']
      const answers = await Promise.all(pieces.map(piece => page.error('qq-user/import-chunk', ticket, piece, false)))
      expect(answers).to.deep.equal([undefined, 'busy'])
      await page.call('qq-user/import', selfId, true)
      expect(await page.error('qq-user/import-chunk', ticket, '', true)).to.equal('expired')
    })

    it('is given up when nothing comes for two minutes, or the page is closed', async () => {
      const page = await start()
      const header = 'openid,first_seen\n'
      freeze()
      const { ticket } = await page.call('qq-user/import', platform.selfId, true)
      clock!.tick(119 * Time.second)
      expect(await page.error('qq-user/import-chunk', ticket, header, false)).to.equal(undefined)
      clock!.tick(119 * Time.second)
      expect(await page.error('qq-user/import-chunk', ticket, '', false)).to.equal(undefined)
      clock!.tick(121 * Time.second)
      expect(await page.error('qq-user/import-chunk', ticket, '', true)).to.equal('expired')
      const others = await Promise.all(Array.from({ length: 5 }, open))
      const begin = (page: Page) => page.error('qq-user/import', platform.selfId, true)
      expect(await Promise.all(others.map(begin))).to.deep.equal([undefined, undefined, undefined, undefined, 'busy'])
      others[0].close()
      await until(async () => !await begin(others[4]))
    })
  })

  describe('a hostile client', () => {
    it('writes nothing, and gets a code or an answer, whatever it sends', async function () {
      this.timeout(60_000)
      const page = await start()
      await befriend('A')
      const { selfId } = platform
      const snapshot = async () => [await harness.users, await harness.ledger]
      const before = await snapshot()
      const word = fc.constantFrom(
        'A', selfId, '__proto__', 'constructor', 'toString', '', ' ', '\u0000', '\ud800', '<'.repeat(3000), "' OR 1=1 --",
        'users', 'ledger', 'icebreaker', 'firstSeen', 'lastMessageAt', 'friend',
      )
      const value = fc.oneof(word, fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0, -1, 1e308, 20, 1.5, null, true, [], {}))
      const key = fc.constantFrom(
        'selfId', 'userId', 'days', 'sort', 'limit', 'after', 'relation', 'consent', 'search', 'key', 'locale',
        'table', 'query', 'since', 'until', 'firstSeen', 'lastMessageAt', '__proto__', 'constructor',
      )
      const record = fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value)))
      const args = fc.array(fc.oneof(value, record), { maxLength: 4 })
      // it may forget whom it can name, and no other
      const names = Object.keys(calls('')).filter(name => name !== 'qq-user/forget')
      const codes = ['bad-request', 'busy', 'unknown-user', 'unknown-bot', 'empty', 'expired', 'bad-header', 'bad-csv', 'template']
      await fc.assert(fc.asyncProperty(fc.constantFrom(...names), args, async (name, args) => {
        const error = await page.error(name, ...args)
        if (error !== undefined) expect(codes).to.include(error)
      }), { numRuns: 1500 })
      await fc.assert(fc.asyncProperty(args, async (args) => {
        fc.pre(args[0] !== selfId || args[1] !== 'A')
        expect(codes).to.include(await page.error('qq-user/forget', ...args))
      }), { numRuns: 200 })
      await pass()
      expect(await snapshot()).to.deep.equal(before)
      expect(harness.warnings).to.deep.equal([])
      expect(({} as any).selfId).to.equal(undefined)
    })

    it('cannot ask for more than there is time for', async () => {
      const page = await start()
      const { selfId } = platform
      await befriend('A')
      for (const [name, ...args] of [
        ['qq-user/overview', { days: 366 }],
        ['qq-user/overview', { days: 0 }],
        ['qq-user/overview', []],
        ['qq-user/overview'],
        ['qq-user/list', { limit: 101 }],
        ['qq-user/list', { search: 'x'.repeat(65) }],
        ['qq-user/list', { sort: 'name' }],
        ['qq-user/list', { after: { userId: 'A', firstSeen: 1e20, lastMessageAt: null } }],
        ['qq-user/list', { relation: ['friend'] }],
        ['qq-user/history', selfId, 'A', '1'],
        ['qq-user/push', selfId, 'A', 'x'.repeat(5001)],
        ['qq-user/push', selfId, 'A B', 'x'],
        ['qq-user/preview', { key: 'enabled', selfId, userId: 'A', locale: 'en' }],
        ['qq-user/preview', { key: 'icebreaker', selfId, userId: 'A', locale: '../..' }],
        ['qq-user/export', { table: 'user', query: {} }],
        ['qq-user/export', { table: 'users' }],
        ['qq-user/import', selfId, 1],
      ] as [string, ...unknown[]][]) expect(await page.error(name, ...args), JSON.stringify([name, args]).slice(0, 100)).to.equal('bad-request')
      const at = performance.now()
      expect(await page.error('qq-user/push', selfId, 'nobody', '<'.repeat(5000))).to.equal(undefined)
      expect(await page.error('qq-user/push', selfId, 'nobody', ' <!-- -->')).to.equal('empty')
      expect(performance.now() - at).to.be.below(500)
    })

    it('waits for its answers before it asks for more, and not for ever', async () => {
      const page = await start()
      const driver = (harness.app.database as any).drivers[0]
      const { get } = driver
      const release: (() => void)[] = []
      driver.get = (...args: unknown[]) => new Promise<void>(resolve => release.push(resolve)).then(() => get.apply(driver, args))
      freeze()
      const answers = Array.from({ length: 20 }, () => page.error('qq-user/history', 'bot', 'A'))
      expect(await Promise.all(answers.slice(16))).to.deep.equal(['busy', 'busy', 'busy', 'busy'])
      clock!.tick(51 * Time.second)
      expect(new Set(await Promise.all(answers.slice(0, 16)))).to.deep.equal(new Set(['timeout']))
      expect(await page.error('qq-user/history', 'bot', 'A')).to.equal('busy')
      driver.get = get
      for (const resolve of release) resolve()
      await until(async () => await page.error('qq-user/history', 'bot', 'A') === undefined)
    })
  })
})
