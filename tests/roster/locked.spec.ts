/** Rule: a row that another session has locked holds up its user alone, and is written when the lock is gone. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Clock, freeze } from '../clock'
import { engines } from '../database'
import { Harness, pass, silent, until } from '../harness'

for (const engine of engines.filter(({ name }) => /^(mariadb|postgres)/.test(name))) {
  (engine.available ? describe : describe.skip)(`a row that is locked on ${engine.name}`, () => {
    let harness: Harness
    let clock: Clock
    let unlock = async () => {}

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      harness = await Harness.start({ config: silent, database: engine.create() })
      harness.platform.add('A')
      await until(() => harness.sessions.length === 1)
      clock = freeze()
    })

    afterEach(async () => {
      clock.uninstall()
      await unlock()
      await harness.stop()
    })

    /** Another session changes a user, and does not say yet whether that counts. */
    async function lock(userId: string) {
      let end!: () => void
      const held = new Promise<void>(resolve => end = resolve)
      let transaction!: Promise<void>
      await new Promise<void>((resolve) => {
        transaction = harness.app.database.withTransaction(async (database) => {
          await database.set('qq_user', { selfId: harness.platform.selfId, userId }, { name: 'held' })
          resolve()
          await held
        })
      })
      unlock = async () => {
        end()
        await transaction
      }
    }

    const told = () => harness.sessions.map(({ type, userId }) => `${type} ${userId}`).slice(1)

    it('holds up its own events, and those of others for ten seconds', async () => {
      await lock('A')
      harness.platform.remove('A')
      await pass()
      harness.platform.add('B')
      harness.platform.add('C')
      await pass()
      expect(told()).to.deep.equal([])
      await clock.tickAsync(10 * Time.second)
      await until(() => told().length === 2)
      harness.platform.add('A')
      harness.platform.reject('B')
      await until(() => told().length === 3)
      let friends: number | undefined
      harness.app.qqUser.count({ relation: 'friend' }).then(count => friends = count)
      await until(async () => {
        await clock.tickAsync(1)
        return friends !== undefined
      })
      expect(friends).to.equal(3)
      expect(told()).to.deep.equal(['friend-added B', 'friend-added C', 'friend-push-rejected B'])
      await unlock()
      await until(() => told().length === 5)
      expect(told().slice(3)).to.deep.equal(['friend-deleted A', 'friend-added A'])
      await harness.settled(6)
      expect(await harness.users).to.have.length(3)
      expect(harness.warnings.filter(line => line.includes(' qq-user '))).to.have.length(2)
    })
  })
}
