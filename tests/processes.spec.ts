/** Rule: of two processes on one database, one announces and greets, whichever recorded the event, and both end in the newest state. */
import { expect } from 'chai'
import { Harness, pass, until } from './harness'
import { engines } from './database'
import { Platform } from './platform'

/** @returns what waits until so many wait */
function meet(count: number) {
  let go!: () => void
  const all = new Promise<void>(resolve => go = resolve)
  return () => {
    if (!--count) go()
    return all
  }
}

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

    it('send each notice that is owed once, though both find it owed', async () => {
      const count = 60
      for (let index = 0; index < count; index++) platform.add(`A${index}`)
      await until(() => platform.accepted().length >= count)
      await harnesses[0].settled(count)
      for (const { plugin } of harnesses) plugin!.dispose()
      const before = platform.posts.length
      await harnesses[0].app.database.set('qq_user_event', {}, { notice: 'pending', noticeReason: '' })

      const bothHaveFound = meet(harnesses.length)
      for (const { app } of harnesses) {
        const driver = app.database.drivers[0]
        const { get } = driver
        let first = true
        driver.get = async (selection, ...rest) => {
          const rows = await get.call(driver, selection, ...rest)
          const isSearch = selection.table === 'qq_user_event' && (selection.query as { notice?: string }).notice === 'pending'
          if (isSearch && first) await bothHaveFound()
          if (isSearch) first = false
          return rows
        }
      }
      for (const harness of harnesses) harness.load()
      await until(() => platform.posts.length >= before + count)
      await pass()
      const greeted = platform.posts.slice(before).map(({ target }) => target)
      expect(greeted.sort()).to.deep.equal(Array.from({ length: count }, (_, index) => `A${index}`).sort())
      expect((await harnesses[0].settled(count)).every(({ notice }) => notice === 'sent')).to.equal(true)
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
