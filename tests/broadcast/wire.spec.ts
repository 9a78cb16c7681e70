import { expect } from 'chai'
import { befriend, begin, harness, names, reach, reached, recipients, start } from './stage'

describe('a broadcast', () => {
  afterEach(() => harness.stop())

  it('reaches everybody in its audience once', async () => {
    await start()
    await befriend(...names(30))
    const { id, counts } = await begin({ content: 'news for {user.id}' })
    expect(counts).to.deep.equal({ total: 30, pending: 30, sent: 0, skipped: 0, failed: 0, unknown: 0 })
    const done = await reach(id)
    expect(done.counts).to.deep.equal({ total: 30, pending: 0, sent: 30, skipped: 0, failed: 0, unknown: 0 })
    expect(reached().sort()).to.deep.equal(names(30))
    expect((await recipients(id)).every(({ state, via }) => state === 'sent' && via === 'proactive')).to.equal(true)
  })
})
