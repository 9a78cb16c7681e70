import { expect } from 'chai'
import { install } from '@sinonjs/fake-timers'
import { Time } from 'koishi'
import { Harness, HarnessOptions, pass, until } from '../harness'
import { Platform } from '../platform'
import { QQUserEntry } from '../../src'
import { Statistics } from '../../src/roster/statistics'

const silent = { icebreaker: { enabled: false }, pushAllowed: { enabled: false }, pushRejected: { enabled: false } }

let harness: Harness
let platform: Platform
let clock: ReturnType<typeof install> | undefined

async function start(options: HarnessOptions = {}) {
  harness = await Harness.start({ config: silent, ...options })
  platform = harness.platform
}

/** From here on time stands still, but for what `clock.tickAsync()` lets pass. */
function freeze(now = Date.now()) {
  clock = install({ now, shouldClearNativeTimers: true, toFake: ['Date', 'setTimeout', 'clearTimeout', 'setInterval', 'clearInterval'] })
  return clock
}

async function stop() {
  clock?.uninstall()
  clock = undefined
  await harness.stop()
}

describe('retention', () => {
  afterEach(stop)

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
    harness.plugin!.dispose()
    harness.load({ ...silent, history: { keepDays } })
    await until(() => harness.app.get('qqUser'))
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
    const clock = freeze()
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
    const clock = freeze()
    harness.load({ ...silent, history: { keepDays: 1 } })
    await until(() => harness.app.get('qqUser'))
    await pass()
    harness.plugin!.dispose()
    await pass()
    await fill([entry('A', 9 * Time.day), entry('A', 8 * Time.day)])
    await clock.tickAsync(2 * Time.day)
    await pass()
    expect(await left()).to.equal(2)
    expect(harness.warnings).to.deep.equal([])
  })

  it('stops without a word when the plugin is unloaded in the midst of it', async () => {
    await start()
    await fill(Array.from({ length: 2000 }, (_, index) => entry('A', (2 + index) * Time.day)))
    const sizes = observe((times) => {
      if (times === 3) harness.plugin!.dispose()
    })
    harness.plugin!.dispose()
    harness.load({ ...silent, history: { keepDays: 1 } })
    await until(() => sizes.length === 3)
    await pass()
    expect(await left()).to.equal(2000 - 3 * 50)
    expect(harness.warnings).to.deep.equal([])
    harness.load({ ...silent, history: { keepDays: 1 } })
    await until(async () => await left() === 1)
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

describe('statistics', () => {
  afterEach(stop)

  const NOON = 12 * Time.hour
  const midnight = () => +Time.fromDateNumber(Time.getDateNumber())
  const statistics = () => new Statistics(harness.app, harness.app.qqUser['roster'])
  const none = { added: 0, deleted: 0, rejected: 0, allowed: 0 }

  async function recorded(count: number) {
    await until(async () => (await harness.ledger).length >= count)
  }

  it('begin with nothing', async () => {
    await start()
    expect(await statistics().get(platform.selfId)).to.deep.equal({
      totals: { friends: 0, reachable: 0, rejected: 0, deleted: 0, unknown: 0 }, today: none, week: none, scenes: [],
    })
  })

  it('count users of one bot by relation and consent', async () => {
    await start()
    for (const id of ['A', 'B', 'C', 'D']) platform.add(id)
    platform.reject('A')
    platform.allow('B')
    platform.reject('D')
    platform.remove('C')
    platform.remove('D')
    platform.allow('E')
    await recorded(10)
    const { totals } = await statistics().get(platform.selfId)
    expect(totals).to.deep.equal({ friends: 2, reachable: 1, rejected: 2, deleted: 2, unknown: 1 })
    expect((await statistics().get('other')).totals).to.deep.equal({ friends: 0, reachable: 0, rejected: 0, deleted: 0, unknown: 0 })
  })

  for (const offset of [-480, 0, 720]) {
    it(`tell today from this week, where noon is ${offset} minutes from UTC`, async () => {
      const usual = Time.getTimezoneOffset()
      Time.setTimezoneOffset(offset)
      try {
        await start()
        freeze(midnight() + NOON)
        const today = midnight()
        platform.add('A', { timestamp: today })
        platform.add('B', { timestamp: today - Time.second })
        platform.add('C', { timestamp: today - 6 * Time.day })
        platform.add('D', { timestamp: today - 6 * Time.day - Time.second })
        platform.remove('C', { timestamp: today + Time.hour })
        platform.reject('A', { timestamp: today - 3 * Time.day })
        platform.allow('A', { timestamp: today + Time.hour })
        await recorded(7)
        const { today: movement, week } = await statistics().get(platform.selfId)
        expect(movement).to.deep.equal({ added: 1, deleted: 1, rejected: 0, allowed: 1 })
        expect(week).to.deep.equal({ added: 3, deleted: 1, rejected: 1, allowed: 1 })
      } finally {
        Time.setTimezoneOffset(usual)
      }
    })
  }

  it('go by what changed something only', async () => {
    await start()
    freeze(midnight() + NOON)
    const time = (minutes: number) => ({ timestamp: midnight() + minutes * Time.minute })
    const envelope = platform.add('A', time(60))
    platform.replay(envelope)
    platform.reject('A', { via: 'both', ...time(70) })
    await recorded(3)
    // known already, and too late
    platform.allow('A', time(50))
    platform.remove('A', time(40))
    platform.message('A', 'hello', time(80))
    await recorded(5)
    const { today, totals } = await statistics().get(platform.selfId)
    expect(today).to.deep.equal({ added: 1, deleted: 0, rejected: 1, allowed: 0 })
    expect(totals).to.deep.equal({ friends: 1, reachable: 0, rejected: 1, deleted: 0, unknown: 0 })
  })

  it('count a user who wrote without being known', async () => {
    await start()
    platform.message('A')
    await recorded(1)
    expect((await statistics().get(platform.selfId)).today.added).to.equal(1)
  })

  it('tell the scenes, most first', async () => {
    await start()
    for (const [id, scene] of [['A', 1001], ['B', 2003], ['C', 2003], ['D', 4711], ['E', 2003], ['F', 4711]] as const) platform.add(id, { scene })
    platform.reject('G')
    await recorded(7)
    const { scenes } = await statistics().get(platform.selfId)
    expect(scenes.slice(0, 2)).to.deep.equal([{ scene: 2003, count: 3 }, { scene: 4711, count: 2 }])
    expect(scenes.slice(2)).to.have.deep.members([{ scene: 1001, count: 1 }, { scene: null, count: 1 }])
    // coming back tells no scene, and does not take the first one away
    platform.remove('A')
    platform.add('A')
    await recorded(9)
    expect((await statistics().get(platform.selfId)).scenes).to.deep.include({ scene: 1001, count: 1 })
  })

  it('keep totals up to date, and movements for a minute', async () => {
    await start()
    const clock = freeze(midnight() + NOON)
    const numbers = statistics()
    platform.add('A')
    await recorded(1)
    expect((await numbers.get(platform.selfId)).today.added).to.equal(1)
    platform.add('B')
    await recorded(2)
    const soon = await numbers.get(platform.selfId)
    expect([soon.totals.friends, soon.today.added]).to.deep.equal([2, 1])
    await clock.tickAsync(Time.minute)
    const later = await numbers.get(platform.selfId)
    expect([later.totals.friends, later.today.added, later.week.added]).to.deep.equal([2, 2, 2])
  })

  it('try again after the database failed', async () => {
    await start()
    platform.add('A')
    await recorded(1)
    const numbers = statistics()
    await numbers.get('other')
    const { database } = harness.app
    const { select } = Object.getPrototypeOf(database)
    let down = true
    Object.defineProperty(database, 'select', {
      configurable: true,
      value(...args: unknown[]) {
        if (down) throw new Error('down')
        return select.apply(this, args)
      },
    })
    try {
      const error = await numbers.get(platform.selfId).then(() => undefined, error => error)
      expect(error).to.be.instanceOf(Error)
      down = false
      expect((await numbers.get(platform.selfId)).today.added).to.equal(1)
    } finally {
      delete (database as any).select
    }
  })
})
