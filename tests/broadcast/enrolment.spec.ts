/** Rule: an audience is as it was at the start, however large it is, and is not taken in all at once. */
import { expect } from 'chai'
import { $ } from 'koishi'
import { blank } from '../../src/roster/state'
import { until } from '../harness'
import { begin, broadcasts, fast, harness, paced, platform, recipients, start } from './stage'

describe('a large audience', () => {
  const SIZE = 450
  const ids = Array.from({ length: SIZE }, (_, index) => `U${String(index).padStart(4, '0')}`)

  beforeEach(async () => {
    await start(paced(1))
    const rows = ids.map(userId => ({ ...blank({ selfId: platform.selfId, userId, occurredAt: Date.now() - 1000 }), relation: 'friend' as const }))
    for (let index = 0; index < SIZE; index += 150) await harness.app.database.upsert('qq_user', rows.slice(index, index + 150))
    for (const id of ids) platform.users.set(id, { friend: true, push: true, username: '' })
  })

  afterEach(() => harness.stop())

  const row = async (id: number) => (await harness.app.database.get('qq_user_broadcast', { id }))[0]

  it('is known in size at once, and taken in while sending has begun', async () => {
    const { id, counts } = await begin()
    expect(counts.total).to.equal(SIZE)
    expect(await harness.app.database.eval('qq_user_broadcast_recipient', rows => $.length(rows.userId), { broadcast: id })).to.be.below(SIZE)
    await until(async () => (await row(id)).complete)
    expect((await recipients(id)).map(({ userId }) => userId)).to.deep.equal(ids)
  })

  it('leaves others their turn between the questions that it asks of a database in this process', async () => {
    let turn = 0
    let counting = setImmediate(function count() {
      turn++
      counting = setImmediate(count)
    })
    const turns: number[] = []
    const { users } = harness.app.qqUser['roster'] as any
    for (const name of ['survey', 'latest', 'match']) {
      const original = users[name]
      users[name] = (...args: unknown[]) => (turns.push(turn), original.apply(users, args))
    }
    const { id } = await begin()
    clearImmediate(counting)
    expect(turns).to.have.length(3)
    expect(new Set(turns).size).to.equal(3)
    await broadcasts().cancel(id)
  })

  it('is taken in to its end after a reload, without those who came later', async () => {
    const { id } = await begin()
    expect((await row(id)).complete).to.equal(false)
    await harness.reload({ ...fast, push: { ...fast.push, botSecond: 1 } })
    // the platform's times know seconds only
    for (const id of ['T', 'V']) platform.add(id, { timestamp: Date.now() + 1000 })
    await until(async () => (await harness.users).length === SIZE + 2)
    await until(async () => (await row(id)).complete)
    expect((await recipients(id)).map(({ userId }) => userId)).to.deep.equal(ids)
    expect((await broadcasts().get(id))!.counts.total).to.equal(SIZE)
    await broadcasts().cancel(id)
  })
})
