/** Rule: the overview counts by day in the server's time zone, and keeps up with events without counting again. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { EventType } from '../../src'
import type { Overview } from '../../src/console/overview/protocol'
import { until } from '../harness'
import { Site } from './site'

const count = (state: Partial<Overview['totals']>) => ({ friends: 0, reachable: 0, rejected: 0, deleted: 0, unknown: 0, ...state })
const movement = (change: Partial<Overview['today']>) => ({ added: 0, deleted: 0, rejected: 0, allowed: 0, ...change })

describe('console: overview', () => {
  const site = new Site()

  afterEach(() => site.stop())

  const entry = (id: string, type: EventType, occurredAt: Date, more = {}) => ({
    id, selfId: site.platform.selfId, userId: id, type, source: 'friend-add' as const, occurredAt, receivedAt: occurredAt, applied: true, ...more,
  })

  it('counts by day in the server\'s time zone, and goes back from the present', async () => {
    const page = await site.start()
    const today = Time.getDateNumber()
    const at = (day: number, offset = 0) => new Date(+Time.fromDateNumber(today + day) + offset)
    const state = { relation: 'friend', firstSeen: at(-20) } as const
    await site.seed([
      { ...state, userId: 'A', scene: 2003, sceneParam: 'spring' },
      { ...state, userId: 'B', scene: 2003, sceneParam: 'spring' },
      { ...state, userId: 'C', consent: 'rejected', sceneParam: 'fall' },
      { ...state, userId: 'D', relation: 'deleted' },
      { ...state, userId: 'E', selfId: 'other' },
      // what is left where the database was asked whether it takes writes
      { ...state, userId: '~', selfId: '', relation: 'unknown', scene: 1, sceneParam: '~' },
    ])
    await site.harness.app.database.upsert('qq_user_event', [
      entry('1', 'friend-added', at(0)),
      entry('2', 'friend-added', at(0, -1)),
      entry('3', 'friend-added', at(-1), { applied: false }),
      entry('4', 'friend-deleted', at(-6)),
      entry('5', 'friend-added', at(-7, 5)),
      entry('6', 'friend-push-rejected', at(-13)),
      entry('7', 'friend-push-allowed', at(-14)),
      entry('8', 'friend-added', at(0), { selfId: 'other' }),
    ])
    const { selfId } = site.platform
    const overview = await page.call('qq-user/overview', { selfId, days: 15 })
    expect(overview.totals).to.deep.equal(count({ friends: 3, reachable: 2, rejected: 1, deleted: 1, unknown: 3 }))
    expect(overview.today).to.deep.equal(movement({ added: 1 }))
    expect(overview.week).to.deep.equal(movement({ added: 2, deleted: 1 }))
    expect(overview.weekBefore).to.deep.equal(movement({ added: 1, rejected: 1 }))
    expect(overview.scenes).to.have.deep.members([{ scene: 2003, count: 2 }, { scene: null, count: 2 }])
    expect(overview.sceneParams).to.deep.equal([{ sceneParam: 'spring', count: 2 }, { sceneParam: 'fall', count: 1 }])
    expect(overview.days).to.have.length(15)
    const day = (back: number) => overview.days.at(-1 - back)
    expect(day(0)).to.deep.equal({ date: Time.template('yyyy-MM-dd', at(0, 12 * Time.hour)), ...movement({ added: 1 }), friends: 3, rejected: 1 })
    expect(day(1)).to.deep.include({ added: 1, friends: 2 })
    expect(day(2)).to.deep.include({ added: 0, friends: 1 })
    expect(day(6)).to.deep.include({ deleted: 1, friends: 1 })
    expect(day(7)).to.deep.include({ added: 1, friends: 2 })
    expect(day(13)).to.deep.include({ rejected: 1 })
    expect(day(14)).to.deep.include({ allowed: 1, rejected: 0 })

    const all = await page.call('qq-user/overview', {})
    expect(all.totals.friends).to.equal(4)
    expect(all.today).to.deep.equal(movement({ added: 2 }))
    expect(all.days).to.have.length(30)
    expect(all.scenes).to.deep.equal([{ scene: null, count: 3 }, { scene: 2003, count: 2 }])
    expect(all.sceneParams).to.deep.equal(overview.sceneParams)
    expect((await page.call('qq-user/overview', { selfId: 'nobody' })).totals).to.deep.equal(count({}))
  })

  it('keeps up without counting again', async () => {
    const page = await site.start()
    await page.call('qq-user/overview', {})
    let scans = 0
    const restore = site.intercept((selection, proceed) => {
      if (selection.args[0].group) scans++
      return proceed()
    })
    site.platform.add('A')
    site.platform.reject('A')
    await until(() => site.harness.sessions.length === 2)
    scans = 0
    for (let time = 0; time < 5; time++) {
      const { today, totals } = await page.call('qq-user/overview', {})
      expect(today).to.deep.equal(movement({ added: 1, rejected: 1 }))
      expect(totals).to.deep.equal(count({ friends: 1, rejected: 1 }))
    }
    expect(scans).to.equal(0)
    // a late one belongs to another day
    site.platform.allow('B', { timestamp: Date.now() - 3 * Time.day })
    await until(() => site.harness.sessions.length === 3)
    const { days } = await page.call('qq-user/overview', {})
    expect(days.at(-4)).to.include({ allowed: 1 })
    expect(scans).to.equal(0)
    restore()
  })

  it('counts the days beside the line of writes, and what is written meanwhile once', async () => {
    const page = await site.start()
    await site.befriend('A')
    let release!: () => void
    let asked!: () => void
    const begun = new Promise<void>(resolve => asked = resolve)
    const held = new Promise<void>(resolve => release = resolve)
    const restore = site.intercept(async (selection, proceed) => {
      const isCount = selection.table.table === 'qq_user_event' && selection.args[0].fields === undefined && selection.table.args?.[0].group
      const rows = await proceed()
      if (isCount) {
        asked()
        await held
      }
      return rows
    })
    const overview = page.call('qq-user/overview', {})
    await begun
    // the answer is not there yet, and does not have this one
    site.platform.add('B')
    await until(async () => (await site.harness.users).length === 2)
    release()
    restore()
    expect((await overview).today.added).to.equal(2)
    site.platform.add('C')
    await until(async () => (await site.harness.users).length === 3)
    expect((await page.call('qq-user/overview', {})).today.added).to.equal(3)
  })
})
