/** Rule: a broadcast that cannot go on pauses, says why, and goes on by itself when the cause is gone. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Broadcast } from '../../src'
import { pass, until } from '../harness'
import { clock, freeze, harness, platform, useStage } from '../stage'
import { befriend, begin, broadcasts, create, fast, names, paced, reach, reached, recipients, start, startWith } from './stage'

describe('a broadcast pauses by itself', () => {
  useStage()

  const reason = async (id: number) => {
    const { state, reason } = (await broadcasts().get(id))!
    return `${state} ${reason}`.trim()
  }
  const becomes = (id: number, expected: string) => until(async () => await reason(id) === expected)
  const tick = (ms: number) => clock!.tickAsync(ms)

  /** Lets time pass until something holds. */
  async function wait(condition: () => unknown, step = Time.second) {
    await until(async () => {
      if (await condition()) return true
      await tick(step)
      await pass(2)
    })
  }

  const everybody = (count: number): Broadcast['counts'] => ({ total: count, pending: 0, sent: count, skipped: 0, failed: 0, unknown: 0 })

  it('while the bot is offline', async () => {
    await startWith(names(10), paced(20))
    const { id } = await begin()
    await until(() => reached().length >= 2)
    harness.adapter!.dispose()
    await becomes(id, 'paused offline')
    // what was under way
    await pass()
    const before = reached().length
    await pass(100)
    expect(reached().length).to.equal(before)
    harness.connect()
    await harness.online()
    const { counts } = await reach(id)
    expect(counts.sent + counts.unknown).to.equal(10)
    // what was under way was lost with the connection, or its answer was
    const unknown = (await recipients(id)).filter(({ state }) => state === 'unknown').map(({ userId }) => userId)
    expect(reached()).to.deep.equal([...new Set(reached())])
    expect([...new Set([...reached(), ...unknown])].sort()).to.deep.equal(names(10))
    expect(harness.log.filter(line => line.includes('paused by itself'))).to.have.length(1)
  })

  it('but not again by itself where an operator paused it, too', async () => {
    await startWith(names(10), paced(20))
    const { id } = await begin()
    await until(() => reached().length >= 2)
    harness.adapter!.dispose()
    await becomes(id, 'paused offline')
    await broadcasts().pause(id)
    await pass()
    const before = reached().length
    harness.connect()
    await harness.online()
    await pass(50)
    expect(await reason(id)).to.equal('paused')
    expect(reached().length).to.equal(before)
    await broadcasts().resume(id)
    await reach(id)
  })

  it('while the bot may not push, and nobody has failed for it', async () => {
    await startWith(names(6))
    platform.pushBanned = true
    freeze()
    const { id } = await begin({ via: ['proactive'] })
    await wait(async () => await reason(id) === 'paused no-permission', 10)
    expect(platform.posts).to.have.length(3)
    expect((await recipients(id)).map(({ state }) => state)).to.deep.equal(names(6).map(() => 'pending'))
    platform.pushBanned = false
    const jump = (ms: number) => clock!.setSystemTime(Date.now() + ms)
    jump(59 * Time.minute)
    await tick(5 * Time.second)
    await pass(2)
    expect(platform.posts).to.have.length(3)
    jump(Time.minute)
    await wait(async () => await reason(id) === 'finished')
    expect((await broadcasts().get(id))!.counts).to.deep.equal(everybody(6))
  })

  it('but not for those whom another way reaches meanwhile', async () => {
    await startWith(['A', 'B', 'C', 'D', 'E'])
    platform.message('E')
    await until(async () => (await harness.app.qqUser.get(platform.selfId, 'E'))?.lastMessageAt)
    platform.pushBanned = true
    const { id } = await begin()
    await becomes(id, 'paused no-permission')
    expect(reached()).to.deep.equal(['E'])
    expect((await broadcasts().get(id))!.counts).to.deep.include({ pending: 4, sent: 1 })
  })

  it('but not for a single user to whom the platform lets nothing through', async () => {
    await startWith(['A', 'B', 'C', 'D'])
    platform.users.get('B')!.pushBanned = true
    const { id } = await begin({ via: ['proactive'] })
    expect((await reach(id)).counts).to.deep.include({ sent: 3, skipped: 1 })
    expect((await recipients(id))[1]).to.deep.include({ state: 'skipped', reason: 'no-permission' })
    expect(platform.posts.filter(({ target }) => target === 'B')).to.have.length(1)
  })

  it('but not where all who are left are too few to tell that it is the bot, who are skipped', async () => {
    await startWith(['A', 'B'])
    platform.pushBanned = true
    let changes = 0
    harness.app.on('qq-user/broadcast', () => { changes++ })
    const { id } = await begin()
    expect((await reach(id)).counts).to.deep.include({ total: 2, skipped: 2 })
    expect((await recipients(id)).map(({ reason }) => reason)).to.deep.equal(['no-permission', 'no-permission'])
    expect([changes, platform.posts.length]).to.deep.equal([3, 2])
    expect(await broadcasts().repeat(id)).to.deep.include({ state: 'draft' })
  })

  it('when the bot sends too often for the platform, and nobody has failed for it', async () => {
    await startWith(['A', 'B', 'C'])
    const take = platform.fail({ code: 22009, times: Infinity })
    freeze()
    const { id } = await begin()
    await wait(async () => await reason(id) === 'paused bot-rate')
    expect((await recipients(id)).map(({ state }) => state)).to.deep.equal(['pending', 'pending', 'pending'])
    take()
    await wait(async () => await reason(id) === 'finished')
    expect((await broadcasts().get(id))!.counts).to.deep.equal(everybody(3))
    expect(reached().sort()).to.deep.equal(['A', 'B', 'C'])
  })

  it('when the platform does not answer, so that not everybody is lost', async () => {
    await startWith(names(12))
    const take = platform.fail({ status: 502, times: Infinity })
    freeze()
    const { id } = await begin()
    await wait(async () => await reason(id) === 'paused no-answer', 10)
    const { counts } = (await broadcasts().get(id))!
    expect(counts).to.deep.include({ unknown: 5, pending: 7 })
    // one more each time, ever later
    for (const minutes of [1, 2]) {
      const { length } = platform.posts
      await tick((minutes - 0.2) * Time.minute)
      await pass(2)
      expect(platform.posts).to.have.length(length)
      await wait(async () => platform.posts.length > length && await reason(id) === 'paused no-answer', 5 * Time.second)
      expect(platform.posts).to.have.length(length + 1)
    }
    take()
    await wait(async () => await reason(id) === 'finished', 10 * Time.second)
    expect((await broadcasts().get(id))!.counts).to.deep.include({ unknown: 7, sent: 5 })
    expect(platform.posts).to.have.length(12)
  })

  it('after twenty refusals of the message in a row, as the text is at fault, until an operator looks', async () => {
    await startWith(names(30))
    const take = platform.fail({ code: 40034006, times: Infinity })
    const { id } = await begin()
    await becomes(id, 'paused refused')
    expect((await broadcasts().get(id))!.counts).to.deep.include({ failed: 20, pending: 10 })
    take()
    await pass(100)
    expect(platform.posts).to.have.length(20)
    await broadcasts().resume(id)
    expect((await reach(id)).counts).to.deep.include({ failed: 20, sent: 10 })
  })

  it('and starts again with what the platform refuses for a moment', async () => {
    await startWith(names(5))
    const take = platform.fail({ code: 40054006, times: Infinity })
    freeze()
    const { id } = await begin()
    await wait(async () => await reason(id) === 'paused transient')
    take()
    await wait(async () => await reason(id) === 'finished')
    expect((await broadcasts().get(id))!.counts).to.deep.equal(everybody(5))
  })

  describe('and says', () => {
    const outlook = async (id: number) => broadcasts().outlook((await broadcasts().get(id))!)
    const since = async (id: number) => +(await broadcasts().get(id))!.pausedAt!

    it('since when it stands, however often it tried to go on, and when it does again', async () => {
      await start()
      await befriend(...names(3))
      const take = platform.fail({ status: 502, times: Infinity })
      freeze()
      harness.app.on('qq-user/broadcast', ({ state, pausedAt }) => { expect(!!pausedAt).to.equal(state === 'paused') })
      await broadcasts().pause((await create()).id).catch(() => {})
      const { id } = await begin()
      await wait(async () => await reason(id) === 'finished')
      take()
      platform.fail({ code: 22009, times: Infinity })
      await befriend('U')
      const other = await begin({ audience: { userIds: ['U'] } })
      await wait(async () => await reason(other.id) === 'paused bot-rate')
      const at = await since(other.id)
      expect(at).to.be.closeTo(Date.now(), 2 * Time.second)
      await wait(async () => (await outlook(other.id)).retryAt)
      expect(await outlook(other.id)).to.have.property('retryAt').that.is.closeTo(at + Time.minute, 2 * Time.second)
      await wait(async () => await reason(other.id) === 'running')
      expect((await broadcasts().get(other.id))!.pausedAt).to.equal(null)
      await wait(async () => await reason(other.id) === 'paused bot-rate')
      expect(await since(other.id)).to.equal(at)
      await broadcasts().pause(other.id)
      expect(await since(other.id)).to.equal(at)
      expect(await outlook(other.id)).to.deep.equal({ waitsFor: 'operator' })
      await broadcasts().cancel(other.id)
      expect((await broadcasts().get(other.id))!.pausedAt).to.equal(null)
      expect(await outlook(other.id)).to.deep.equal({})
    })
  })

  describe('that is scheduled', () => {
    it('starts when its time has come', async () => {
      await startWith(['A'])
      freeze()
      const { id } = await create({ startAt: new Date(Date.now() + Time.hour) })
      expect(await reason(id)).to.equal('scheduled')
      await tick(59 * Time.minute)
      expect(await reason(id)).to.equal('scheduled')
      await befriend('B')
      await wait(async () => await reason(id) === 'finished', 10 * Time.second)
      expect(reached().sort()).to.deep.equal(['A', 'B'])
    })

    it('and is more than an hour late, as nothing ran, does not fire', async () => {
      await startWith(['A'])
      const { id } = await create({ startAt: new Date(Date.now() + Time.hour) })
      harness.plugin!.dispose()
      freeze(Date.now() + 2 * Time.hour + Time.minute)
      harness.load(fast)
      await wait(async () => harness.app.get('qqUser') && await reason(id) === 'paused missed')
      await tick(Time.hour)
      expect(platform.posts).to.deep.equal([])
      await broadcasts().resume(id)
      await wait(async () => await reason(id) === 'finished')
      expect(reached()).to.deep.equal(['A'])
    })

    it('and is a little late, starts', async () => {
      await startWith(['A'])
      const { id } = await create({ startAt: new Date(Date.now() + Time.hour) })
      harness.plugin!.dispose()
      freeze(Date.now() + 1.5 * Time.hour)
      harness.load(fast)
      await wait(async () => harness.app.get('qqUser') && await reason(id) === 'finished')
    })

    it('for nobody, says so', async () => {
      await start()
      freeze()
      const { id } = await create({ startAt: new Date(Date.now() + Time.minute) })
      await wait(async () => await reason(id) === 'paused empty-audience')
    })

    it('and cannot be started holds up no other', async () => {
      await startWith(['A'])
      freeze()
      const startAt = new Date(Date.now() + Time.minute)
      const [broken, { id }] = [await create({ startAt }), await create({ startAt })]
      await harness.app.database.set('qq_user_broadcast', { id: broken.id }, { audience: '{' })
      await wait(async () => await reason(id) === 'finished')
      expect(reached()).to.deep.equal(['A'])
      await tick(5 * Time.second)
      await pass(2)
      expect(harness.warnings.filter(line => line.includes(`broadcast ${broken.id} cannot start`))).to.have.length(1)
    })

    it('is put off, and goes back to waiting', async () => {
      await start()
      const { id } = await create({ startAt: new Date(Date.now() + Time.hour) })
      await broadcasts().pause(id)
      expect(await reason(id)).to.equal('paused')
      await broadcasts().resume(id)
      expect(await reason(id)).to.equal('scheduled')
    })
  })
})
