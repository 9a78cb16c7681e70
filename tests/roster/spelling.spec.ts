/** Rule: users whose ids differ only by case are never taken for each other; a database that cannot keep both refuses the later one. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Harness, pass, silent, until } from '../harness'
import { engines } from '../database'
import { Platform } from '../platform'
import { apart, foldCase } from '../../src/roster/keys'

describe('keys that differ only by case', () => {
  it('are cut apart, in order, into few parts', () => {
    expect(apart(['a', 'b', 'A', 'B', 'a'], key => [key])).to.deep.equal([['a', 'b'], ['A', 'B'], ['a']])
    expect(apart(['a', 'a', 'b'], key => [key])).to.deep.equal([['a', 'a', 'b']])
    expect(apart([], key => [key])).to.deep.equal([])
    fc.assert(fc.property(fc.array(fc.constantFrom('a', 'A', 'b', 'B', 'c')), (keys) => {
      const parts = apart(keys, key => [key])
      expect(parts.flat()).to.deep.equal(keys)
      for (const part of parts) expect(new Set(part).size).to.equal(new Set(part.map(foldCase)).size)
    }))
  })
})

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`users whose ids differ only by case, on ${engine.name}`, () => {
    let harness: Harness
    let platform: Platform

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      harness = await Harness.start({ config: silent, database: engine.create() })
      platform = harness.platform
    })

    afterEach(() => harness.stop())

    const relation = async (userId: string) => (await harness.app.qqUser.get(platform.selfId, userId))?.relation
    const cased = () => harness.warnings.filter(line => line.includes('upper case'))

    /** Whether the database at hand tells them apart. */
    async function tells() {
      const { database } = harness.app
      await database.upsert('qq_user', [{ selfId: 'probe', userId: 'A', name: 'A' }])
      const found = await database.get('qq_user', { selfId: 'probe', userId: 'a' })
      await database.remove('qq_user', { selfId: 'probe' })
      return !found.length
    }

    let rounds = 0

    async function play(userIds: string[]) {
      for (const userId of userIds) platform.add(userId)
      const { id } = platform.add(`last${++rounds}`)
      await until(async () => (await harness.app.database.get('qq_user_event', { id })).length)
      // nothing is on its way any more
      await harness.app.qqUser.list()
      await pass()
    }

    for (const [when, batches] of [['in one batch', [['ABCD', 'abcd']]], ['one after the other', [['ABCD'], ['abcd']]]] as const) {
      it(`are two, or the later one is refused with a warning, ${when}`, async () => {
        const apart = await tells()
        for (const batch of batches) await play([...batch])
        platform.remove('abcd')
        await play([])
        expect(await relation('ABCD')).to.equal('friend')
        expect(await relation('abcd')).to.equal(apart ? 'deleted' : undefined)
        expect(cased()).to.have.length(apart ? 0 : 1)
        const ledger = await harness.ledger
        expect(ledger.filter(({ userId }) => userId === 'abcd')).to.have.length(apart ? 2 : 0)
        expect(ledger.filter(({ userId }) => userId === 'ABCD')).to.have.length(1)
        expect(harness.sessions.filter(({ userId }) => userId === 'abcd')).to.have.length(apart ? 2 : 0)
      })
    }

    it('are not taken for each other by anything that reads, nor erased in place of each other', async () => {
      await play(['ABCD'])
      const { selfId } = platform
      const { qqUser } = harness.app
      expect(await qqUser.get(selfId, 'abcd')).to.equal(undefined)
      expect(await qqUser.history(selfId, 'abcd')).to.deep.equal([])
      expect(await qqUser['roster'].users.find(selfId, ['abcd'])).to.deep.equal(new Set())
      expect(await qqUser['roster'].users.find(selfId, ['abcd', 'ABCD'])).to.deep.equal(new Set(['ABCD']))
      expect(await qqUser['roster'].entries({ selfId, userId: 'abcd' }, 10)).to.deep.equal([])
      expect(await qqUser['roster'].countEntries({ selfId, userId: 'abcd' })).to.equal(0)
      await qqUser['roster'].forget(selfId, 'abcd')
      expect(await qqUser.get(selfId, 'ABCD')).to.include({ userId: 'ABCD' })
      expect(await qqUser.history(selfId, 'ABCD')).to.have.length(1)
      expect(cased()).to.deep.equal([])
    })
  })
}
