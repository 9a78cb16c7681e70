/** Rule: every open page is told of changes at once, of few under load, with the last word about each user. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { pass, until } from '../harness'
import { Site } from './site'

describe('console: changes', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('are told at once, to every page that is open', async () => {
    const first = await site.start()
    const second = await site.open()
    site.platform.add('A', { scene: 1001 })
    for (const page of [first, second]) {
      const { user, entry, missed } = await page.until('qq-user/changed')
      expect(user).to.include({ userId: 'A', relation: 'friend', scene: 1001 })
      expect(entry).to.include({ type: 'friend-added', source: 'friend-add', applied: true })
      expect(missed).to.equal(undefined)
    }
  })

  it('are few under load, with the last word about each user', async () => {
    const page = await site.start()
    const changes = () => page.messages('qq-user/changed')
    const now = Date.now()
    site.freeze()
    for (let index = 0; index < 30; index++) {
      site.platform[index % 2 ? 'allow' : 'reject']('A', { timestamp: now - Time.minute + index * Time.second })
    }
    for (let index = 0; index < 100; index++) site.platform.add(`U${index}`)
    await until(() => site.harness.sessions.length === 130)
    // the first at once, then one each tenth of a second
    for (let told = 1; told < 9; told++) {
      await until(() => changes().length >= told)
      await site.clock!.tickAsync(99)
      await pass()
      expect(changes()).to.have.length(told)
      await site.clock!.tickAsync(1)
    }
    await until(() => changes().length >= 9)
    await site.clock!.tickAsync(Time.minute)
    await pass()
    expect(changes()).to.have.length(9)
    expect(changes().slice(1).map(({ user }) => user.userId)).to.deep.equal(Array.from({ length: 8 }, (_, index) => `U${92 + index}`))
    // toggles of one user make one change
    expect(changes().reduce((sum, { missed = 0 }) => sum + missed, 9)).to.be.within(100, 130)
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
