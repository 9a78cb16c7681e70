/** Rule: operators make, test, follow, pause, export and repeat broadcasts on the console; nobody does without authority 4. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { Time } from 'koishi'
import { fast, names } from '../broadcast/stage'
import { pass, until } from '../harness'
import type { Calls } from '../../src/console/protocol'
import type { BroadcastDraft, BroadcastSummary } from '../../src/console/broadcasts/protocol'
import { parse } from './csv'
import { Page } from './page'
import { Site } from './site'

const limits = { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity }

describe('console: broadcasts', () => {
  const site = new Site()
  let page: Page
  let selfId: string

  afterEach(() => site.stop())

  async function start(...ids: string[]) {
    page = await site.start({ config: fast, limits })
    selfId = site.platform.selfId
    for (const id of ids) site.platform.add(id, { timestamp: Date.now() - 1000 })
    await until(async () => (await site.harness.users).length === ids.length)
  }

  const create = (draft: Partial<BroadcastDraft> = {}) => page.call('qq-user/broadcast-create', { selfId, content: 'news', audience: {}, ...draft })
  const told = (id: number, when: (row: BroadcastSummary) => boolean) => page.until('qq-user/broadcast', row => row.id === id && when(row))
  const reached = () => site.platform.accepted().map(({ target }) => target).sort()

  async function send(draft?: Partial<BroadcastDraft>) {
    const { id } = await create(draft)
    await page.call('qq-user/broadcast-do', id, 'start')
    await told(id, ({ state }) => state === 'finished')
    return id
  }

  it('are made, started, and told of until they are finished', async () => {
    await start(...names(5))
    site.platform.reject('U001')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'U001'))?.consent === 'rejected')
    const draft = await create({ title: 'Spring', content: 'Hello {#if user.name}{user.name}{:else}you{/if}!<br/><b>now</b> &lt;3', via: ['proactive'] })
    expect(draft).to.deep.include({ selfId, title: 'Spring', state: 'draft', via: ['proactive'], excerpt: 'Hello {user.name}you! now <3', startedAt: null })
    expect(draft).not.to.have.property('content')
    expect((await told(draft.id, () => true)).state).to.equal('draft')
    const running = await page.call('qq-user/broadcast-do', draft.id, 'start')
    expect(running.counts.total).to.equal(5)
    const end = await told(draft.id, ({ state }) => state === 'finished')
    expect(end.counts).to.deep.equal({ total: 5, pending: 0, sent: 4, skipped: 1, failed: 0, unknown: 0 })
    expect(reached()).to.deep.equal(['U000', 'U002', 'U003', 'U004'])
    const detail = (await page.call('qq-user/broadcast-get', draft.id))!
    expect(detail.broadcast).to.deep.equal(end)
    expect(detail).to.deep.include({ content: 'Hello {#if user.name}{user.name}{:else}you{/if}!<br/><b>now</b> &lt;3', audience: {} })
    expect(detail.reasons).to.deep.include({ state: 'skipped', reason: 'rejected', count: 1 })
    expect(await page.call('qq-user/broadcasts', {})).to.deep.equal([end])
  })

  it('tell of their numbers while they run, once a second at most', async () => {
    await start(...names(60))
    site.platform.latency = 500
    const { id } = await create()
    await page.call('qq-user/broadcast-do', id, 'start')
    await told(id, ({ counts }) => counts.sent > 0 && counts.pending > 0)
    const { timeLeft, state } = page.messages('qq-user/broadcast').at(-1)!
    expect([typeof timeLeft, state]).to.deep.equal(['number', 'running'])
    site.platform.latency = 0
    await told(id, ({ state }) => state === 'finished')
    const times = page.heard.filter(({ type }) => type === 'qq-user/broadcast').map(({ at }) => at)
    expect(times.length).to.be.at.most((times.at(-1)! - times[0]) / 1000 + 2)
    // once more, for what became of it in the meantime
    await sleep(1200)
    const { length } = page.messages('qq-user/broadcast')
    await sleep(1200)
    expect(page.messages('qq-user/broadcast')).to.have.length(length)
  })

  it('tell why they stopped by themselves, once, and that they go on', async () => {
    await start('A')
    const { id } = await create()
    site.harness.bot.offline()
    await page.call('qq-user/broadcast-do', id, 'start')
    const paused = await told(id, ({ state, reason }) => state === 'paused' && reason === 'offline')
    expect(paused).to.include({ waitsFor: 'retry' })
    expect(paused.pausedAt).to.be.closeTo(Date.now(), 5 * Time.second)
    await sleep(1200)
    const { length } = page.messages('qq-user/broadcast')
    await sleep(1200)
    expect(page.messages('qq-user/broadcast')).to.have.length(length)
    site.harness.bot.online()
    await told(id, ({ state }) => state === 'finished')
    expect(reached()).to.deep.equal(['A'])
  })

  it('are told of again when the database was away', async () => {
    await start(...names(60))
    site.platform.latency = 500
    const { id } = await create()
    await page.call('qq-user/broadcast-do', id, 'start')
    await told(id, ({ counts }) => counts.sent > 0)
    const { broadcasts } = site.harness.app.qqUser
    const { get } = broadcasts
    broadcasts.get = async () => {
      broadcasts.get = get
      throw new Error('the server has gone away')
    }
    await until(() => broadcasts.get === get)
    const { counts: { sent } } = page.messages('qq-user/broadcast').at(-1)!
    // not only of its end, which is told by itself
    await told(id, ({ state, counts }) => state === 'running' && counts.sent > sent)
    expect(site.harness.warnings).to.deep.equal([])
  })

  it('are read by nobody while nobody looks', async () => {
    await start(...names(3))
    page.close()
    await until(() => !Object.keys(site.harness.app.console.clients).length)
    const { broadcasts } = site.harness.app.qqUser
    const { get } = broadcasts
    let reads = 0
    broadcasts.get = (id) => (reads++, get.call(broadcasts, id))
    const { id } = await broadcasts.create({ selfId, content: 'news' })
    await broadcasts.start(id)
    await until(() => site.platform.accepted().length === 3)
    await pass(200)
    expect(reads).to.equal(0)
  })

  it('pause, go on and are cancelled, and say so where it makes no sense', async () => {
    await start(...names(40))
    site.platform.latency = 50
    const { id } = await create()
    const act = (action: Parameters<Calls['qq-user/broadcast-do']>[1]) => page.call('qq-user/broadcast-do', id, action)
    expect(await page.error('qq-user/broadcast-do', id, 'pause')).to.equal('wrong-state')
    await act('start')
    expect(await page.error('qq-user/broadcast-do', id, 'start')).to.equal('wrong-state')
    expect((await act('pause')).state).to.equal('paused')
    expect(await page.error('qq-user/broadcast-do', id, 'repeat')).to.equal('wrong-state')
    expect((await page.call('qq-user/broadcasts', { active: true })).map(({ id }) => id)).to.deep.equal([id])
    expect((await act('resume')).state).to.equal('running')
    expect((await act('cancel')).state).to.equal('cancelled')
    expect(await page.call('qq-user/broadcasts', { active: true })).to.deep.equal([])
    expect(await page.error('qq-user/broadcast-do', id, 'cancel')).to.equal('wrong-state')
    expect(await page.error('qq-user/broadcast-do', id + 1, 'start')).to.equal('not-found')
    expect(await page.call('qq-user/broadcast-get', id + 1)).to.equal(null)
    expect(await page.error('qq-user/broadcast-recipients', { id: id + 1 })).to.equal('not-found')
  })

  it('wait for their time', async () => {
    await start('A')
    const startAt = Date.now() + Time.hour
    const { id, ...row } = await create({ startAt })
    expect(row).to.include({ state: 'scheduled', startAt, startedAt: null })
    await pass()
    expect(reached()).to.deep.equal([])
    expect((await page.call('qq-user/broadcast-do', id, 'cancel')).state).to.equal('cancelled')
  })

  it('are refused for what cannot be sent, with nothing left behind', async () => {
    await start('A')
    const error = (draft: object) => page.error('qq-user/broadcast-create', { selfId, content: 'news', audience: {}, ...draft })
    expect(await error({ content: '  ' })).to.equal('empty-content')
    expect(await error({ content: 'Hello {user.nick}' })).to.equal('content')
    expect(await error({ content: 'x'.repeat(4001) })).to.equal('too-long')
    expect(await error({ content: '<execute>danger</execute>' })).to.match(/^component:.*execute/)
    expect(await error({ selfId: 'nobody' })).to.equal('unknown-bot')
    expect(await error({ audience: { userIds: ['A', 'B'] } })).to.match(/^unknown-users:.*B/)
    expect(await error({ startAt: Date.now() - Time.minute })).to.equal('past')
    expect(await error({ via: [] })).to.equal('via')
    expect(await page.call('qq-user/broadcasts', {})).to.deep.equal([])
    const { id } = await create({ audience: { search: 'nobody' } })
    expect(await page.error('qq-user/broadcast-do', id, 'start')).to.equal('empty-audience')
  })

  it('are estimated for an audience', async () => {
    await start('A', 'B', 'C')
    site.platform.reject('B')
    site.platform.remove('C')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'C'))?.relation === 'deleted')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'B'))?.consent === 'rejected')
    const estimate = (audience: BroadcastDraft['audience']) => page.call('qq-user/broadcast-estimate', { selfId, audience })
    expect(await estimate({})).to.deep.include({ total: 2, reachable: 1, skipped: { rejected: 1 } })
    expect(await estimate({ search: 'A' })).to.deep.include({ total: 1, reachable: 1, skipped: {} })
    expect(await estimate({ userIds: ['A', 'B'], consent: 'rejected' })).to.deep.include({ total: 1, reachable: 0 })
    expect(await estimate({ activeSince: Date.now() })).to.deep.include({ total: 0, reachable: 0 })
    expect(await page.error('qq-user/broadcast-estimate', { selfId: 'nobody', audience: {} })).to.equal('unknown-bot')
  })

  it('are shown as a user gets them, or with what is wrong', async () => {
    await start('A')
    const preview = (content: string, userId = 'A') => page.call('qq-user/broadcast-preview', { selfId, userId, content })
    expect(await preview('Hello {user.id} from {bot.name}')).to.deep.equal({ content: 'Hello A from stand-in', errors: [] })
    expect(await preview('Hello {user.nick}')).to.deep.equal({ content: '', errors: [{ index: 6, expression: 'user.nick', kind: 'unknown' }] })
    expect(await preview('Hello', 'nobody')).to.deep.equal({ content: '', errors: [], fault: 'unknown-user' })
    expect(await preview(' ')).to.deep.equal({ content: '', errors: [], fault: 'empty-content' })
    expect(await page.call('qq-user/broadcast-preview', { selfId: 'nobody', userId: 'A', content: 'x' })).to.include({ fault: 'unknown-bot' })
  })

  it('go to one user first, through the gate', async () => {
    await start('A', 'B')
    site.platform.reject('B')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'B'))?.consent === 'rejected')
    const test = async (userId: string) => {
      const { ticket } = await page.call('qq-user/broadcast-test', { selfId, userId, content: 'Hello {user.id}' })
      const { ok, ids, reason } = await page.until('qq-user/sent', body => body.ticket === ticket)
      return { ok, ...ids && { ids }, ...reason && { reason } }
    }
    expect(await test('A')).to.deep.equal({ ok: true, ids: [site.platform.posts[0].id] })
    expect(site.platform.posts.map(({ body }) => body.content)).to.deep.equal(['Hello A'])
    expect(await test('B')).to.deep.equal({ ok: false, reason: 'rejected' })
    expect(await page.error('qq-user/broadcast-test', { selfId, userId: 'A', content: '{user.nick}' })).to.equal('content')
    expect(await page.error('qq-user/broadcast-test', { selfId, userId: 'A', content: '<execute>danger</execute>' })).to.match(/^component:/)
    expect(site.platform.posts).to.have.length(1)
  })

  it('tell who got it, page by page', async () => {
    await start(...names(7))
    site.platform.reject('U002')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'U002'))?.consent === 'rejected')
    const id = await send()
    const first = await page.call('qq-user/broadcast-recipients', { id, limit: 4 })
    const second = await page.call('qq-user/broadcast-recipients', { id, limit: 4, after: first.at(-1)!.userId })
    expect([...first, ...second].map(({ userId }) => userId)).to.deep.equal(names(7))
    expect(first[0]).to.include({ state: 'sent', via: 'proactive', code: null })
    expect(first[0].at).to.be.a('number')
    const skipped = await page.call('qq-user/broadcast-recipients', { id, state: 'skipped' })
    expect(skipped.map(({ userId, reason }) => [userId, reason])).to.deep.equal([['U002', 'rejected']])
  })

  it('are exported, a line for each recipient, with no formula in it', async () => {
    await start('-1+1', ...names(3))
    site.platform.reject('U000')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'U000'))?.consent === 'rejected')
    site.platform.fail({ code: 40034006, times: 1 })
    const id = await send()
    const { url, total } = await page.call('qq-user/export', { table: 'recipients', query: { id } })
    expect(total).to.equal(4)
    const response = await site.download(url)
    expect(response.headers.get('content-disposition')).to.match(/filename="qq-recipients-\d{8}-\d{6}\.csv"$/)
    const rows = parse(await response.text())
    expect(rows.map(({ openid }) => openid)).to.deep.equal(["'-1+1", ...names(3)])
    expect(rows.every(({ at }) => new Date(at).toISOString() === at)).to.equal(true)
    const lines = rows.map(({ at, openid, ...rest }) => rest)
    expect(lines[1]).to.deep.equal({ state: 'skipped', reason: 'rejected', code: '', via: '' })
    expect(lines.filter(({ state }) => state === 'failed')).to.deep.equal([{ state: 'failed', reason: 'content', code: '40034006', via: 'proactive' }])
    const arrived = { state: 'sent', reason: '', code: '', via: 'proactive' }
    expect(lines.filter(({ state }) => state === 'sent')).to.deep.equal([arrived, arrived])
    const sent = await page.call('qq-user/export', { table: 'recipients', query: { id, state: 'sent' } })
    expect(sent.total).to.equal(2)
    expect(parse(await (await site.download(sent.url)).text()).map(({ state }) => state)).to.deep.equal(['sent', 'sent'])
    expect(await page.error('qq-user/export', { table: 'recipients', query: { id: id + 1 } })).to.equal('not-found')
  })

  it('go again to those whom one did not reach for a passing reason', async () => {
    await start(...names(3))
    site.platform.reject('U000')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'U000'))?.consent === 'rejected')
    const id = await send()
    expect(await page.error('qq-user/broadcast-do', id, 'repeat')).to.equal('nobody-left')
    const { database } = site.harness.app
    await database.set('qq_user_broadcast_recipient', { broadcast: id, userId: 'U001' }, { state: 'failed', reason: 'transient' })
    const again = await page.call('qq-user/broadcast-do', id, 'repeat')
    expect(again).to.include({ state: 'draft', repeats: id })
    expect((await page.call('qq-user/broadcast-get', again.id))!.missed).to.include({ total: 1 })
    await page.call('qq-user/broadcast-do', again.id, 'start')
    await told(again.id, ({ state }) => state === 'finished')
    expect(reached()).to.deep.equal(['U001', 'U001', 'U002'])
  })
})

describe('console: broadcasts: access', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('nobody makes or sees them without authority 4', async () => {
    const page = await site.start({ config: fast, limits, auth: true })
    await site.befriend('A')
    const { selfId } = site.platform
    const { broadcasts } = site.harness.app.qqUser
    const { id } = await broadcasts.create({ selfId, content: 'news' })
    const attempts: [string, ...unknown[]][] = [
      ['qq-user/broadcast-create', { selfId, content: 'news', audience: {} }],
      ['qq-user/broadcast-do', id, 'start'],
      ['qq-user/broadcast-test', { selfId, userId: 'A', content: 'news' }],
      ['qq-user/broadcast-get', id],
      ['qq-user/broadcasts', {}],
    ]
    for (const [name, ...args] of attempts) expect(await page.error(name, ...args)).to.equal('unauthorized')
    await site.harness.app.database.set('user', { id: 0 }, { authority: 3 })
    await page.send('login/password', 'admin', 'secret')
    for (const [name, ...args] of attempts) expect(await page.error(name, ...args)).to.equal('unauthorized')
    await broadcasts.start(id)
    await until(async () => (await broadcasts.get(id))?.state === 'finished')
    await pass(200)
    expect(page.heard.filter(({ type }) => type.startsWith('qq-user/'))).to.deep.equal([])
    expect(site.platform.accepted()).to.have.length(1)
    expect(await broadcasts.list()).to.have.length(1)
  })
})
