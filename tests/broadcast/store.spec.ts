/** Rule: on every database, a broadcast is kept as it was given, and of several who claim it or a recipient one gets it. */
import { expect } from 'chai'
import { Context } from 'koishi'
import { extendModel } from '../../src/model'
import { BroadcastRow, extendBroadcastModel } from '../../src/broadcast/model'
import { BroadcastStore, toBroadcast } from '../../src/broadcast/store'
import { readSums } from '../../src/broadcast/sums'
import { engines } from '../database'

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`the tables of broadcasts on ${engine.name}`, () => {
    let app: Context
    let store: BroadcastStore
    let id: number

    const at = new Date(1_700_000_000_123)
    const blank: Omit<BroadcastRow, 'id'> = {
      selfId: '100',
      title: '大家好',
      content: '你好 {user.name} 🌸 \'"\\',
      audience: '{"search":"a\'b"}',
      via: ['proactive', 'recall'],
      state: 'draft',
      createdAt: at,
      startAt: null,
      startedAt: null,
      finishedAt: null,
      pausedAt: null,
      reason: '',
      repeats: null,
      total: 0,
      sent: 0,
      skipped: 0,
      failed: 0,
      unknown: 0,
      until: null,
      enrolled: '',
      complete: false,
      owner: '',
      beat: 0,
    }
    const ids = ['a', 'B', 'c-1', 'D_', '~e']

    before(async () => {
      await engine.start()
      app = new Context()
      engine.create()(app)
      await app.start()
      extendModel(app)
      extendBroadcastModel(app)
      await app.database.prepared()
      store = new BroadcastStore(app)
    })

    after(async () => {
      await app.stop()
      await engine.stop()
    })

    beforeEach(async () => {
      ({ id } = await store.create(blank))
      await store.enrol({ id, selfId: '100' }, ids)
    })

    const recipients = () => store.recipients(id, undefined, 100)
    const settlement = (userId: string, token: string) => {
      return { broadcast: id, userId, token, state: 'sent' as const, reason: '', code: null, via: 'reply' as const, at }
    }

    it('give back what went in, under a number of its own', async () => {
      const other = await store.create(blank)
      expect(other.id).to.be.above(id)
      const row = (await store.get(id))!
      expect(row).to.deep.equal({ ...blank, id })
      const counts = { total: 5, pending: 3, sent: 1, skipped: 0, failed: 0, unknown: 1 }
      expect(toBroadcast({ ...row, total: 5, sent: 1, unknown: 1 })).to.deep.include({ audience: { search: "a'b" }, counts })
    })

    it('page backwards by number', async () => {
      const { id: second } = await store.create({ ...blank, selfId: '200' })
      const { id: third } = await store.create(blank)
      expect((await store.list(undefined, 2)).map(({ id }) => id)).to.deep.equal([third, second])
      expect((await store.list('100', 1, third)).map(({ id }) => id)).to.deep.equal([id])
    })

    it('are changed by whoever finds them as expected, and nobody else', async () => {
      const attempts = ['x', 'y', 'z'].map(owner => store.change({ id, state: 'draft', owner: '' }, { state: 'running', owner, startedAt: at, via: ['reply'] }))
      const results = await Promise.all(attempts)
      expect(results.filter(Boolean)).to.have.length(1)
      const { owner, via, startedAt } = (await store.get(id))!
      expect([owner, via, startedAt]).to.deep.equal([['x', 'y', 'z'][results.indexOf(true)], ['reply'], at])
      expect(await store.change({ id, state: 'draft' }, { state: 'cancelled' })).to.equal(false)
    })

    it('take a user in once, and leave alone what became of them', async () => {
      await store.claim(id, 'a', 'token', at)
      await store.settle(settlement('a', 'token'))
      await store.enrol({ id, selfId: '100' }, [...ids, 'f'])
      const rows = await recipients()
      expect(rows).to.have.length(6)
      expect(rows.find(({ userId }) => userId === 'a')).to.deep.equal({ userId: 'a', state: 'sent', reason: '', code: null, via: 'reply', at })
      expect(rows.find(({ userId }) => userId === 'f')).to.deep.equal({ userId: 'f', state: 'pending', reason: '', code: null, via: null, at: null })
    })

    it('let one have a recipient, who settles it', async () => {
      const results = await Promise.all(['x', 'y'].map(token => store.claim(id, 'a', token, at)))
      expect(results.filter(Boolean)).to.have.length(1)
      const [token, other] = results[0] ? ['x', 'y'] : ['y', 'x']
      expect(await store.underWay(id)).to.deep.equal([{ userId: 'a', token }])
      expect(await store.settle(settlement('a', other))).to.equal(false)
      expect(await store.settle(settlement('a', token))).to.equal(true)
      expect(await store.settle(settlement('a', token))).to.equal(false)
      expect(await store.claim(id, 'a', token, at)).to.equal(false)
    })

    it('give a recipient back as if nothing had been', async () => {
      await store.claim(id, 'a', 'token', at)
      await store.settle({ ...settlement('a', 'token'), state: 'pending' })
      const found = (await recipients()).find(({ userId }) => userId === 'a')
      expect(found).to.deep.equal({ userId: 'a', state: 'pending', reason: '', code: null, via: null, at: null })
      expect(await store.claim(id, 'a', 'other', at)).to.equal(true)
    })

    it('page those who are left, each of them once', async () => {
      await store.claim(id, 'B', 'token', at)
      const found: string[] = []
      for (let page: string[] | undefined; !page || page.length; found.push(...page)) page = await store.pending(id, 1, found.at(-1))
      expect([...found].sort()).to.deep.equal(ids.filter(id => id !== 'B').sort())
    })

    it('count by state and reason', async () => {
      for (const [userId, reason] of [['a', 'rejected'], ['B', 'rejected'], ['c-1', 'deleted']]) {
        await store.settle({ ...settlement(userId, ''), state: 'skipped', reason, via: null }, 'pending')
      }
      expect(readSums(await store.sums(id))).to.have.deep.members([
        { state: 'skipped', reason: 'rejected', count: 2 }, { state: 'skipped', reason: 'deleted', count: 1 }, { state: 'pending', reason: '', count: 2 },
      ])
      expect(await store.missed(id, ['rejected'], 10)).to.have.members(['a', 'B'])
      expect(await store.countMissed(id, ['rejected', 'no-permission'])).to.equal(2)
      expect((await store.recipients(id, 'skipped', 100)).map(({ userId }) => userId)).to.have.members(['a', 'B', 'c-1'])
    })

    it('forget a user, and nobody who is spelt otherwise', async () => {
      expect(await store.forget('100', 'A')).to.deep.equal([])
      const rows = await store.forget('100', 'a')
      expect(rows.map(({ broadcast }) => broadcast)).to.include(id)
      expect((await recipients()).map(({ userId }) => userId)).to.have.members(ids.slice(1))
    })

    it('tell which of them something is to be done for, and which ended', async () => {
      const own = async () => (await store.active()).some(row => row.id === id)
      expect(await own()).to.equal(false)
      await store.change({ id }, { state: 'scheduled' })
      expect(await own()).to.equal(true)
      await store.change({ id }, { state: 'finished', finishedAt: at })
      expect(await own()).to.equal(false)
      await store.change({ id }, { owner: 'x' })
      expect(await own()).to.equal(true)
      expect(await store.ended(new Date(+at + 1))).to.include(id)
      expect(await store.ended(at)).not.to.include(id)
    })

    it('lose recipients a few at a time', async () => {
      expect(await store.prune(id, 2)).to.equal(true)
      expect(await recipients()).to.have.length(3)
      expect(await store.prune(id, 4)).to.equal(false)
      expect(await recipients()).to.deep.equal([])
    })
  })
}
