/** Rule: the roster keeps what users did, reads its own writes, tells plugins after the commit, and loses nothing in an outage. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Harness, HarnessOptions, pass, silent, until } from '../harness'
import { engines } from '../database'
import { afterWrites } from '../database/writes'
import { Platform } from '../platform'
import { QQUser } from '../../src'
const second = (n: number) => 1_700_000_000_000 + n * 1000

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`roster on ${engine.name}`, () => {
    let harness: Harness
    let platform: Platform

    before(() => engine.start())
    after(() => engine.stop())

    async function start(options: HarnessOptions = {}) {
      harness = await Harness.start({ config: silent, database: engine.create(), ...options })
      platform = harness.platform
    }

    afterEach(() => harness.stop())

    const recorded = (count: number) => until(async () => (await harness.ledger).length >= count)
    const user = (userId = 'A') => harness.app.qqUser.get(platform.selfId, userId)

    it('records what happened, and keeps the state', async () => {
      await start()
      const envelope = platform.add('A', { scene: 2003, sceneParam: 'poster', timestamp: second(0) })
      platform.reject('A', { timestamp: second(60) })
      platform.remove('A', { timestamp: second(120) })
      await recorded(3)
      expect(await harness.users).to.deep.equal([{
        selfId: platform.selfId,
        userId: 'A',
        relation: 'deleted',
        relationAt: new Date(second(120)),
        consent: 'rejected',
        consentAt: new Date(second(60)),
        firstSeen: new Date(second(0)),
        lastMessageAt: null,
        scene: 2003,
        sceneParam: 'poster',
        sceneAt: new Date(second(0)),
        name: null,
        nameAt: null,
      }])
      const history = await harness.app.qqUser.history(platform.selfId, 'A')
      expect(history.map(({ type, source, applied }) => [type, source, applied])).to.deep.equal([
        ['friend-deleted', 'friend-del', true],
        ['friend-push-rejected', 'msg-reject', true],
        ['friend-added', 'friend-add', true],
      ])
      expect(history[2]).to.include({ id: envelope.id, notice: 'none', noticeReason: '' })
      expect(+history[2].occurredAt).to.equal(second(0))
    })

    it('reads its own writes', async () => {
      await start()
      const seen: (string | undefined)[] = []
      harness.app.on('qq/friend-add' as never, (() => setImmediate(async () => {
        seen.push((await user())?.relation)
        seen.push(String(await harness.app.qqUser.count()))
        seen.push(String((await harness.app.qqUser.list()).length))
      })) as never)
      platform.add('A')
      await until(() => seen.length === 3)
      expect(seen).to.deep.equal(['friend', '1', '1'])
    })

    it('tells other plugins after the commit', async () => {
      await start()
      const updates: [QQUser, QQUser | undefined, string][] = []
      const rows: QQUser[][] = []
      harness.app.on('qq-user/updated', async (user, previous, entry) => {
        updates.push([user, previous, entry.id])
        rows.push(await harness.app.database.get('qq_user', { userId: user.userId }))
      })
      const added = platform.add('A', { timestamp: second(5) })
      platform.remove('A', { timestamp: second(1) })
      const removed = platform.remove('A', { timestamp: second(9) })
      await until(() => rows.length === 2)
      await pass()
      expect(rows.map(({ length }) => length)).to.deep.equal([1, 1])
      expect(updates.map(([user, previous, id]) => [user.relation, previous?.relation, id])).to.deep.equal([
        ['friend', undefined, added.id],
        ['deleted', 'friend', removed.id],
      ])
    })

    it('hands out copies: who writes to one changes nothing', async () => {
      await start()
      const spoil = (row: QQUser) => {
        row.consentAt?.setTime(0)
        Object.assign(row, { consent: 'allowed', relation: 'unknown' })
      }
      harness.app.on('qq-user/updated', (user, previous, entry) => {
        spoil(user)
        if (previous) spoil(previous)
        entry.userId = 'B'
      })
      platform.add('A', { timestamp: second(0) })
      platform.reject('A', { timestamp: second(60) })
      await until(() => harness.sessions.length === 2)
      const expected = { relation: 'friend', consent: 'rejected', consentAt: new Date(second(60)) }
      expect(await user()).to.deep.include(expected)
      spoil((await user())!)
      expect(await user()).to.deep.include(expected)
      expect(await harness.app.qqUser.canPush(platform.selfId, 'A')).to.deep.include({ ok: false, reason: 'rejected' })
    })

    it('ends in one state whatever the order and however often', async () => {
      await start()
      let run = 0
      const act = fc.constantFrom('FRIEND_ADD', 'FRIEND_DEL', 'C2C_MSG_REJECT', 'C2C_MSG_RECEIVE')
      await fc.assert(fc.asyncProperty(
        fc.array(act, { minLength: 2, maxLength: 8 }).chain(acts => fc.record({
          acts: fc.constant(acts),
          order: fc.shuffledSubarray(acts.flatMap((_, index) => [index, index]), { minLength: acts.length }),
        })),
        async ({ acts, order }) => {
          run++
          const events = acts.map((type, index) => ({ type, time: 1_700_000_000 + index * 60 }))
          const play = (openid: string, indices: number[]) => indices.forEach((index) => {
            const { type, time } = events[index]
            platform.dispatch(type, { openid, timestamp: time }, { id: `${type}:${openid}:${index}` })
          })
          const all = acts.map((_, index) => index)
          play(`A${run}`, all)
          play(`B${run}`, [...order, ...all])
          await until(async () => (await harness.app.database.get('qq_user_event', { userId: [`A${run}`, `B${run}`] }, ['id'])).length === 2 * acts.length)
          const [a, b] = await Promise.all([user(`A${run}`), user(`B${run}`)])
          expect({ ...a, userId: '' }).to.deep.equal({ ...b, userId: '' })
        },
      ), { numRuns: engine.name === 'sqlite' ? 40 : 10 })
    })

    it('counts without scanning, and lists page by page, newest first', async () => {
      await start()
      const ids = Array.from({ length: 25 }, (_, index) => `U${String(index).padStart(2, '0')}`)
      for (const [index, id] of ids.entries()) platform.add(id, { timestamp: second(index >> 1) })
      ids.slice(0, 5).forEach(id => platform.remove(id))
      ids.slice(3, 9).forEach(id => platform.reject(id))
      await recorded(36)
      const { qqUser } = harness.app
      const { selfId } = platform
      expect(await qqUser.count()).to.equal(25)
      expect(await qqUser.count({ selfId, relation: 'deleted' })).to.equal(5)
      expect(await qqUser.count({ relation: 'friend', consent: 'rejected' })).to.equal(4)
      expect(await qqUser.count({ selfId: 'somebody else' })).to.equal(0)
      expect(await qqUser.count({ search: 'U1' })).to.equal(10)
      platform.allow('U03')
      await recorded(37)
      expect(await qqUser.count({ consent: 'allowed' })).to.equal(1)
      expect(await qqUser.count({ consent: 'rejected' })).to.equal(5)

      const found: QQUser[] = []
      for (let page: QQUser[]; (page = await qqUser.list({ selfId, limit: 4, after: found.at(-1) })).length;) found.push(...page)
      expect(found.map(({ userId }) => userId)).to.deep.equal([...ids].reverse())
      expect((await qqUser.list({ search: 'U2' })).map(({ userId }) => userId)).to.deep.equal(['U24', 'U23', 'U22', 'U21', 'U20'])
      expect(await qqUser.list({ consent: 'rejected', relation: 'deleted' })).to.have.length(1)
      expect(await qqUser.list({ search: "%' OR 1=1 --" })).to.deep.equal([])
    })

    describe('messages', () => {
      it('put an unknown user on the roster, and make a deleted one a friend again', async () => {
        await start()
        platform.message('A', 'hello', { username: 'Alice', timestamp: second(0) })
        await recorded(1)
        expect(await user()).to.deep.include({ relation: 'friend', name: 'Alice', lastMessageAt: new Date(second(0)) })
        platform.remove('A', { timestamp: second(5) })
        platform.message('A', 'back', { timestamp: second(9) })
        await recorded(3)
        expect((await harness.ledger).map(({ type, source }) => [type, source])).to.have.deep.members([
          ['friend-added', 'message'], ['friend-deleted', 'friend-del'], ['friend-added', 'message'],
        ])
        expect(await user()).to.include({ relation: 'friend' })
      })

      it('are no session event of ours, and cause no notice', async () => {
        await start({ config: {} })
        platform.message('A')
        await recorded(1)
        await pass()
        expect(harness.sessions).to.deep.equal([])
        expect(platform.posts).to.deep.equal([])
      })

      it('cost no write each, and are exact when read', async () => {
        await start()
        platform.add('A', { timestamp: second(0) })
        await recorded(1)
        // the first of a day is written right away
        platform.message('A', 'hello', { timestamp: second(0) })
        await until(async () => (await harness.users)[0].lastMessageAt)
        let writes = 0
        afterWrites(harness.app, () => { writes++ })
        for (let index = 1; index <= 50; index++) platform.message('A', 'hello', { timestamp: second(index) })
        await until(async () => +(await user())!.lastMessageAt! === second(50))
        expect(writes).to.equal(0)
        const [{ lastMessageAt }] = await harness.app.qqUser.list()
        expect(lastMessageAt).to.deep.equal(new Date(second(50)))
        harness.plugin!.dispose()
        await until(async () => +((await harness.users)[0].lastMessageAt ?? 0) === second(50))
        await until(() => writes)
        expect(writes).to.equal(1)
      })

      it('sent before a deletion do not undo it', async () => {
        await start()
        platform.add('A', { timestamp: second(0) })
        await recorded(1)
        platform.message('A', 'bye', { timestamp: second(7) })
        platform.remove('A', { timestamp: second(7) })
        await recorded(2)
        harness.plugin!.dispose()
        await pass()
        expect((await harness.users)[0]).to.include({ relation: 'deleted' })
      })
    })

    describe('a database that is down', () => {
      function fault() {
        const driver = harness.app.database.drivers[0] as any
        const state = { down: false }
        for (const name of ['get', 'eval', 'set', 'upsert', 'create', 'remove']) {
          const original = driver[name]
          driver[name] = async (...args: unknown[]) => {
            if (state.down) throw new Error('the server has gone away')
            return original.apply(driver, args)
          }
        }
        return state
      }

      it('loses nothing, keeps the order, and warns once', async () => {
        await start()
        const state = fault()
        platform.add('Z')
        await until(() => harness.sessions.length)
        state.down = true
        for (let index = 0; index < 40; index++) {
          platform.add('A', { timestamp: second(2 * index) })
          platform.remove('A', { timestamp: second(2 * index + 1) })
        }
        await until(() => harness.warnings.length)
        await pass()
        expect(harness.sessions).to.have.length(1)
        let failure: unknown
        await harness.app.qqUser.list().catch((error) => { failure = error })
        expect(String(failure)).to.contain('gone away')
        state.down = false
        await until(() => harness.sessions.length === 81)
        expect(harness.sessions.slice(1).map(({ type }) => type)).to.deep.equal(Array(40).fill(['friend-added', 'friend-deleted']).flat())
        expect(await user()).to.include({ relation: 'deleted' })
        expect(harness.warnings).to.have.length(1)
      })

      it('is written to once, even if it failed half way', async () => {
        await start()
        let failures = 0
        afterWrites(harness.app, (table) => {
          if (table === 'qq_user_event' && !failures++) throw new Error('the answer got lost')
        })
        platform.add('A')
        await until(() => harness.sessions.length)
        await pass()
        expect(failures).to.be.above(0)
        expect(harness.sessions).to.have.length(1)
        expect(await harness.ledger).to.have.length(1)
      })
    })
  })
}
