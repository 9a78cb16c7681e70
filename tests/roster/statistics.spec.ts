/** Rule: statistics count the users of a bot by relation, consent and scene, and what changed today and this week. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Harness, HarnessOptions, silent, until } from '../harness'
import { Platform } from '../platform'
import { Clock, freeze } from '../clock'
import { Statistics } from '../../src/roster/statistics'

describe('statistics', () => {
  let harness: Harness
  let platform: Platform
  let clock: Clock | undefined

  async function start(options: HarnessOptions = {}) {
    harness = await Harness.start({ config: silent, ...options })
    platform = harness.platform
  }

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    await harness.stop()
  })

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
        clock = freeze(midnight() + NOON)
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
    clock = freeze(midnight() + NOON)
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
    clock = freeze(midnight() + NOON)
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
