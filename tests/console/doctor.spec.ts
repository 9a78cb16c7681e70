/** Rule: the doctor knows the intents, what arrived, what was malformed or refused, what cannot be written, and what is missing. */
import { setMaxListeners } from 'node:events'
import { expect } from 'chai'
import { Time } from 'koishi'
import { until } from '../harness'
import { Site } from './site'

describe('console: doctor', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('knows the intents, what arrived, what was malformed and what was refused', async () => {
    const page = await site.start({ bot: { intents: 1 << 25 }, strict: false })
    const users = ['A', 'C', 'D']
    await site.befriend(...users)
    for (let time = 0; time < 3; time++) site.platform.dispatch('FRIEND_ADD', { openid: 'B', timestamp: 'now' })
    const authorize = { type: 18, scene: 'c2c', user_openid: 'A', timestamp: Date.now() / 1000 | 0 }
    site.platform.dispatch('INTERACTION_CREATE', { ...authorize, data: { resolved: { authorize_data: { scope: 'voice_call', switch: true } } } })
    site.platform.pushBanned = true
    for (const userId of users) await site.harness.app.qqUser.push(site.platform.selfId, userId, 'news').catch(() => {})
    site.platform.fail({ code: 40099999 })
    await site.harness.bot.internal.sendPrivateMessage('A', { content: 'news', event_id: 'e' }).catch(() => {})
    const diagnosis = await page.call('qq-user/diagnose')
    expect(diagnosis.adapter).to.equal(true)
    expect(diagnosis.bots).to.have.length(1)
    const intents = { users: true, interactions: false }
    expect(diagnosis.bots[0]).to.deep.include({ selfId: site.platform.selfId, name: 'stand-in', online: true, intents })
    expect(diagnosis.bots[0].suspendedUntil).to.be.closeTo(Date.now() + Time.hour, Time.minute)
    expect(diagnosis.arrivals.FRIEND_ADD).to.be.closeTo(Date.now(), 5 * Time.second)
    expect(diagnosis.arrivals).to.include({ C2C_MSG_REJECT: null, FRIEND_DEL: null })
    expect(diagnosis.malformed).to.have.length(1)
    expect(diagnosis.malformed[0]).to.include({ type: 'FRIEND_ADD', field: 'timestamp', count: 3 })
    expect(diagnosis.unknown.map(({ type, kind, count }) => [type, kind, count])).to.deep.equal([['INTERACTION_CREATE', 'voice_call', 1]])
    expect(await site.harness.users).to.have.length(3)
    expect(diagnosis.refusals.map(({ code, known, meaning, count }) => [code, known, meaning, count])).to.deep.equal([
      [40099999, false, 'refused', 1],
      [40034105, true, 'no-permission', 3],
    ])
    expect(diagnosis.database).to.deep.equal({ reachable: true, waiting: 0, failing: false, setAside: [] })
  })

  it('knows what waits for its turn', async () => {
    const page = await site.start({ config: { requests: { perSecond: 1000, concurrent: 1 } } })
    await site.befriend('A')
    const waiting = async () => (await page.call('qq-user/diagnose')).bots[0].waiting
    expect(await waiting()).to.deep.equal({ messages: 0, requests: 0 })
    site.platform.latency = 500
    const end = new AbortController()
    setMaxListeners(0, end.signal)
    for (let count = 0; count < 8; count++) site.harness.app.qqUser.push(site.platform.selfId, 'A', 'news', { signal: end.signal }).catch(() => {})
    // of five that the bot may send in a second, one is under way
    await until(async () => (await waiting()).requests === 4)
    expect(await waiting()).to.deep.equal({ messages: 3, requests: 4 })
    end.abort()
  })

  it('counts what had no answer, and not what was stopped here', async () => {
    const page = await site.start()
    const { selfId } = site.platform
    await site.befriend('A', 'B')
    site.platform.reject('B')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'B'))?.consent === 'rejected')
    site.platform.fail({ close: true })
    await site.harness.app.qqUser.push(selfId, 'A', 'news').catch(() => {})
    await site.harness.bot.internal.sendPrivateMessage('B', { content: 'news' }).catch(() => {})
    const { refusals } = await page.call('qq-user/diagnose')
    expect(refusals.map(({ code, known, meaning, count }) => [code, known, meaning, count])).to.deep.equal([[0, false, 'unknown-outcome', 1]])
    expect(site.platform.posts).to.have.length(1)
    expect(await site.harness.app.qqUser.canPush(selfId, 'A')).to.deep.equal({ ok: true, via: 'proactive' })
  })

  it('says so when there is no adapter, or no database', async () => {
    const page = await site.start({ order: ['plugin'] })
    const restore = site.intercept(() => Promise.reject(new Error('gone')))
    const database = { reachable: false, waiting: 0, failing: false, setAside: [] }
    expect(await page.call('qq-user/diagnose')).to.deep.include({ adapter: false, bots: [], database })
    expect(await page.error('qq-user/history', 'bot', 'A')).to.equal('failed')
    restore()
  })

  it('knows what cannot be written, and how often the channels of the platform disagreed', async () => {
    const page = await site.start()
    const time = Date.now() - Time.minute
    site.platform.allow('A', { timestamp: time })
    site.platform.reject('A', { via: 'interaction', timestamp: time + Time.second })
    await until(async () => (await site.harness.ledger).length === 2)
    const driver = site.harness.app.database.drivers[0] as any
    driver._run('CREATE TRIGGER odd BEFORE INSERT ON qq_user WHEN NEW.userId = \'BAD\' BEGIN SELECT RAISE(ABORT, \'odd one\'); END')
    const { id } = site.platform.add('BAD')
    await until(() => site.harness.log.some(line => line.includes('is set aside')))
    const { disputes, database } = await page.call('qq-user/diagnose')
    expect(disputes.map(({ selfId, count }) => [selfId, count])).to.deep.equal([[site.platform.selfId, 1]])
    expect(database.setAside).to.have.length(1)
    expect(database.setAside[0]).to.include({ id, tries: 3 })
    expect(database.setAside[0].error).to.include('odd one')
    driver._run('DROP TRIGGER odd')
  })
})
