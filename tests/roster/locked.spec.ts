/** Rule: a row that another session has locked holds up its user alone, and is written when the lock is gone. */
import { expect } from 'chai'
import { Context, Time } from 'koishi'
import { Clock, freeze, tickUntil } from '../clock'
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

    const lock = (userId: string) => hold(database => database.set('qq_user', { selfId: harness.platform.selfId, userId }, { name: 'held' }))

    /** Another session writes, and does not say yet whether that counts. */
    async function hold(write: (database: Context['database']) => Promise<unknown>) {
      let end!: () => void
      const held = new Promise<void>(resolve => end = resolve)
      let transaction!: Promise<void>
      await new Promise<void>((resolve) => {
        transaction = harness.app.database.withTransaction(async (database) => {
          await write(database)
          resolve()
          await held
        })
      })
      unlock = async () => {
        end()
        await transaction
      }
    }

    const waiting = () => harness.app.qqUser['roster'].writing.waiting

    const told = () => harness.sessions.map(({ type, userId }) => `${type} ${userId}`).slice(1)

    it('holds up its own events, and those of others for ten seconds', async () => {
      await lock('A')
      harness.platform.remove('A')
      await until(() => waiting() === 1)
      harness.platform.add('B')
      harness.platform.add('C')
      await until(() => waiting() === 3)
      expect(told()).to.deep.equal([])
      await clock.tickAsync(10 * Time.second)
      await passUntil(() => told().length === 2)
      harness.platform.add('A')
      harness.platform.reject('B')
      await passUntil(() => told().length === 3)
      let friends: number | undefined
      harness.app.qqUser.count({ relation: 'friend' }).then(count => friends = count)
      await passUntil(() => friends !== undefined)
      expect(friends).to.equal(3)
      expect(told()).to.deep.equal(['friend-added B', 'friend-added C', 'friend-push-rejected B'])
      await unlock()
      await until(() => told().length === 5)
      expect(told().slice(3)).to.deep.equal(['friend-deleted A', 'friend-added A'])
      await harness.settled(6)
      expect(await harness.users).to.have.length(3)
      expect(harness.warnings.filter(line => /FRIEND_DEL.* wait for an answer/.test(line))).to.have.length(1)
    })

    /** The lock holds up A, and is left for others; when the plugin is reloaded, A adds the bot again. */
    async function comeBackAfterReload() {
      await until(() => waiting() === 1)
      harness.platform.add('B')
      await clock.tickAsync(10 * Time.second)
      await passUntil(() => told().length === 1)
      await harness.reload(silent)
      harness.platform.add('A')
      harness.platform.add('C')
      await passUntil(() => told().length === 2)
    }

    it('is waited for by the next instance of the plugin, which goes by what was written then', async () => {
      await lock('A')
      harness.platform.remove('A')
      await comeBackAfterReload()
      await unlock()
      await passUntil(() => told().length === 4)
      expect(told()).to.deep.equal(['friend-added B', 'friend-added C', 'friend-deleted A', 'friend-added A'])
      expect((await harness.users).every(({ relation }) => relation === 'friend')).to.equal(true)
    })

    it('is waited for by the next instance where a user is to be erased, who comes back as somebody new', async () => {
      await lock('A')
      const forgotten = harness.app.qqUser.forget(harness.platform.selfId, 'A').catch(() => {})
      await comeBackAfterReload()
      await unlock()
      await forgotten
      await passUntil(() => told().length === 3)
      expect(told()).to.deep.equal(['friend-added B', 'friend-added C', 'friend-added A'])
      expect((await harness.users).map(({ userId, relation }) => `${userId} ${relation}`).sort()).to.deep.equal(['A friend', 'B friend', 'C friend'])
    })

    /** Lets time pass, but not so fast that the database could not keep up with it. */
    function passUntil(condition: () => unknown) {
      return tickUntil(clock, 100, condition)
    }

    describe('in the ledger', () => {
      const config = { ...silent, icebreaker: { enabled: true }, requests: { concurrent: 1 } }
      const greeted = (userId: string) => harness.platform.accepted(userId).length
      let begun: number

      /** The greeting for A is owed when the bot is back, and nobody can take it on. */
      beforeEach(async () => {
        await harness.reload(config)
        const [{ id }] = await harness.ledger
        await harness.app.database.set('qq_user_event', { id }, { notice: 'pending' })
        await hold(database => database.set('qq_user_event', { id }, { weak: false }))
        harness.app.emit('bot-status-updated', harness.bot)
        await until(waiting)
        await pass()
        begun = Date.now()
      })

      const isLeft = () => tickUntil(clock, Time.second, () => {
        return waiting() && !harness.app.qqUser['roster'].writing.failing && Date.now() - begun > 11 * Time.second
      })

      it('holds up its own notice, and those of others for ten seconds', async () => {
        await isLeft()
        for (const userId of ['B', 'C', 'D']) harness.platform.add(userId)
        await passUntil(() => greeted('B') + greeted('C') + greeted('D') === 3)
        expect(greeted('A')).to.equal(0)
        await unlock()
        await passUntil(() => greeted('A'))
        await harness.settled(4)
        expect(greeted('A')).to.equal(1)
        expect((await harness.ledger).map(({ notice }) => notice)).to.deep.equal(['sent', 'sent', 'sent', 'sent'])
      })

      it('loses no notice that could not be taken on when the plugin was unloaded', async () => {
        await isLeft()
        harness.plugin!.dispose()
        await pass()
        await unlock()
        await pass()
        harness.load(config)
        await passUntil(() => greeted('A'))
        const [{ notice }] = await harness.settled(1)
        expect([notice, greeted('A')]).to.deep.equal(['sent', 1])
      })
    })
  })
}
