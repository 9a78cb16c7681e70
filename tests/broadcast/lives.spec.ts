/** Rule: whatever ends in the midst of a broadcast, it goes on with those who are left, and nobody gets it twice. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect } from 'chai'
import { Context, sleep } from 'koishi'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { LEASE } from '../../src/broadcast/lease'
import { engines, kinds } from '../database'
import { Outage, watch } from '../database/outage'
import { Harness, pass, until } from '../harness'
import { Platform } from '../platform'
import { befriend, begin, broadcasts, create, fast, harness, names, platform, reach, reached, recipients, start, startWith } from './stage'

const slow = { push: { ...fast.push, botSecond: 50 } }

/** What Koishi does when the process is told to end. */
async function end(harness: Harness) {
  await harness.app.parallel('exit', 'SIGTERM')
  await harness.stop()
}

describe('a broadcast goes on', () => {
  const once = (ids: string[]) => expect(reached().sort()).to.deep.equal(ids)

  describe('when the plugin is reloaded', () => {
    afterEach(() => harness.stop())

    it('again and again', async () => {
      await startWith(names(20), { config: slow })
      const { id } = await begin()
      for (let round = 1; round <= 4; round++) {
        await until(() => reached().length >= round * 3)
        await harness.reload({ ...fast, ...slow })
      }
      expect((await reach(id)).counts).to.deep.include({ sent: 20, unknown: 0 })
      once(names(20))
    })

    it('while an answer is on its way, which counts', async () => {
      await startWith(['A', 'B'])
      platform.latency = 300
      const { id } = await begin()
      await until(() => platform.posts.length === 1)
      await harness.reload(fast)
      expect((await reach(id)).counts).to.deep.include({ sent: 2, unknown: 0 })
      once(['A', 'B'])
    })

    for (const kind of ['sqlite', 'strict']) {
      it(`while it begins, or can be started again, on ${kind}`, async () => {
        const { beat, expiry } = LEASE
        Object.assign(LEASE, { beat: 50, expiry: 200 })
        await start({ database: kinds.find(({ name }) => name === kind)!.create() })
        await befriend('A', 'B')
        for (let turns = 0; turns < 16; turns++) {
          const { id } = await create()
          const beginning = broadcasts().start(id)
          for (let left = turns; left; left--) await new Promise(resolve => setImmediate(resolve))
          await harness.reload(fast)
          await beginning.catch(({ reason }) => {
            expect(reason).to.equal('wrong-state')
            return broadcasts().start(id)
          })
          expect((await reach(id)).counts).to.deep.include({ sent: 2 })
        }
        Object.assign(LEASE, { beat, expiry })
      })
    }

    it('and stays paused where it was', async () => {
      await startWith(names(10), { config: slow })
      const { id } = await begin()
      await until(() => reached().length >= 2)
      await broadcasts().pause(id)
      await harness.reload(fast)
      await pass(100)
      expect((await broadcasts().get(id))!.state).to.equal('paused')
      await broadcasts().resume(id)
      await reach(id)
      once(names(10))
    })
  })

  describe('when the process is started again', () => {
    let folder: string
    let database: (app: Context) => void

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'qq-user-broadcast-'))
      database = app => app.plugin(SQLiteDriver as never, { path: join(folder, 'koishi.db') } as never)
    })

    afterEach(async () => {
      await harness.stop()
      await platform.stop()
      await rm(folder, { recursive: true })
    })

    const again = async (platform: Platform) => start({ config: slow, database, platform })

    it('with those who are left', async () => {
      await again(await Platform.start({ limits: { botSecond: Infinity, userMinute: Infinity } }))
      await befriend(...names(20))
      const { id } = await begin()
      await until(() => reached().length >= 5)
      await end(harness)
      await again(platform)
      expect((await reach(id)).counts).to.deep.include({ sent: 20, unknown: 0 })
      once(names(20))
    })

    it('and whoever was being written to by one that crashed is unknown, and not written to again', async () => {
      await again(await Platform.start({ limits: { botSecond: Infinity, userMinute: Infinity } }))
      await befriend(...names(6))
      const { id } = await begin()
      await until(() => reached().length >= 2)
      await broadcasts().pause(id)
      await until(async () => (await recipients(id)).every(({ state }) => state !== 'sending'))
      const sent = reached()
      // as a process leaves it that is killed between the claim and the answer
      await harness.app.database.set('qq_user_broadcast_recipient', { broadcast: id, userId: 'U005' }, { state: 'sending', token: 'gone1234' })
      await harness.app.database.set('qq_user_broadcast', { id }, { state: 'running', owner: 'gone' })
      await harness.stop()
      await again(platform)
      const { counts } = await reach(id)
      expect(counts).to.deep.include({ total: 6, sent: 5, unknown: 1, pending: 0 })
      expect((await recipients(id)).find(({ state }) => state === 'unknown')).to.deep.include({ userId: 'U005', reason: 'unknown-outcome' })
      expect(sent).not.to.include('U005')
      once(names(5))
    })
  })

  describe('when the database', () => {
    let outage: Outage

    afterEach(() => harness.stop())

    it('was down', async () => {
      await start({ config: slow })
      outage = watch(harness.app)
      await befriend(...names(15))
      const { id } = await begin()
      await until(() => reached().length >= 3)
      outage.down = true
      await sleep(300)
      const before = platform.posts.length
      await sleep(300)
      expect(platform.posts.length).to.equal(before)
      outage.down = false
      expect((await reach(id)).counts).to.deep.include({ total: 15, sent: 15 })
      once(names(15))
    })

    it('takes no writes, nobody is sent what could not be put on record, and it says so', async () => {
      await start({ config: slow })
      const driver = harness.app.database.drivers[0] as any
      await befriend(...names(10))
      const { id } = await begin()
      await until(() => reached().length >= 2)
      const { _run } = driver
      driver._run = (sql: string, ...args: unknown[]) => {
        if (/^(?:insert|update|savepoint)/i.test(sql)) throw new Error('disk full')
        return _run.call(driver, sql, ...args)
      }
      await sleep(300)
      const before = platform.posts.length
      await sleep(300)
      expect(platform.posts.length).to.equal(before)
      driver._run = _run
      expect((await reach(id)).counts).to.deep.include({ total: 10, sent: 10 })
      once(names(10))
    })
  })
})

for (const engine of engines.filter(({ name }) => ['strict, no case', 'mariadb', 'postgres'].includes(name))) {
  (engine.available ? describe : describe.skip)(`two processes on ${engine.name}`, () => {
    let both: Harness[] = []
    let shared: Platform
    const { beat, expiry } = LEASE

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      Object.assign(LEASE, { beat: 50, expiry: 400 })
      shared = await Platform.start({ limits: { botSecond: Infinity, userMinute: Infinity } })
      const database = engine.create()
      await start({ config: slow, platform: shared, database })
      both = [harness, await Harness.start({ config: { ...fast, ...slow }, platform: shared, database })]
      await befriend(...names(20))
    })

    afterEach(async () => {
      Object.assign(LEASE, { beat, expiry })
      for (const harness of both) await harness.stop()
      await shared.stop()
    })

    it('run a broadcast once, and either of them stops it', async () => {
      const { id } = await begin()
      await until(() => reached().length >= 4)
      const [, other] = both
      await other.app.qqUser.broadcasts.pause(id)
      await until(async () => (await other.app.database.get('qq_user_broadcast', { id }))[0].owner === '')
      const before = platform.posts.length
      await sleep(150)
      expect(platform.posts.length).to.equal(before)
      expect((await other.app.qqUser.broadcasts.get(id))!.counts).to.deep.include({ total: 20, sent: before, pending: 20 - before })
      await other.app.qqUser.broadcasts.resume(id)
      expect((await reach(id)).counts).to.deep.include({ total: 20, sent: 20, unknown: 0 })
      expect(reached().sort()).to.deep.equal(names(20))
    })

    it('start it once, when both are asked to', async () => {
      const { id } = await broadcasts().create({ selfId: platform.selfId, content: 'news' })
      const results = await Promise.allSettled(both.map(({ app }) => app.qqUser.broadcasts.start(id)))
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
      await reach(id)
      expect(reached().sort()).to.deep.equal(names(20))
    })

    it('of which one dies: the other goes on, and nobody gets it twice', async () => {
      const { id } = await begin()
      await until(() => reached().length >= 4)
      const [dead, other] = both
      // it holds on to what it has, and is never heard of again
      dead.deafen('get', 'set', 'upsert', 'eval', 'create')
      const { counts } = await reach(id, 'finished', other)
      expect(counts.sent + counts.unknown).to.equal(20)
      expect(new Set(reached()).size).to.equal(reached().length)
      const unknown = (await recipients(id, other)).filter(({ state }) => state === 'unknown').map(({ userId }) => userId)
      expect([...new Set([...reached(), ...unknown])].sort()).to.deep.equal(names(20))
      expect(unknown.length).to.be.at.most(16)
    })

    it('of which one is stopped: the other goes on at once', async () => {
      Object.assign(LEASE, { expiry: 60_000 })
      const { id } = await begin()
      await until(() => reached().length >= 4)
      await end(both.shift()!)
      const { counts } = await reach(id, 'finished', both[0])
      expect(counts).to.deep.include({ sent: 20, unknown: 0 })
      expect(reached().sort()).to.deep.equal(names(20))
    })
  })
}
