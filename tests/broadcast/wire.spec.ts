/** Rule: a broadcast reaches everybody in its audience once, as the gate decides in their turn; it can be paused, cancelled and repeated. */
import { expect } from 'chai'
import { sleep } from 'koishi'
import { Broadcast, BroadcastState } from '../../src'
import { kinds } from '../database'
import { pass, until } from '../harness'
import { befriend, begin, broadcasts, create, fast, harness, names, paced, platform, reach, reached, recipients, start, startWith } from './stage'

describe('a broadcast', () => {
  afterEach(() => harness.stop())

  const counts = (values: Partial<Broadcast['counts']>) => ({ total: 0, pending: 0, sent: 0, skipped: 0, failed: 0, unknown: 0, ...values })

  it('reaches everybody in its audience once, and says how far it is', async () => {
    await startWith(names(30))
    const { id, counts: first } = await begin()
    expect(first).to.deep.equal(counts({ total: 30, pending: 30 }))
    const { counts: last, startedAt, finishedAt } = await reach(id)
    expect(last).to.deep.equal(counts({ total: 30, sent: 30 }))
    expect(+finishedAt!).to.be.at.least(+startedAt!)
    expect(reached().sort()).to.deep.equal(names(30))
    const outcomes = (await recipients(id)).map(({ state, via, code, reason }) => [state, via, code, reason])
    expect(outcomes).to.deep.equal(names(30).map(() => ['sent', 'proactive', null, '']))
  })

  it('announces each change of its state', async () => {
    await startWith(['A'])
    const changes: [BroadcastState | undefined, BroadcastState, number][] = []
    harness.app.on('qq-user/broadcast', ({ state, counts }, previous) => { changes.push([previous, state, counts.sent]) })
    const { id } = await create()
    await broadcasts().start(id)
    await reach(id)
    await pass()
    expect(changes).to.deep.equal([[undefined, 'draft', 0], ['draft', 'running', 0], ['running', 'finished', 1]])
  })

  it('is written to each as themselves, and what they are called is only text', async () => {
    await startWith(['A', 'B'])
    platform.message('A', '...', { username: '<at id="all"/>{bot.id}' })
    await until(async () => (await harness.app.qqUser.get(platform.selfId, 'A'))?.name)
    const { id } = await begin({ content: 'hello {user.name || "you"} ({user.id}) from {bot.name}', via: ['proactive'] })
    await reach(id)
    const text = (user: string) => platform.accepted(user).map(({ body }) => body.content)
    expect(text('A')).to.deep.equal(['hello <at id="all"/>{bot.id} (A) from stand-in'])
    expect(text('B')).to.deep.equal(['hello you (B) from stand-in'])
  })

  it('takes images and buttons', async () => {
    await startWith(['A'])
    const { id } = await begin({ content: 'look<button type="link" href="https://example.com">here</button>' })
    await reach(id)
    expect(platform.accepted('A')[0].body.keyboard).to.be.an('object')
  })

  it('goes to whom its audience describes, and nobody else', async () => {
    await startWith(['A1', 'A2', 'B1'])
    platform.add('A3', { scene: 1001, timestamp: Date.now() - 1000 })
    platform.allow('A2')
    platform.message('A1')
    await until(async () => (await harness.users).length === 4 && (await harness.users).some(({ consent }) => consent === 'allowed'))
    const to = async (audience: object) => {
      platform.posts.length = 0
      await reach((await begin({ audience })).id)
      return reached().sort()
    }
    expect(await to({ search: 'A' })).to.deep.equal(['A1', 'A2', 'A3'])
    expect(await to({ consent: 'allowed' })).to.deep.equal(['A2'])
    expect(await to({ scene: 1001 })).to.deep.equal(['A3'])
    expect(await to({ userIds: ['B1', 'A1'] })).to.deep.equal(['A1', 'B1'])
    expect(await to({ userIds: ['B1', 'A1'], search: 'B' })).to.deep.equal(['B1'])
    expect(await to({ activeSince: new Date(Date.now() - 60_000) })).to.deep.equal(['A1'])
  })

  it('is for those who were there when it started', async () => {
    await startWith(names(10), paced(20))
    const { id } = await begin()
    await befriend('A', 'Z')
    const { counts: last } = await reach(id)
    expect(last.total).to.equal(10)
    expect(reached().sort()).to.deep.equal(names(10))
  })

  it('decides about each when their turn has come', async () => {
    await startWith(names(20), paced(20))
    const { id } = await begin()
    await until(() => reached().length >= 2)
    platform.reject('U018')
    platform.remove('U019')
    const { counts: last } = await reach(id)
    expect(last).to.deep.equal(counts({ total: 20, sent: 18, skipped: 2 }))
    expect((await recipients(id)).slice(-2).map(({ userId, state, reason }) => [userId, state, reason])).to.deep.equal([
      ['U018', 'skipped', 'rejected'], ['U019', 'skipped', 'deleted'],
    ])
    expect(reached().sort()).to.deep.equal(names(18))
  })

  it('keeps what the platform says of each, and goes on', async () => {
    await startWith(names(6))
    platform.fail({ code: 40034006, when: ({ target }) => target === 'U001' })
    platform.fail({ status: 502, when: ({ target }) => target === 'U002' })
    platform.fail({ code: 40054013, when: ({ target }) => target === 'U003' })
    platform.fail({ code: 40011028, when: ({ target }) => target === 'U004' })
    const { id } = await begin()
    expect((await reach(id)).counts).to.deep.equal(counts({ total: 6, sent: 2, failed: 2, skipped: 1, unknown: 1 }))
    expect((await recipients(id)).map(({ state, reason, code }) => [state, reason, code])).to.deep.equal([
      ['sent', '', null], ['failed', 'content', 40034006], ['unknown', 'unknown-outcome', 502],
      ['skipped', 'rejected', null], ['failed', 'no-such-user', 40011028], ['sent', '', null],
    ])
    expect(platform.posts).to.have.length(6)
    const reasons = await broadcasts().reasons(id)
    expect(reasons).to.have.deep.members([
      { state: 'sent', reason: '', count: 2 }, { state: 'failed', reason: 'content', count: 1 }, { state: 'failed', reason: 'no-such-user', count: 1 },
      { state: 'unknown', reason: 'unknown-outcome', count: 1 }, { state: 'skipped', reason: 'rejected', count: 1 },
    ])
  })

  it('goes on where the platform gives a code that a database refuses', async () => {
    await startWith(names(3), { database: kinds.find(({ name }) => name === 'strict')!.create() })
    platform.fail({ code: -1, when: ({ target }) => target === 'U000' })
    platform.fail({ code: 2 ** 31, when: ({ target }) => target === 'U001' })
    const { id } = await begin()
    expect((await reach(id)).counts).to.deep.equal(counts({ total: 3, sent: 1, failed: 2 }))
    expect((await recipients(id)).map(({ state, reason, code }) => [state, reason, code])).to.deep.equal([
      ['failed', 'refused', null], ['failed', 'refused', null], ['sent', '', null],
    ])
  })

  it('takes the ways that it may, and no other', async () => {
    await startWith(['A', 'B'])
    platform.message('A')
    await until(async () => (await harness.app.qqUser.get(platform.selfId, 'A'))?.lastMessageAt)
    const { id } = await begin({ via: ['reply', 'recall'] })
    expect((await reach(id)).counts).to.deep.equal(counts({ total: 2, sent: 1, skipped: 1 }))
    expect(platform.posts.map(({ target, route }) => [target, route])).to.deep.equal([['A', 'msg']])
    expect((await recipients(id)).map(({ via, reason }) => [via, reason])).to.deep.equal([['reply', ''], [null, 'recall-closed']])
  })

  describe('that is paused', () => {
    it('sends nothing more within a second, and goes on with those who are left', async () => {
      await startWith(names(30), paced(50))
      const { id } = await begin()
      await until(() => reached().length >= 5)
      const { state, reason } = await broadcasts().pause(id)
      expect([state, reason]).to.deep.equal(['paused', ''])
      // what was under way
      await until(async () => (await recipients(id)).every(({ state }) => state !== 'sending'))
      const before = platform.posts.length
      await sleep(300)
      expect(platform.posts.length).to.equal(before)
      const { counts: half } = (await broadcasts().get(id))!
      expect(half.pending).to.be.above(0)
      expect(half.pending + half.sent).to.equal(30)
      await broadcasts().resume(id)
      expect((await reach(id)).counts).to.deep.equal(counts({ total: 30, sent: 30 }))
      expect(reached().sort()).to.deep.equal(names(30))
    })

    it('does not cut off what is under way, and does not send it again', async () => {
      await start()
      platform.latency = 200
      await befriend('A', 'B', 'C')
      const { id } = await begin()
      await until(() => platform.posts.length === 1)
      await broadcasts().pause(id)
      await until(async () => (await broadcasts().get(id))!.counts.sent === 1)
      platform.latency = 0
      await broadcasts().resume(id)
      await reach(id)
      expect(reached().sort()).to.deep.equal(['A', 'B', 'C'])
    })

    it('and at the same moment gone on with, ends as it says', async () => {
      await startWith(names(60), paced(20))
      const { id } = await begin()
      await broadcasts().pause(id)
      // a little later each time, so that each order of their steps comes about
      for (let delay = 0; delay < 25; delay++) {
        await until(() => !harness.app.qqUser.broadcasts['runs'].current.size)
        const resumed = broadcasts().resume(id)
        for (let index = 0; index < delay; index++) await null
        await broadcasts().pause(id).catch(() => {})
        await resumed
        const { state } = (await broadcasts().get(id))!
        if (state === 'running') await broadcasts().pause(id)
        await pass(2)
        expect(harness.app.qqUser.broadcasts['runs'].current.size, `${delay}`).to.equal(0)
      }
    })

    it('is gone on with where who had it lets go of it in the same moment', async () => {
      await startWith(['A'])
      const { id } = await begin({ audience: { userIds: ['A'] } }).then(({ id }) => broadcasts().pause(id))
      const store = broadcasts()['store']
      const { get } = store
      store.get = async (id) => {
        const row = await get.call(store, id)
        store.get = get
        await store.change({ id }, { owner: '', beat: row!.beat + 1 })
        return row
      }
      expect((await broadcasts().resume(id)).state).to.equal('running')
      await reach(id)
      expect(reached()).to.deep.equal(['A'])
    })

    it('does not wait until the platform takes more', async () => {
      await startWith(['A', 'B'])
      platform.fail({ code: 40054006, times: Infinity })
      const { id } = await begin()
      await until(() => platform.posts.length === 1)
      await broadcasts().pause(id)
      await sleep(1200)
      expect(platform.posts).to.have.length(1)
      expect((await recipients(id)).map(({ state }) => state)).to.deep.equal(['pending', 'pending'])
    })

    it('is cancelled for good, and nobody is lost sight of', async () => {
      await startWith(names(20), paced(50))
      const { id } = await begin()
      await until(() => reached().length >= 3)
      await broadcasts().cancel(id)
      await until(async () => (await recipients(id)).every(({ state }) => state !== 'sending'))
      await pass()
      const { counts: last, state } = (await broadcasts().get(id))!
      expect(state).to.equal('cancelled')
      expect(last.pending + last.sent).to.equal(20)
      expect(last.sent).to.equal(reached().length)
    })
  })

  it('that is started twice at once starts once', async () => {
    await startWith(names(5))
    const { id } = await create()
    const results = await Promise.allSettled([broadcasts().start(id), broadcasts().start(id), broadcasts().start(id)])
    expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
    for (const result of results) if (result.status === 'rejected') expect(result.reason).to.include({ name: 'BroadcastError', reason: 'wrong-state' })
    await reach(id)
    expect(reached().sort()).to.deep.equal(names(5))
  })

  describe('shares', () => {
    const slow = paced(20)

    it('what the bot may send with others, which take turns', async () => {
      await startWith([...names(12, 'A'), ...names(12, 'B')], paced(40))
      const [first, second] = await Promise.all(['A', 'B'].map(search => begin({ audience: { search } })))
      await Promise.all([reach(first.id), reach(second.id)])
      const half = reached().slice(4, 16).map(([bot]) => bot)
      expect(half.filter(name => name === 'A')).to.have.length.within(4, 8)
    })

    it('nothing with a single message, which goes first', async () => {
      await startWith([...names(20), 'Z'], slow)
      const { id } = await begin({ audience: { search: 'U' } })
      await until(() => reached().length >= 10)
      const before = reached().length
      await harness.app.qqUser.push(platform.selfId, 'Z', 'now')
      expect(reached().length - before).to.be.at.most(3)
      await broadcasts().cancel(id)
    })

    it('the day of a user with single messages', async () => {
      await startWith(['A', 'B'], { config: { push: { ...fast.push, userDay: 1 } } })
      await harness.app.qqUser.push(platform.selfId, 'A', 'now')
      const { id } = await begin()
      expect((await reach(id)).counts).to.deep.equal(counts({ total: 2, sent: 1, skipped: 1 }))
      expect((await recipients(id))[0]).to.deep.include({ state: 'skipped', reason: 'user-day' })
    })
  })

  describe('again', () => {
    it('goes to those whom it did not reach for a passing reason, and to nobody who may have got it', async () => {
      await startWith(['A', 'B', 'C', 'D'], { config: { push: { ...fast.push, userDay: 1 } } })
      await harness.app.qqUser.push(platform.selfId, 'A', 'now')
      platform.fail({ status: 502, when: ({ target }) => target === 'B' })
      platform.fail({ code: 40034006, when: ({ target }) => target === 'C' })
      const { id } = await begin({ content: 'hello {user.id}' })
      await reach(id)
      await harness.app.database.remove('qq_user_push', {})
      const again = await broadcasts().repeat(id)
      expect(again).to.deep.include({ state: 'draft', repeats: id, content: 'hello {user.id}' })
      platform.posts.length = 0
      await broadcasts().start(again.id)
      expect((await reach(again.id)).counts).to.deep.equal(counts({ total: 1, sent: 1 }))
      expect(reached()).to.deep.equal(['A'])
    })

    it('goes to nobody twice, however often it is asked for', async () => {
      await startWith(['A'], { config: { push: { ...fast.push, userDay: 1 } } })
      await harness.app.qqUser.push(platform.selfId, 'A', 'now')
      const { id } = await begin()
      await reach(id)
      await harness.app.database.remove('qq_user_push', {})
      platform.posts.length = 0
      // two may be made in the same moment
      const [one, two] = await Promise.all([broadcasts().repeat(id), broadcasts().repeat(id)])
      expect(two.id).not.to.equal(one.id)
      expect([one.id, two.id]).to.include((await broadcasts().repeat(id)).id)
      await broadcasts().start(two.id)
      await reach(two.id)
      await harness.app.database.remove('qq_user_push', {})
      const refusal = (promise: Promise<unknown>) => promise.then(() => '', ({ reason, detail = '' }) => reason + detail)
      expect(await refusal(broadcasts().repeat(id))).to.equal(`repeated#${two.id}`)
      expect(await refusal(broadcasts().start(one.id))).to.equal(`repeated#${two.id}`)
      expect(await refusal(broadcasts().repeat(two.id))).to.equal('nobody-left')
      expect(reached()).to.deep.equal(['A'])
    })

    it('is refused while it is not over, and when there is nobody', async () => {
      await startWith(['A'])
      const { id } = await create()
      const reason = async () => broadcasts().repeat(id).then(() => '', ({ reason }) => reason)
      expect(await reason()).to.equal('wrong-state')
      await broadcasts().start(id)
      await reach(id)
      expect(await reason()).to.equal('nobody-left')
    })
  })

  it('is tested, and shown, before it is made', async () => {
    await startWith(['A'])
    const shown = await broadcasts().preview(platform.selfId, 'hello <b>{user.id}</b>', 'A')
    expect(shown.join('')).to.equal('hello <b>A</b>')
    const ids = await broadcasts().test(platform.selfId, 'hello {user.id}', 'A')
    expect(platform.accepted().map(({ id, body }) => [id, body.content])).to.deep.equal([[ids[0], 'hello A']])
    expect(await broadcasts().list()).to.deep.equal([])
  })

  it('tells beforehand whom it would reach, and how long that takes', async () => {
    await startWith(['A', 'B', 'C'], { config: { push: { tier: 'uncertified' } } })
    platform.reject('B')
    await until(async () => (await harness.users).some(({ consent }) => consent === 'rejected'))
    const { selfId } = platform
    expect(await broadcasts().estimate({ selfId })).to.deep.equal({ total: 3, reachable: 2, skipped: { rejected: 1 }, ways: { proactive: 2 }, duration: 4000 })
    expect(await broadcasts().estimate({ selfId, via: ['recall'] })).to.deep.include({ reachable: 0, skipped: { 'rejected': 1, 'recall-closed': 2 } })
    expect(await broadcasts().estimate({ selfId, audience: { search: 'nobody' } })).to.deep.include({ total: 0, reachable: 0, duration: 0 })
  })
})
