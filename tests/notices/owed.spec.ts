/** Rule: a notice that was owed when the bot went away is sent once it is back, as long as the user can be answered. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { freeze, tickUntil } from '../clock'
import { Harness, pass, until } from '../harness'
import { Platform } from '../platform'

describe('notices that were owed when the bot went away', () => {
  let harness: Harness
  let platform: Platform
  let stop = true

  beforeEach(async () => {
    harness = await Harness.start({ prepare: app => app.on('before-send', () => stop) })
    platform = harness.platform
  })

  afterEach(() => harness.stop())

  const outcome = async () => (await harness.settled(1)).map(({ notice, noticeReason }) => [notice, noticeReason])

  async function owe(age: number) {
    stop = true
    const occurredAt = new Date(Math.floor((Date.now() - age) / 1000) * 1000)
    const { id } = platform.add('A', { timestamp: +occurredAt })
    await harness.settled(1)
    harness.plugin!.dispose()
    await harness.app.database.set('qq_user_event', { id }, { notice: 'pending', noticeReason: '' })
    stop = false
    return id
  }

  it('are sent once it is back, while the user can be answered', async () => {
    const id = await owe(Time.minute)
    harness.load()
    await until(() => platform.posts.length)
    expect(platform.posts[0].body.event_id).to.equal(id)
    expect(await outcome()).to.deep.equal([['sent', '']])
    platform.drop()
    await harness.online()
    await pass()
    expect(platform.posts).to.have.length(1)
  })

  it('are sent once it is back, if they could not be taken on', async () => {
    stop = false
    const driver = harness.app.database.drivers[0] as any
    driver._run('CREATE TRIGGER busy BEFORE UPDATE ON qq_user_event BEGIN SELECT RAISE(ABORT, \'not now\'); END')
    const { id } = platform.add('A')
    await until(() => harness.warnings.some(line => line.includes('not now')))
    expect(harness.warnings.find(line => line.includes('not now'))).to.include(id).and.to.not.include('    at ')
    harness.plugin!.dispose()
    driver._run('DROP TRIGGER busy')
    expect((await harness.ledger)[0]).to.include({ notice: 'pending' })
    expect(platform.posts).to.deep.equal([])
    harness.load()
    expect(await outcome()).to.deep.equal([['sent', '']])
    expect(platform.posts).to.have.length(1)
    expect(harness.warnings.filter(line => line.includes(' qq-user '))).to.have.length(1)
  })

  it('are sent by the same instance, a minute later, if they could not be taken on', async () => {
    stop = false
    const driver = harness.app.database.drivers[0] as any
    driver._run('CREATE TRIGGER busy BEFORE UPDATE ON qq_user_event BEGIN SELECT RAISE(ABORT, \'not now\'); END')
    const clock = freeze()
    try {
      platform.add('A')
      await tickUntil(clock, 100, () => harness.warnings.some(line => line.includes('not now')))
      driver._run('DROP TRIGGER busy')
      expect(platform.posts).to.deep.equal([])
      await clock.tickAsync(Time.minute)
      await until(() => platform.posts.length)
    } finally {
      clock.uninstall()
    }
    expect(await outcome()).to.deep.equal([['sent', '']])
  })

  it('are sent when it is on record that they are owed again, however late that is', async () => {
    stop = false
    const clock = freeze()
    const driver = harness.app.database.drivers[0] as any
    try {
      platform.freshFor = Time.second
      platform.add('A')
      await until(() => platform.posts.length)
      await pass()
      driver._run('CREATE TRIGGER busy BEFORE UPDATE ON qq_user_event BEGIN SELECT RAISE(ABORT, \'not now\'); END')
      harness.plugin!.dispose()
      await clock.tickAsync(2 * Time.second)
      harness.load()
      await until(() => harness.warnings.some(line => line.includes('is set aside')))
      driver._run('DROP TRIGGER busy')
      await clock.tickAsync(Time.minute)
      await until(() => platform.posts.length === 2)
    } finally {
      clock.uninstall()
    }
    expect(await outcome()).to.deep.equal([['sent', '']])
  })

  it('are sent though one of them can never be taken on', async () => {
    stop = false
    const driver = harness.app.database.drivers[0] as any
    const refuse = (users: string) => driver._run(`CREATE TRIGGER busy BEFORE UPDATE ON qq_user_event WHEN ${users} BEGIN SELECT RAISE(ABORT, 'not now'); END`)
    refuse('1')
    for (const userId of ['A', 'B', 'C', 'D']) platform.add(userId)
    await until(() => harness.warnings.filter(line => line.includes('not now')).length === 4)
    harness.plugin!.dispose()
    driver._run('DROP TRIGGER busy')
    refuse('OLD.userId = \'B\'')
    harness.load()
    await until(async () => (await harness.ledger).filter(({ notice }) => notice === 'sent').length === 3)
    await until(() => harness.warnings.some(line => line.includes('not taken up yet')))
    await pass()
    expect(platform.posts).to.have.length(3)
    expect((await harness.ledger).filter(({ notice }) => notice === 'pending').map(({ userId }) => userId)).to.deep.equal(['B'])
    expect(harness.warnings.filter(line => line.includes('not taken up yet'))).to.have.length(1)
  })

  it('are sent though the database does not answer at first', async () => {
    await owe(Time.minute)
    const driver = harness.app.database.drivers[0] as any
    const { get } = driver
    let away = true
    driver.get = (sel: { table: string }) => away && sel.table === 'qq_user_event' ? Promise.reject(new Error('gone away')) : get.call(driver, sel)
    const clock = freeze()
    try {
      harness.load()
      await until(() => harness.warnings.some(line => line.includes('gone away')))
      await clock.tickAsync(Time.minute)
      away = false
      await tickUntil(clock, 5 * Time.second, () => platform.posts.length)
    } finally {
      clock.uninstall()
    }
    expect(await outcome()).to.deep.equal([['sent', '']])
    expect(harness.warnings.filter(line => line.includes('gone away'))).to.have.length(1)
  })

  it('are sent though the database never says which language the user speaks', async () => {
    const driver = harness.app.database.drivers[0] as any
    const { get } = driver
    let asked = false
    driver.get = (sel: { table: string }) => {
      if (sel.table !== 'binding') return get.call(driver, sel)
      asked = true
      return new Promise(() => {})
    }
    stop = false
    const clock = freeze()
    try {
      platform.add('A')
      await tickUntil(clock, 100, () => asked)
      await tickUntil(clock, 1000, () => platform.posts.length)
    } finally {
      clock.uninstall()
    }
    expect(await outcome()).to.deep.equal([['sent', '']])
  })

  it('are sent though a crowd is taken in hand while they are looked for', async () => {
    const id = await owe(0)
    await harness.app.database.set('qq_user_event', { id }, { notice: 'none' })
    const driver = harness.app.database.drivers[0] as any
    const { get } = driver
    let looking = false
    let look!: () => void
    const looked = new Promise<void>(resolve => look = resolve)
    harness.load({ requests: { concurrent: 1 } })
    await until(() => harness.app.get('qqUser'))
    await pass()
    await harness.app.database.set('qq_user_event', { id }, { notice: 'pending' })
    driver.get = async (sel: any) => {
      if (sel.args[0].limit === 100) {
        looking = true
        await looked
      }
      return get.call(driver, sel)
    }
    platform.drop()
    await until(() => looking)
    platform.latency = 300
    for (let index = 0; index < 101; index++) platform.add(`B${index}`, { timestamp: Date.now() - Time.minute })
    await until(async () => (await harness.ledger).filter(({ notice }) => notice === 'pending').length > 100)
    look()
    platform.latency = 0
    await harness.settled(102)
    expect(platform.accepted('A')).to.have.length(1)
  })

  it('are given up when it is too late', async () => {
    await owe(2 * Time.hour)
    harness.load()
    expect(await outcome()).to.deep.equal([['skipped', 'expired']])
    expect(platform.posts).to.deep.equal([])
  })
})
