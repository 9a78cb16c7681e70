/** Rule: of two processes on one database, one announces and greets, whichever recorded the event, and both end in the newest state. */
import { expect } from 'chai'
import { Harness, pass, until } from './harness'
import { engines } from './database'
import { Platform } from './platform'

for (const engine of engines.filter(({ shared }) => shared)) {
  (engine.available ? describe : describe.skip)(`two processes on one database on ${engine.name}`, () => {
    let platform: Platform
    let harnesses: Harness[]

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      platform = await Platform.start()
      const database = engine.create()
      harnesses = [await Harness.start({ platform, database }), await Harness.start({ platform, database })]
    })

    afterEach(async () => {
      for (const harness of harnesses) await harness.stop()
      await platform.stop()
    })

    it('announce and greet once, whichever of them recorded the event', async () => {
      const count = 60
      for (let index = 0; index < count; index++) {
        platform.add(`A${index}`)
        if (index % 10 === 0) await pass(1)
      }
      const announced = () => harnesses.flatMap(({ sessions }) => sessions.map(({ userId }) => userId))
      await until(() => announced().length >= count && platform.accepted().length >= count)
      await pass()
      expect(announced().sort()).to.deep.equal([...new Set(announced())].sort())
      expect(announced()).to.have.length(count)
      expect(platform.posts).to.have.length(count)
      const ledger = await harnesses[0].settled(count)
      expect(ledger).to.have.length(count)
      expect(ledger.every(({ notice }) => notice === 'sent')).to.equal(true)
      expect(await harnesses[1].users).to.have.length(count)
    })

    it('end in the state of the newest events', async () => {
      const count = 30
      for (let index = 0; index < count; index++) {
        platform.add(`A${index}`, { timestamp: 1_700_000_000_000 })
        platform.allow(`A${index}`, { timestamp: 1_700_000_060_000 })
        platform.reject(`A${index}`, { timestamp: 1_700_000_120_000 })
      }
      await harnesses[0].settled(3 * count)
      const users = await harnesses[0].users
      expect(users).to.have.length(count)
      expect(users.every(({ relation, consent }) => relation === 'friend' && consent === 'rejected')).to.equal(true)
    })
  })
}
