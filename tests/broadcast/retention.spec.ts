/** Rule: recipients are erased with their user, and in time with the history; the sums of their broadcast still add up. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { until } from '../harness'
import { begin, broadcasts, fast, harness, names, paced, platform, reach, reached, recipients, startWith } from './stage'

describe('recipients', () => {
  afterEach(() => harness.stop())

  it('of what was over long ago go with the ledger, and the sums stay', async () => {
    await startWith(names(5), { config: { history: { keepDays: 30 } } })
    const [old, recent] = [await begin(), await begin()]
    await Promise.all([reach(old.id), reach(recent.id)])
    await harness.app.database.set('qq_user_broadcast', { id: old.id }, { finishedAt: new Date(Date.now() - 31 * Time.day) })
    await harness.plugin!.update({ ...fast, history: { keepDays: 29 } }, true)
    await until(async () => harness.app.get('qqUser') && !(await recipients(old.id)).length)
    expect((await broadcasts().get(old.id))!.counts).to.deep.include({ total: 5, sent: 5 })
    expect(await recipients(recent.id)).to.have.length(5)
  })

  it('are forgotten with the user, whether they got it or not', async () => {
    await startWith(names(10), paced(20))
    const { id } = await begin()
    await until(async () => (await recipients(id))[0].state === 'sent')
    await harness.app.qqUser.forget(platform.selfId, 'U000')
    await harness.app.qqUser.forget(platform.selfId, 'U009')
    const { counts } = await reach(id)
    expect(counts).to.deep.equal({ total: 8, pending: 0, sent: 8, skipped: 0, failed: 0, unknown: 0 })
    expect(reached().sort()).to.deep.equal(names(9))
    expect((await recipients(id)).map(({ userId }) => userId)).to.deep.equal(names(10).slice(1, 9))
  })

  it('of a broadcast that is paused are forgotten, and its sums add up', async () => {
    await startWith(names(6), paced(20))
    const { id } = await begin()
    await until(() => reached().length >= 2)
    await broadcasts().pause(id)
    await until(async () => (await recipients(id)).every(({ state }) => state !== 'sending') && !harness.app.qqUser.broadcasts['runs'].current.size)
    await harness.app.qqUser.forget(platform.selfId, 'U005')
    const { total, pending, sent } = (await broadcasts().get(id))!.counts
    expect([total, pending + sent]).to.deep.equal([5, 5])
    await broadcasts().resume(id)
    expect((await reach(id)).counts.sent).to.equal(5)
  })
})
