import { expect } from 'chai'
import { Time } from 'koishi'
import { pass, until } from '../harness'
import { Site } from './site'

describe('console: changes', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('are told within a second, to every page that is open', async () => {
    const first = await site.start()
    const second = await site.open()
    const at = performance.now()
    site.platform.add('A', { scene: 1001 })
    for (const page of [first, second]) {
      const { user, entry, missed } = await page.until('qq-user/changed')
      expect(user).to.include({ userId: 'A', relation: 'friend', scene: 1001 })
      expect(entry).to.include({ type: 'friend-added', source: 'friend-add', applied: true })
      expect(missed).to.equal(undefined)
    }
    expect(performance.now() - at).to.be.below(1000)
  })

  it('are few under load, with the last word about each user', async () => {
    const page = await site.start()
    const now = Date.now()
    for (let index = 0; index < 30; index++) {
      site.platform[index % 2 ? 'allow' : 'reject']('A', { timestamp: now - Time.minute + index * Time.second })
    }
    for (let index = 0; index < 100; index++) site.platform.add(`U${index}`)
    await until(() => site.harness.sessions.length === 130)
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
    const page = await site.start()
    page.close()
    await until(() => !Object.keys(site.harness.app.console.clients).length)
    const { broadcast } = site.harness.app.console
    let broadcasts = 0
    Object.assign(site.harness.app.console, { broadcast: (...args: [string, unknown]) => (broadcasts++, broadcast.apply(site.harness.app.console, args)) })
    await site.befriend('A', 'B')
    await pass(200)
    expect(broadcasts).to.equal(0)
  })
})
