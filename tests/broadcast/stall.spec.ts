/** Rule: a broadcast that runs but gets nowhere says why, once in the log, after a minute. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { LEASE } from '../../src/broadcast/lease'
import { blank } from '../../src/roster/state'
import { Clock, freeze } from '../clock'
import { kinds } from '../database'
import { pass, until } from '../harness'
import { befriend, begin, broadcasts, fast, harness, names, platform, reached, start } from './stage'

describe('a broadcast that gets nowhere', () => {
  const { beat, expiry } = LEASE
  let clock: Clock

  afterEach(async () => {
    Object.assign(LEASE, { beat, expiry })
    clock.uninstall()
    await harness.stop()
  })

  const outlook = async (id: number) => broadcasts().outlook((await broadcasts().get(id))!)
  const told = () => harness.log.filter(line => line.includes('does not get on'))

  async function wait(ms: number) {
    for (let passed = 0; passed < ms; passed += Time.second) {
      await clock.tickAsync(Time.second)
      await pass(2)
    }
  }

  it('waits for single messages, which go first', async () => {
    await start({ config: { push: { ...fast.push, botMinute: 30 } } })
    await befriend('A', ...names(40))
    clock = freeze()
    const pushes = [1, 2].flatMap(() => names(40).map(id => harness.app.qqUser.push(platform.selfId, id, 'hello')))
    const { id } = await begin({ audience: { userIds: ['A'] } })
    await wait(50 * Time.second)
    expect(await outlook(id)).to.deep.equal({ waitsFor: undefined })
    expect(told()).to.deep.equal([])
    await wait(20 * Time.second)
    expect(await outlook(id)).to.deep.equal({ waitsFor: 'limit' })
    expect(told()).to.have.length(1)
    expect(told()[0]).to.contain('other messages go first')
    await wait(70 * Time.second)
    expect((await broadcasts().get(id))!.state).to.equal('finished')
    expect(await outlook(id)).to.deep.equal({})
    await Promise.all(pushes)
  })

  it('says nothing while it gets on, however slowly', async () => {
    await start({ config: { push: { ...fast.push, botMinute: 1 } } })
    await befriend('A', 'B', 'C')
    clock = freeze()
    const { id } = await begin()
    await wait(90 * Time.second)
    expect(reached()).to.have.length(2)
    expect(await outlook(id)).to.deep.equal({ waitsFor: undefined })
    expect(told()).to.deep.equal([])
  })

  it('waits for the proof that no other process runs it', async () => {
    Object.assign(LEASE, { beat: 50, expiry: 100 })
    await start({ database: kinds.find(({ name }) => name === 'strict')!.create() })
    await befriend('A')
    platform.latency = 300
    clock = freeze()
    const driver = harness.app.database.drivers[0] as any
    const { id } = await begin()
    driver.set = () => Promise.reject(new Error('read only'))
    await wait(70 * Time.second)
    expect(await outlook(id)).to.deep.equal({ waitsFor: 'lease' })
    expect(told()).to.have.length(1)
    delete driver.set
    platform.latency = 0
    await until(async () => {
      await wait(Time.second)
      return (await broadcasts().get(id))!.state === 'finished'
    })
  })

  it('fails again and again before it asks the platform', async () => {
    await start()
    const ids = names(100)
    const toRow = (userId: string) => ({ ...blank({ selfId: platform.selfId, userId, occurredAt: Date.now() - 1000 }), relation: 'friend' as const })
    await harness.app.database.upsert('qq_user', ids.map(toRow))
    for (const id of ids) platform.users.set(id, { friend: true, push: true, username: '' })
    const driver = harness.app.database.drivers[0] as any
    driver._run("CREATE TRIGGER odd BEFORE UPDATE ON qq_user_broadcast_recipient WHEN NEW.state = 'sending' BEGIN SELECT RAISE(ABORT, 'odd one'); END")
    clock = freeze()
    const { id } = await begin()
    await wait(70 * Time.second)
    expect(await outlook(id)).to.deep.equal({ waitsFor: 'error' })
    expect(told()).to.have.length(1)
    expect(told()[0]).to.contain('odd one')
    driver._run('DROP TRIGGER odd')
    await until(async () => {
      await wait(Time.second)
      return (await broadcasts().get(id))!.state === 'finished'
    })
    expect(reached().sort()).to.deep.equal(ids)
  })
})
