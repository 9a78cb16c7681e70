/** Rule: users are counted beside the line of writes, and rightly, whatever is written meanwhile. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { MemoryDriver } from '@minatojs/driver-memory'
import { Harness, pass, silent, until } from '../../harness'
import { Clock, date, freeze } from '../../clock'

describe('counting users', () => {
  let harness: Harness
  let clock: Clock | undefined
  let driver: any
  /** How often users were counted in the database. */
  let scans: number
  /** What happens before the database answers, and after. */
  let before: () => unknown
  let after: () => unknown
  /** What happens when rows are written to a table. */
  let writing: (table: string) => unknown

  beforeEach(async () => {
    scans = 0
    before = after = writing = () => {}
    harness = await Harness.start({ config: silent, database: app => app.plugin(MemoryDriver as never, {}) })
    driver = harness.app.database.drivers[0]
    const { get, upsert } = driver
    driver.get = async (selection: any) => {
      if (selection.table.table !== 'qq_user' || !selection.table.args[0].group) return get.call(driver, selection)
      scans++
      await before()
      const rows = await get.call(driver, selection)
      await after()
      return rows
    }
    driver.upsert = async (selection: any, ...args: unknown[]) => {
      await writing(selection.table)
      return upsert.call(driver, selection, ...args)
    }
  })

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    before = after = writing = () => {}
    await harness.stop()
  })

  const count = () => harness.app.qqUser.count({})

  async function add(userId: string) {
    const { id } = harness.platform.add(userId)
    await until(() => harness.sessions.some(({ qq }: any) => qq.id === id))
  }

  it('is done once, however often it is asked for, and kept up to date', async () => {
    await add('A')
    expect(await Promise.all([count(), count(), count()])).to.deep.equal([1, 1, 1])
    await add('B')
    await harness.app.qqUser.forget(harness.platform.selfId, 'A')
    await add('C')
    expect(await count()).to.equal(2)
    expect(scans).to.equal(1)
  })

  it('fails with the words of the database, for those who asked, while writes go on', async () => {
    before = () => { throw new Error('statement timeout') }
    const failed = await Promise.all([count(), count()].map(promise => promise.catch(error => error.message)))
    expect(failed).to.deep.equal(['statement timeout', 'statement timeout'])
    await add('A')
    expect(await harness.ledger).to.have.length(1)
    expect(harness.warnings).to.deep.equal([])
    before = () => {}
    expect(await count()).to.equal(1)
  })

  it('is given up after half a minute without an answer, and done anew for who asks next', async () => {
    clock = freeze()
    before = () => new Promise(() => {})
    const counted = count().catch(error => error.message)
    await until(() => scans === 1)
    before = () => {}
    await clock.tickAsync(30 * Time.second)
    expect(await counted).to.match(/30 s/)
    expect(await count()).to.equal(0)
  })

  it('holds up no write, though it takes its time', async () => {
    let end!: () => void
    before = () => new Promise<void>(resolve => end = resolve)
    const counted = count()
    await until(() => scans === 1)
    await add('A')
    before = () => {}
    end()
    expect(await counted).to.equal(1)
  })

  it('goes on without a write that is not answered, and is done anew once it is', async () => {
    await add('A')
    let end!: () => void
    writing = (table) => {
      if (table === 'qq_user_event' && !end) return new Promise<void>(resolve => end = resolve)
    }
    clock = freeze()
    const { id } = harness.platform.add('B')
    await until(() => end)
    const counted = count()
    await clock.tickAsync(9 * Time.second)
    expect(scans).to.equal(0)
    await clock.tickAsync(2 * Time.second)
    expect(await counted).to.be.within(1, 2)
    writing = () => {}
    end()
    await until(() => harness.sessions.some(({ qq }: any) => qq.id === id))
    expect(await count()).to.equal(2)
  })

  const moments: [name: string, hook: (callback: () => unknown) => void][] = [
    ['before the database answers', callback => before = callback],
    ['after it did', callback => after = callback],
  ]

  for (const [name, hook] of moments) {
    it(`has once who comes ${name}`, async () => {
      await add('A')
      hook(async () => {
        if (scans === 1) await add('B')
      })
      expect(await count()).to.equal(2)
      await add('C')
      expect(await count()).to.equal(3)
      expect(scans).to.equal(2)
    })

    it(`has once who is being written ${name}`, async () => {
      let end!: () => void
      let written!: Promise<void>
      hook(async () => {
        if (scans > 1) return
        const begun = new Promise<void>((resolve) => {
          writing = (table) => {
            if (table !== 'qq_user_event') return
            resolve()
            return new Promise<void>(resolve => end = resolve)
          }
        })
        written = add('B')
        await begun
        setTimeout(() => {
          writing = () => {}
          end()
        }, 20)
      })
      expect(await count()).to.equal(1)
      await written
      expect(await count()).to.equal(1)
    })
  }

  it('comes to an end though others never cease to come, and is right', async () => {
    let users = 0
    after = () => add(`U${users++}`)
    expect(await count()).to.equal(users)
    expect(scans).to.be.within(2, 5)
    after = () => {}
    await add('A')
    expect(await count()).to.equal(users + 1)
  })

  it('is done anew after ten minutes, as another process may write to the same table', async () => {
    clock = date(Date.now())
    expect(await count()).to.equal(0)
    await harness.app.database.create('qq_user', { selfId: harness.platform.selfId, userId: 'A', firstSeen: new Date() })
    clock.tick(9 * Time.minute)
    expect(await count()).to.equal(0)
    clock.tick(2 * Time.minute)
    expect(await count()).to.equal(1)
  })

  describe('after a batch that failed', () => {
    const down = () => { throw new Error('connection lost') }
    const failing = () => until(() => harness.log.some(line => line.includes('does not take writes')))

    it('is done anew, as part of it may be there', async () => {
      expect(await count()).to.equal(0)
      writing = (table) => {
        if (table === 'qq_user_event') down()
      }
      harness.platform.add('A')
      await failing()
      expect(await count()).to.equal(1)
      writing = () => {}
      await until(() => harness.sessions.length === 1)
      expect(await count()).to.equal(1)
    })

    it('is done anew when it is written, as part of it may have come late', async () => {
      writing = down
      harness.platform.add('A')
      await failing()
      expect(await count()).to.equal(0)
      await harness.app.database.create('qq_user', { selfId: harness.platform.selfId, userId: 'A', firstSeen: new Date() })
      writing = () => {}
      await until(() => harness.sessions.length === 1)
      expect(await count()).to.equal(1)
    })
  })

  it('does not know what is written to see whether anything can be, nor does a list', async () => {
    await add('A')
    await harness.app.database.create('qq_user', { selfId: '', userId: '~', firstSeen: new Date() })
    const [entry] = await harness.ledger
    await harness.app.database.create('qq_user_event', { ...entry, id: '~', selfId: '', userId: '~' })
    const { qqUser } = harness.app
    const roster = qqUser['roster']
    expect(await count()).to.equal(1)
    expect(await qqUser.list()).to.have.length(1)
    expect(await qqUser.count({ search: '~' })).to.equal(0)
    expect(await roster.countEntries({})).to.equal(1)
    expect(await roster.entries({}, 10)).to.have.length(1)
    await pass()
  })
})
