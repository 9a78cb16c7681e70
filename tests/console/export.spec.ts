/** Rule: an export is whole or fails, holds no formula, and can be downloaded once, for a minute, within the session that asked. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { Time } from 'koishi'
import SQLite from '@minatojs/driver-sqlite'
import type { LedgerQuery } from '../../src/console/transfer/protocol'
import { QQUser } from '../../src'
import { pass, until } from '../harness'
import { parse } from './csv'
import { Page } from './page'
import { Site } from './site'

/** How many users are read at a time. */
const PAGE = 250

/** A file of this many lines, each so many characters long. */
const ROWS = 15_000
const WIDTH = 2000

/** What the heap and buffers hold, garbage not counted. */
function measure() {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

describe('console: export', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('is a file that spreadsheets open, with no formula in it', async () => {
    const page = await site.start()
    const names = ['=1+1', '+1', '-1', '@SUM(A1)', '\tx', '\rx', '＝1', 'a "b", c', 'two\r\nlines', '小明', null]
    const at = new Date('2024-02-29T12:30:00.500Z')
    const origin: Omit<QQUser, 'selfId' | 'userId' | 'name' | 'firstSeen'> = {
      relation: 'deleted',
      relationAt: new Date(+at + Time.minute),
      consent: 'rejected',
      consentAt: new Date(+at + Time.hour),
      lastMessageAt: new Date(+at + Time.day),
      scene: 2003,
      sceneParam: '-p',
      sceneAt: at,
      nameAt: at,
    }
    await site.seed(names.map((name, index) => ({ ...origin, userId: `U${index}`, name, firstSeen: new Date(+at + index) })))
    const { url, total } = await page.call('qq-user/export', { table: 'users', query: { consent: 'rejected' } })
    expect(total).to.equal(names.length)
    const response = await site.download(url)
    expect(response.headers.get('content-type')).to.equal('text/csv; charset=utf-8')
    expect(response.headers.get('content-disposition')).to.match(/^attachment; filename="qq-users-\d{8}-\d{6}\.csv"$/)
    expect(response.headers.get('cache-control')).to.equal('no-store')
    const bytes = Buffer.from(await response.arrayBuffer())
    expect([...bytes.subarray(0, 3)]).to.deep.equal([0xef, 0xbb, 0xbf])
    const text = bytes.toString()
    expect(text.replace(/\r\n/g, '').replace(/"[^"]*"/g, '')).not.to.match(/[\r\n]/)
    expect(text.endsWith('\r\n')).to.equal(true)
    const rows = parse(text).reverse()
    expect(rows).to.deep.equal(names.map((name, index) => ({
      bot: site.platform.selfId,
      openid: `U${index}`,
      name: /^[=+\-@\t\r＝]/.test(name ?? '') ? `'${name}` : name ?? '',
      relation: 'deleted',
      relation_at: '2024-02-29T12:31:00.500Z',
      consent: 'rejected',
      consent_at: '2024-02-29T13:30:00.500Z',
      first_seen: new Date(+at + index).toISOString(),
      last_message_at: '2024-03-01T12:30:00.500Z',
      scene: '2003',
      scene_param: "'-p",
    })))
    expect(await page.until('qq-user/exported', ({ done }) => done)).to.deep.equal({ url, rows: names.length, total, done: true })
  })

  it('has the ledger, too, as far as it was asked for', async () => {
    const page = await site.start({ config: { pushRejected: { enabled: true, content: 'as you like' } } })
    const now = Math.floor(Date.now() / 1000) * 1000
    site.platform.add('A', { timestamp: now - Time.hour })
    site.platform.reject('A', { timestamp: now - Time.minute })
    site.platform.add('B', { timestamp: now })
    await until(() => site.harness.sessions.length === 3)
    await site.harness.settled(3)
    const read = async (query: LedgerQuery) => {
      const { url, total } = await page.call('qq-user/export', { table: 'ledger', query })
      const rows = parse(await (await site.download(url)).text())
      expect(rows).to.have.length(total)
      return rows
    }
    const entries = (await site.harness.ledger).sort((a, b) => +a.occurredAt - +b.occurredAt)
    expect(await read({})).to.deep.equal(entries.map(({ id, receivedAt }, index) => ({
      id,
      bot: site.platform.selfId,
      openid: ['A', 'A', 'B'][index],
      type: ['friend-added', 'friend-push-rejected', 'friend-added'][index],
      source: ['friend-add', 'msg-reject', 'friend-add'][index],
      occurred_at: new Date(now - [Time.hour, Time.minute, 0][index]).toISOString(),
      received_at: receivedAt.toISOString(),
      applied: 'true',
      notice: ['none', 'skipped', 'none'][index],
      notice_reason: ['', 'no-route', ''][index],
    })))
    const types = async (query: LedgerQuery) => (await read(query)).map(({ type }) => type)
    expect(await types({})).to.deep.equal(['friend-added', 'friend-push-rejected', 'friend-added'])
    expect(await types({ since: now - Time.minute, until: now, selfId: site.platform.selfId })).to.deep.equal(['friend-push-rejected'])
    expect(await types({ selfId: 'other' })).to.deep.equal([])
    expect(await types({ userId: 'A' })).to.deep.equal(['friend-added', 'friend-push-rejected'])
    expect(await types({ userId: 'A', selfId: 'other' })).to.deep.equal([])
    expect(await types({ type: 'friend-added', userId: 'B' })).to.deep.equal(['friend-added'])
    expect(await types({ type: 'friend-deleted' })).to.deep.equal([])
    expect(await types({ notice: 'skipped' })).to.deep.equal(['friend-push-rejected'])
  })

  it('is good for one download, and for a minute', async () => {
    const page = await site.start()
    await site.befriend('A')
    const prepare = async () => (await page.call('qq-user/export', { table: 'users', query: {} })).url
    const url = await prepare()
    expect((await site.download(url, { method: 'HEAD' })).status).to.equal(405)
    expect((await site.download(url)).status).to.equal(200)
    const gone = await site.download(url)
    expect([gone.status, await gone.text()]).to.deep.equal([404, '404'])
    expect((await site.download('/qq-user/export/' + '0'.repeat(48))).status).to.equal(404)
    expect((await site.download('/qq-user/export/__proto__')).status).to.equal(404)
    const first = await prepare()
    const second = await prepare()
    expect((await site.download(first)).status).to.equal(404)
    expect((await site.download(second)).status).to.equal(200)
    site.freeze()
    const late = await prepare()
    site.clock!.tick(61 * Time.second)
    expect((await site.download(late)).status).to.equal(404)
    expect(await page.until('qq-user/exported', ({ url }) => url === late)).to.include({ rows: 0, done: true, aborted: true })
  })

  describe('ends with the session that asked for it', () => {
    const query = { table: 'users', query: {} } as const

    async function login() {
      const page = await site.start({ auth: true })
      await site.befriend('A')
      await page.send('login/password', 'admin', 'secret')
      return page
    }

    const auth = () => Object.values(site.harness.app.console.clients)[0].auth!

    const endings: [when: string, end: (page: Page) => unknown][] = [
      ['when it logs out', page => page.send('user/logout')],
      ['when it goes', async (page) => {
        page.close()
        await until(() => !Object.keys(site.harness.app.console.clients).length)
      }],
      ['when its time is over', () => { auth().expiredAt = Date.now() }],
      ['when it may no longer', () => { auth().authority = 3 }],
    ]

    for (const [when, end] of endings) {
      it(when, async () => {
        const page = await login()
        const { url } = await page.call('qq-user/export', query)
        await end(page)
        const response = await site.download(url)
        expect([response.status, await response.text()]).to.deep.equal([404, '404'])
      })

      it(`${when} in the midst of it`, async () => {
        const page = await login()
        await site.seed(Array.from({ length: 3000 }, (_, index) => ({ userId: `U${index}`, firstSeen: new Date(1.6e12 + index) })))
        const { url } = await page.call('qq-user/export', query)
        let reads = 0
        let proceed = () => {}
        const ended = new Promise<void>(resolve => proceed = resolve)
        const restore = site.intercept(async (selection, read) => {
          if (selection.args[0].limit === PAGE && ++reads > 2) await ended
          return read()
        })
        const text = site.download(url).then(response => response.text()).then(() => 'whole', error => error)
        await until(() => reads === 3)
        await end(page)
        proceed()
        expect(await text).to.be.instanceOf(Error)
        restore()
        expect(reads).to.equal(3)
      })
    }

    it('and is nobody else\'s after that', async () => {
      const page = await login()
      const { url } = await page.call('qq-user/export', query)
      await page.send('user/logout')
      await page.send('login/password', 'admin', 'secret')
      expect((await site.download(url)).status).to.equal(404)
      const again = await page.call('qq-user/export', query)
      expect((await site.download(again.url)).status).to.equal(200)
    })
  })

  describe('of many users', () => {
    const query = { table: 'users', query: {} } as const
    let folder: string
    let page: Page

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'qq-user-'))
      page = await site.start({ database: app => app.plugin(SQLite as never, { path: join(folder, 'koishi.db') }) })
      // what a driver that knows no lengths lets through: few rows make much text
      ;(site.harness.app.database as any).drivers[0]._run(`
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${ROWS})
        INSERT INTO qq_user (selfId, userId, relation, consent, firstSeen, sceneParam)
        SELECT 'bot' || (i % 2), hex(randomblob(16)), 'friend', 'unknown', 1600000000000 + i, hex(randomblob(${WIDTH / 2})) FROM n`)
    })

    afterEach(() => rm(folder, { recursive: true }))

    it('reads no faster than it is downloaded, and stops when that ends', async () => {
      let reads = 0
      site.intercept((selection, proceed) => {
        if (selection.args[0].limit === PAGE) reads++
        return proceed()
      })
      const { url, total } = await page.call('qq-user/export', query)
      expect(total).to.equal(ROWS)
      const controller = new AbortController()
      await site.download(url, { signal: controller.signal })
      await until(() => reads)
      let before
      do before = reads
      while (await sleep(300), reads !== before)
      expect(reads).to.be.below(ROWS / PAGE)
      expect(await page.error('qq-user/export', query)).to.equal('busy')
      controller.abort()
      const end = await page.until('qq-user/exported', ({ done }) => done)
      expect(end).to.include({ url, aborted: true })
      expect(end.rows).to.be.below(ROWS)
      await pass()
      expect(reads).to.be.within(before, before + 1)
    })

    it('holds little of them in memory, and loses nobody', async () => {
      const { url } = await page.call('qq-user/export', query)
      const before = measure()
      let peak = 0
      let bytes = 0
      let measured = 0
      let rest = ''
      const ids = new Set<number>()
      for await (const chunk of (await site.download(url)).body as unknown as AsyncIterable<Uint8Array>) {
        bytes += chunk.length
        const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\r\n')
        rest = lines.pop()!
        for (const line of lines) ids.add(parseInt(line.split(',')[1].slice(0, 12), 16))
        if (bytes - measured < ROWS * WIDTH / 8) continue
        measured = bytes
        peak = Math.max(peak, measure())
      }
      expect(ids.size).to.equal(ROWS + 1)
      expect(bytes).to.be.above(ROWS * WIDTH)
      expect(peak - before).to.be.below(0.75 * ROWS * WIDTH)
      expect(await page.until('qq-user/exported', ({ done }) => done)).to.deep.equal({ url, rows: ROWS, total: ROWS, done: true })
    })
  })

  it('does not pass for whole when the database goes away', async () => {
    const page = await site.start()
    await site.seed(Array.from({ length: 400 }, (_, index) => ({ userId: `U${index}`, firstSeen: new Date(1.6e12 + index) })))
    const { url } = await page.call('qq-user/export', { table: 'users', query: {} })
    let reads = 0
    const restore = site.intercept(async (selection, proceed) => {
      if (selection.args[0].limit === PAGE && reads++) throw new Error('gone')
      return proceed()
    })
    const failure = await site.download(url).then(response => response.text()).then(() => undefined, error => error)
    restore()
    expect(failure).to.be.instanceOf(Error)
    expect(await page.until('qq-user/exported', ({ done }) => done)).to.include({ aborted: true })
    expect(await page.error('qq-user/export', { table: 'users', query: {} })).to.equal(undefined)
  })
})
