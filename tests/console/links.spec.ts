/** Rule: operators make and remove links on the console, learn why there is none, and see who came by each, on which day. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { until } from '../harness'
import { refuse } from '../platform/answer'
import { Site } from './site'

describe('console: links', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('makes links, tells when they are there, and removes them', async () => {
    const page = await site.start()
    const { selfId, links } = site.platform
    const { ticket } = await page.call('qq-user/create-link', selfId, 'poster', 'In the metro')
    const made = await page.until('qq-user/link-made', body => body.ticket === ticket)
    const url = `https://bot.q.qq.com/s/${[...links.made.keys()][0]}`
    expect(made).to.deep.equal({ ticket, ok: true, selfId, sceneParam: 'poster', url })
    const [row] = await page.call('qq-user/links')
    expect(row).to.deep.include({ selfId, sceneParam: 'poster', url, title: 'In the metro', users: 0, friends: 0, rejected: 0 })
    expect(row.createdAt).to.be.a('number')
    await page.call('qq-user/remove-link', selfId, 'poster')
    expect(await page.call('qq-user/links', selfId)).to.deep.equal([])
  })

  it('tells why there is no link', async () => {
    const page = await site.start()
    const { selfId, links } = site.platform
    expect(await page.error('qq-user/create-link', selfId, 'a b')).to.equal('bad-param')
    expect(links.asked).to.deep.equal([])
    links.misbehaviour.push({ status: 200, body: { retcode: 51, msg: 'no' } })
    const { ticket } = await page.call('qq-user/create-link', selfId, 'poster')
    expect(await page.until('qq-user/link-made')).to.deep.equal({ ticket, ok: false, reason: 'refused', code: 51 })
    const other = await page.call('qq-user/create-link', 'nobody', 'poster')
    expect(await page.until('qq-user/link-made', body => body.ticket === other.ticket)).to.deep.include({ ok: false, reason: 'unknown-bot' })
  })

  it('shows no more than fifty that were not made here, those that most users came by, and how they went', async () => {
    const page = await site.start()
    const firstSeen = new Date()
    const user = (userId: string, sceneParam: string) => ({ userId, sceneParam, firstSeen })
    await site.seed([
      ...Array.from({ length: 300 }, (_, index) => user(`u${index}`, `p${index}`)),
      ...['a', 'b', 'c'].map(id => user(id, 'most')), ...['d', 'e'].map(id => user(id, 'more')),
    ])
    await site.harness.app.qqUser.links.create(site.platform.selfId, 'made')
    const rows = await page.call('qq-user/links')
    expect(rows.slice(0, 3).map(({ sceneParam, users }) => [sceneParam, users])).to.deep.equal([['made', 0], ['most', 3], ['more', 2]])
    expect(rows).to.have.length(51)
    const lines = await page.call('qq-user/link-lines')
    expect(lines.map(({ sceneParam }) => sceneParam)).to.have.members(rows.slice(1).map(({ sceneParam }) => sceneParam))
  })

  it('makes twenty at once and no more, and others when these are done', async () => {
    const page = await site.start()
    const other = await site.open()
    const { selfId, links } = site.platform
    await site.harness.app.database.upsert('qq_user_link', [{ selfId, sceneParam: 'made', url: 'https://bot.q.qq.com/s/x', title: '', createdAt: new Date() }])
    links.misbehaviour.push(refuse(11004))
    for (let index = 0; index < 20; index++) await page.call('qq-user/create-link', selfId, `p${index}`)
    expect(await other.error('qq-user/create-link', selfId, 'made')).to.equal('busy')
    site.harness.bot.offline()
    await until(() => page.messages('qq-user/link-made').length === 20)
    expect(new Set(page.messages('qq-user/link-made').map(made => !made.ok && made.reason))).to.deep.equal(new Set(['offline']))
    for (let index = 0; index < 25; index++) {
      const { ticket } = await page.call('qq-user/create-link', selfId, 'made')
      expect(await page.until('qq-user/link-made', body => body.ticket === ticket)).to.include({ ok: true })
    }
  })

  it('shows what else users came by, who came on which day, and leads to them', async () => {
    const page = await site.start()
    const { platform, harness } = site
    await page.call('qq-user/create-link', platform.selfId, 'poster')
    await page.until('qq-user/link-made')
    const today = Time.getDateNumber()
    const day = (ago: number) => +Time.fromDateNumber(today - ago) + Time.hour
    const add = (id: string, sceneParam: string, ago: number) => platform.add(id, { scene: 2003, sceneParam, timestamp: day(ago) })
    add('A', 'poster', 3)
    add('B', 'poster', 1)
    add('C', 'elsewhere', 1)
    add('D', 'poster', 40)
    await until(async () => (await harness.users).length === 4)
    const numbers = async () => (await page.call('qq-user/links')).map(({ sceneParam, url, users }) => [sceneParam, url === null, users])
    expect(await numbers()).to.deep.equal([['poster', false, 3], ['elsewhere', true, 1]])
    const lines = async () => {
      const lines = await page.call('qq-user/link-lines')
      for (const { days } of lines) expect(days).to.have.length(30)
      return Object.fromEntries(lines.map(({ sceneParam, days }) => [sceneParam, days.flatMap((count, index) => count ? [[29 - index, count]] : [])]))
    }
    expect(await lines()).to.deep.equal({ poster: [[3, 1], [1, 1]], elsewhere: [[1, 1]] })
    add('E', 'poster', 1)
    await until(async () => (await harness.users).length === 5)
    expect((await lines()).poster).to.deep.equal([[3, 1], [1, 2]])
    await page.call('qq-user/forget', platform.selfId, 'B')
    await page.call('qq-user/forget', platform.selfId, 'E')
    expect((await lines()).poster).to.deep.equal([[3, 1]])
    expect(await numbers()).to.deep.equal([['poster', false, 2], ['elsewhere', true, 1]])
    const list = async (query: object) => {
      const { users, total } = await page.call('qq-user/list', query)
      expect(users).to.have.length(total)
      return users.map(({ userId }) => userId)
    }
    expect(await list({ sceneParam: 'poster' })).to.deep.equal(['A', 'D'])
    expect(await list({ sceneParam: 'poster', search: 'D' })).to.deep.equal(['D'])
    expect(await list({ sceneParam: 'poster', relation: 'deleted' })).to.deep.equal([])
    expect(await list({ sceneParam: 'nothing' })).to.deep.equal([])
  })

  it('counts days anew when what was written is in doubt, and when the database answers again', async () => {
    const page = await site.start()
    const roster = site.harness.app.qqUser['roster']
    const today = async () => (await page.call('qq-user/link-lines')).map(({ days }) => days.at(-1))
    const seed = (userId: string) => site.seed([{ userId, sceneParam: 'poster', firstSeen: new Date() }])
    await seed('A')
    await page.call('qq-user/links')
    // who groups asks within another question
    const end = site.intercept((selection, proceed) => typeof selection.table === 'string' ? proceed() : Promise.reject(new Error('no answer')))
    expect(await page.error('qq-user/link-lines')).to.equal('failed')
    end()
    expect(await today()).to.deep.equal([1])
    await seed('B')
    expect(await today()).to.deep.equal([1])
    roster['changes'].doubt()
    expect(await today()).to.deep.equal([2])
  })
})
