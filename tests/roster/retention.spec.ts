/** Rule: entries older than history.keepDays are removed, a little at a time, but never the newest of a user, and none for 0. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Harness, HarnessOptions, pass, silent, until } from '../harness'
import { engines } from '../database'
import { Platform } from '../platform'
import { Clock, freeze } from '../clock'
import { QQUserEntry } from '../../src'

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`retention on ${engine.name}`, () => {
    let harness: Harness
    let platform: Platform
    let clock: Clock | undefined

    before(() => engine.start())
    after(() => engine.stop())

    async function start(options: HarnessOptions = {}) {
      harness = await Harness.start({ config: silent, database: engine.create(), ...options })
      platform = harness.platform
    }

    afterEach(async () => {
      clock?.uninstall()
      clock = undefined
      await harness.stop()
    })

    let count = 0

    function entry(userId: string, age: number, values: Partial<QQUserEntry> = {}): QQUserEntry {
      const occurredAt = new Date(Date.now() - age)
      const id = `E${String(count++).padStart(6, '0')}`
      return {
        id,
        selfId: platform.selfId,
        userId,
        occurredAt,
        receivedAt: occurredAt,
        type: 'friend-added',
        source: 'friend-add',
        applied: true,
        weak: false,
        notice: 'none',
        noticeReason: '',
        origin: 'test',
        ...values,
      }
    }

    const fill = (entries: QQUserEntry[]) => harness.app.database.upsert('qq_user_event', entries)
    const left = async (userId?: string) => (await harness.app.database.get('qq_user_event', userId ? { userId } : {})).length
    const kept = async () => new Set((await harness.ledger).map(({ id }) => id))

    /** The sizes of what is removed from the ledger, one for each time. */
    function observe(then?: (times: number) => void) {
      const sizes: number[] = []
      const driver = harness.app.database.drivers[0] as any
      const { remove } = driver
      driver.remove = async (selection: { table: string }) => {
        const result = await remove.call(driver, selection)
        if (selection.table === 'qq_user_event') {
          sizes.push(result.removed)
          then?.(sizes.length)
        }
        return result
      }
      return sizes
    }

    /** Loads the plugin again, and waits until it has gone through the ledger. */
    async function reload(keepDays: number) {
      await harness.reload({ ...silent, history: { keepDays } })
    }

    it('removes what is older than so many days, on start', async () => {
      await start()
      const entries = [entry('A', 31 * Time.day), entry('A', 30 * Time.day + Time.minute), entry('A', 30 * Time.day - Time.minute), entry('A', Time.day)]
      await fill(entries)
      await reload(30)
      await until(async () => await left() === 2)
      await pass()
      expect(await kept()).to.deep.equal(new Set(entries.slice(2).map(({ id }) => id)))
    })

    it('removes what came over the wire', async () => {
      await start()
      platform.add('A', { timestamp: Date.now() - 5 * Time.day })
      platform.reject('A', { timestamp: Date.now() - 4 * Time.day })
      platform.allow('A', { timestamp: Date.now() - 3 * Time.day })
      platform.remove('A', { timestamp: Date.now() - Time.hour })
      platform.add('B', { timestamp: Date.now() - 5 * Time.day })
      await until(async () => await left() === 5)
      const user = await harness.app.qqUser.get(platform.selfId, 'A')
      await reload(1)
      await until(async () => await left() === 2)
      expect((await harness.ledger).map(({ userId, type }) => [userId, type])).to.have.deep.members([['A', 'friend-deleted'], ['B', 'friend-added']])
      expect(await harness.app.qqUser.get(platform.selfId, 'A')).to.deep.equal(user)
      expect(await harness.users).to.have.length(2)
    })

    it('never removes the newest entry of a user, for each bot', async () => {
      await start()
      const entries = [
        entry('A', 900 * Time.day), entry('A', 800 * Time.day),
        entry('A', 700 * Time.day, { selfId: 'other' }), entry('A', 600 * Time.day, { selfId: 'other' }),
        entry('B', 500 * Time.day),
      ]
      await fill(entries)
      await reload(1)
      await until(async () => await left() === 3)
      await pass()
      expect(await kept()).to.deep.equal(new Set([1, 3, 4].map(index => entries[index].id)))
    })

    it('keeps what is newest together', async () => {
      await start()
      const now = Date.now()
      const time = { occurredAt: new Date(now - 10 * Time.day) }
      await fill([entry('A', 11 * Time.day), entry('A', 0, time), entry('A', 0, time)])
      await reload(1)
      await until(async () => await left() === 2)
      await pass()
      expect(await left()).to.equal(2)
    })

    it('keeps everything for 0, which is the default', async () => {
      await start()
      await fill(Array.from({ length: 120 }, (_, index) => entry('A', index * Time.day)))
      await reload(0)
      await pass()
      expect(await left()).to.equal(120)
      harness.plugin!.dispose()
      harness.load()
      await pass()
      expect(await left()).to.equal(120)
    })

    it('removes a little at a time, so that events do not wait', async () => {
      await start()
      const sizes = observe()
      await fill(Array.from({ length: 333 }, (_, index) => entry(`U${index % 7}`, (2 + index) * Time.day)))
      await reload(1)
      platform.add('NEW')
      await until(async () => await left() === 7 + 1)
      await pass()
      expect(sizes.reduce((sum, size) => sum + size)).to.equal(333 - 7)
      expect(Math.max(...sizes)).to.be.at.most(50)
    })

    it('gets past many entries that stay', async () => {
      await start()
      await fill([
        ...Array.from({ length: 260 }, (_, index) => entry(`U${index}`, 9 * Time.day)),
        ...Array.from({ length: 60 }, () => entry('A', 8 * Time.day)),
        entry('A', Time.day * 3),
      ])
      await reload(2)
      await until(async () => await left('A') === 1)
      await pass()
      expect(await left()).to.equal(261)
    })

    it('gets past many entries of the same time, some of which stay', async () => {
      await start()
      const occurredAt = new Date(Math.floor(Date.now() / 1000) * 1000 - 9 * Time.day)
      const entries = Array.from({ length: 500 }, (_, index) => {
        return entry(index % 3 ? 'A' : `U${index}`, 0, { occurredAt, id: `${(index * 7919) % 500}` })
      })
      await fill([...entries, entry('A', Time.hour)])
      await reload(2)
      await until(async () => await left('A') === 1)
      await pass()
      expect(await left()).to.equal(Math.ceil(500 / 3) + 1)
    })

    it('runs again every day', async () => {
      await start()
      harness.plugin!.dispose()
      clock = freeze()
      harness.load({ ...silent, history: { keepDays: 1 } })
      await until(() => harness.app.get('qqUser'))
      await fill([entry('A', 23 * Time.hour), entry('A', Time.hour), entry('A', -12 * Time.hour), entry('B', 0)])
      await pass()
      expect(await left()).to.equal(4)
      await clock.tickAsync(Time.day - 1)
      await pass()
      expect(await left()).to.equal(4)
      await clock.tickAsync(1)
      await until(async () => await left() === 2)
      await fill([entry('B', -Time.hour)])
      await clock.tickAsync(Time.day)
      await until(async () => await left() === 2)
      expect(await left('A')).to.equal(1)
    })

    it('runs no more once the plugin is unloaded', async () => {
      await start()
      harness.plugin!.dispose()
      clock = freeze()
      harness.load({ ...silent, history: { keepDays: 1 } })
      await until(() => harness.app.get('qqUser'))
      // what is being written when time passes would seem to hang
      await harness.app.qqUser.list()
      await pass()
      harness.plugin!.dispose()
      await pass()
      await fill([entry('A', 9 * Time.day), entry('A', 8 * Time.day)])
      await clock.tickAsync(2 * Time.day)
      await pass()
      expect(await left()).to.equal(2)
      expect(harness.warnings).to.deep.equal([])
    })

    it('gives others their turn between its steps', async () => {
      await start()
      await fill(Array.from({ length: 400 }, (_, index) => entry('A', (2 + index) * Time.day)))
      let turns = 0
      let timer = setImmediate(function turn() {
        turns++
        timer = setImmediate(turn)
      })
      const seen: number[] = []
      observe(() => { seen.push(turns) })
      await reload(1)
      await until(async () => await left('A') === 1)
      clearImmediate(timer)
      expect(seen.length).to.be.above(5)
      expect(new Set(seen).size).to.equal(seen.length)
    })

    it('stops without a word when the plugin is unloaded in the midst of it', async () => {
      await start()
      await fill(Array.from({ length: 400 }, (_, index) => entry('A', (2 + index) * Time.day)))
      const sizes = observe((times) => {
        if (times === 3) harness.plugin!.dispose()
      })
      harness.plugin!.dispose()
      harness.load({ ...silent, history: { keepDays: 1 } })
      await until(() => sizes.length === 3)
      await pass()
      expect(await left()).to.equal(400 - 3 * 50)
      expect(harness.warnings).to.deep.equal([])
      harness.load({ ...silent, history: { keepDays: 1 } })
      await until(async () => await left() === 1)
    })

    it('gets past an entry that cannot be removed, and says so once', async () => {
      await start()
      const driver = harness.app.database.drivers[0] as any
      const { remove } = driver
      const entries = Array.from({ length: 120 }, (_, index) => entry('A', (200 - index) * Time.day))
      driver.remove = async (selection: any) => {
        if (selection.table === 'qq_user_push') throw new Error('no access')
        if (selection.table !== 'qq_user_event' || !JSON.stringify(selection.query).includes(entries[7].id)) return remove.call(driver, selection)
        throw new Error('no such thing')
      }
      await fill(entries)
      await reload(1)
      await until(async () => await left() === 2)
      await until(() => harness.warnings.some(line => line.includes('cannot be removed')))
      driver.remove = remove
      expect(await kept()).to.deep.equal(new Set([7, 119].map(index => entries[index].id)))
      expect(harness.warnings.filter(line => line.includes('no such thing'))).to.have.length(1)
    })

    it('forgets the push counts that no longer matter, whatever is kept', async () => {
      await start()
      const hour = Math.floor(Date.now() / Time.hour)
      const row = (userId: string, age: number) => ({ selfId: platform.selfId, userId, hour: hour - age, count: 1 })
      await harness.app.database.upsert('qq_user_push', [row('A', 0), row('A', 22), row('A', 26), row('B', 1000)])
      await reload(0)
      await until(async () => (await harness.app.database.get('qq_user_push', {})).length === 2)
      expect((await harness.app.database.get('qq_user_push', {})).map(({ hour: time }) => hour - time)).to.have.members([0, 22])
    })
  })
}
