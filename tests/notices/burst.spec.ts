/** Rule: notices to a crowd reach everybody once, within the platform's limits, while they can be replies, and hold up no other plugin. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { pass, until } from '../harness'
import { clock, freeze, harness, platform, start, useStage } from '../stage'

describe('notices to very many users at once', () => {
  useStage()

  const add = (count: number) => {
    for (let index = 0; index < count; index++) platform.add(`A${index}`)
  }

  const reached = () => new Set(platform.accepted().map(({ target }) => target)).size

  /** Lets time pass, and requests be answered. */
  async function wait(ms: number) {
    for (let passed = 0; passed < ms; passed += 30 * Time.second) {
      await clock!.tickAsync(30 * Time.second)
      await pass(5)
    }
  }

  it('reach each of them once, within what the platform takes', async () => {
    await start({ config: { requests: { perSecond: 200 } }, freshFor: 500 })
    platform.requestsPerSecond = 250
    add(300)
    await until(() => reached() === 300)
    const outcomes = (await harness.settled(300)).map(({ notice }) => notice)
    expect(outcomes.every(notice => notice === 'sent')).to.equal(true)
    expect(platform.accepted()).to.have.length(300)
    expect(platform.tooFrequent).to.equal(0)
  })

  it('are under way at once as many as the operator wants', async () => {
    await start({ config: { requests: { concurrent: 3 } } })
    platform.latency = 50
    add(12)
    await until(() => reached() === 12)
    const times = platform.posts.map(({ at }) => at)
    for (const [index, time] of times.slice(3).entries()) expect(time - times[index]).to.be.at.least(45)
  })

  it('are still owed in the database while they wait for their turn', async () => {
    await start({ config: { requests: { concurrent: 1 } } })
    platform.fail({ hang: true })
    add(10)
    await until(() => platform.posts.length === 1)
    await until(async () => (await harness.ledger).length === 10)
    await pass()
    const states = (await harness.ledger).map(({ notice }) => notice)
    expect(states.filter(notice => notice === 'pending')).to.have.length(9)
  })

  it('do not hold up others between two tries', async () => {
    await start({ config: { requests: { concurrent: 1 } } })
    const clock = freeze()
    platform.fail({ code: 40034025, times: Infinity, when: ({ target, route }) => target === 'A0' && route === 'event' })
    add(3)
    await until(() => reached() === 2)
    expect(platform.posts.filter(({ target }) => target === 'A0')).to.have.length(1)
    for (const [index, delay] of [1500, 2000, 3000].entries()) {
      await clock.tickAsync(delay)
      await until(() => platform.posts.filter(({ target }) => target === 'A0').length >= index + 2)
      await pass()
    }
    // the way is given up after four tries, and the next one taken
    await until(() => platform.accepted('A0').length)
    await clock.tickAsync(Time.minute)
    await pass()
    expect(platform.posts.filter(({ target }) => target === 'A0').map(({ route }) => route)).to.deep.equal(['event', 'event', 'event', 'event', 'proactive'])
  })

  it('wait for as long as they can be replies where the platform finds them too many', async () => {
    await start()
    platform.requestsPerSecond = 0
    freeze()
    add(3)
    await until(() => platform.tooFrequent)
    await wait(50 * Time.minute)
    expect(platform.tooFrequent).to.be.within(50, 150)
    expect((await harness.ledger).map(({ notice }) => notice).filter(notice => notice === 'sent')).to.deep.equal([])
    platform.requestsPerSecond = Infinity
    await wait(2 * Time.minute)
    expect(reached()).to.equal(3)
    expect(platform.posts.map(({ route }) => route)).to.deep.equal(['event', 'event', 'event'])
  })

  it('are given up, with the reason, when that has passed', async () => {
    await start()
    platform.requestsPerSecond = 0
    freeze()
    add(1)
    await until(() => platform.tooFrequent)
    await wait(61 * Time.minute)
    platform.requestsPerSecond = Infinity
    await wait(2 * Time.minute)
    expect((await harness.settled(1))[0]).to.include({ notice: 'failed', noticeReason: 'code:40023001' })
  })

  it('do not hold up the replies of other plugins', async () => {
    await start({ config: { requests: { concurrent: 1 } }, prepare: app => app.middleware(() => 'at your service') })
    platform.fail({ hang: true })
    add(10)
    await until(() => platform.posts.length === 1)
    platform.message('A5', 'hello')
    await until(() => platform.accepted('A5').length)
    expect(platform.accepted('A5')[0].body.content).to.equal('at your service')
  })
})
