/** Rule: the console lists everybody once and in order, finds users by how an id or name begins, and shows and forgets one user. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { QQUser } from '../../src'
import type { UserRow } from '../../src/console/shared/protocol'
import type { PageQuery } from '../../src/console/users/protocol'
import { engines } from '../database'
import { until } from '../harness'
import { Page } from './page'
import { Site } from './site'

describe('console: users', () => {
  const site = new Site()

  afterEach(() => site.stop())

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
      after(() => engine.stop())

      it('shows everybody once, in order, of one bot and of all', async function () {
        this.timeout(60_000)
        const page = await site.start({ database: engine.create() })
        const users = Array.from({ length: engine.name === 'sqlite' ? 2400 : 300 }, (_, index): Partial<QQUser> => ({
          selfId: `bot${index % 3}`,
          userId: `u${String(index * 7919 % 2400 / 3 | 0).padStart(4, '0')}`,
          firstSeen: new Date(1.6e12 + index * 31 % 40 * 1000),
          lastMessageAt: index % 5 ? new Date(1.61e12 + index * 17 % 50) : null,
          relation: index % 10 ? 'friend' : 'deleted',
          consent: index % 4 ? 'unknown' : 'rejected',
        }))
        const unique = [...new Map(users.map(user => [user.selfId! + user.userId, user])).values()]
        await site.seed(unique)
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

  it('finds by the beginning of an id or a name, and shows no more than 1000', async () => {
    const page = await site.start()
    await site.seed(Array.from({ length: 1500 }, (_, index) => ({ userId: `AB${index}`, name: index % 2 ? `%_name${index}` : null })))
    await site.seed([{ userId: 'X', name: '小明' }, { userId: 'Y', name: 'AB', selfId: 'other' }])
    const list = (query: PageQuery) => page.call('qq-user/list', query)
    expect(await list({ search: 'AB', limit: 1 })).to.deep.include({ total: 1001, cut: true })
    expect(await list({ search: 'AB', consent: 'rejected' })).to.deep.equal({ total: 0, users: [], cut: true })
    expect(await list({ search: 'AB149', relation: 'unknown', consent: 'rejected' })).to.deep.equal({ total: 0, users: [] })
    expect((await list({ search: 'AB', selfId: 'other' })).users.map(({ userId }) => userId)).to.deep.equal(['Y'])
    expect(await list({ search: 'AB149' })).to.deep.include({ total: 11 })
    expect((await list({ search: '小' })).users[0]).to.include({ userId: 'X', name: '小明' })
    expect(await list({ search: '%_name1499' })).to.deep.include({ total: 1 })
    expect(await list({ search: 'name' })).to.deep.equal({ total: 0, users: [] })
    expect(await list({ search: ' \u0000\ud800 ', limit: 1 })).to.include({ total: 1502 })
    const { users } = await readAll(page, { search: 'AB', limit: 100 })
    expect(users).to.have.length(1001)
    expect(new Set(users.map(({ selfId, userId }) => selfId + userId)).size).to.equal(1001)
  })

  it('shows a user, where they stand and what happened to them, and forgets them', async () => {
    const page = await site.start()
    const { selfId } = site.platform
    await site.befriend('A')
    site.platform.message('A', 'hello', { username: 'Ann' })
    site.platform.reject('A')
    await until(() => site.harness.sessions.length === 2)
    const { user, verdict } = (await page.call('qq-user/get', selfId, 'A'))!
    expect(user).to.include({ selfId, userId: 'A', relation: 'friend', consent: 'rejected', name: 'Ann', scene: 1000 })
    expect(user.avatar).to.equal(`https://q.qlogo.cn/qqapp/${site.platform.appid}/A/640`)
    expect(user.lastMessageAt).to.be.closeTo(Date.now(), 2 * Time.second)
    expect(verdict).to.deep.equal({ ok: false, reason: 'rejected' })
    const history = await page.call('qq-user/history', selfId, 'A')
    expect(history.map(({ type }) => type)).to.include.members(['friend-added', 'friend-push-rejected'])
    expect(history[0]).not.to.have.property('origin')
    expect(await page.call('qq-user/history', selfId, 'A', 1.5e12)).to.deep.equal([])
    await page.call('qq-user/forget', selfId, 'A')
    expect(await page.call('qq-user/get', selfId, 'A')).to.equal(null)
    expect(await page.error('qq-user/forget', selfId, 'A')).to.equal('unknown-user')
    expect(await site.harness.users).to.deep.equal([])
  })
})
