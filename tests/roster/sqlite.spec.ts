/** Rule: rows that are written to SQLite together are all written, again if need be, and leave others' transactions alone. */
import { expect } from 'chai'
import { freeze, tickUntil } from '../clock'
import { Harness, pass, silent, until } from '../harness'

describe('many rows at once', () => {
  let harness: Harness

  beforeEach(async () => {
    harness = await Harness.start({ config: silent })
  })

  afterEach(() => harness.stop())

  const count = async () => (await harness.users).length
  const pad = (index: number, length: number) => String(index).padStart(length, 'X')

  it('may have ids as long as ids can be', async () => {
    for (let index = 0; index < 300; index++) harness.platform.add(pad(index, 100), { id: pad(index, 255) })
    await until(async () => await count() === 300)
    expect(await harness.ledger).to.have.length(300)
    expect(harness.warnings).to.deep.equal([])
  })

  /** Somebody has a transaction open. @returns ends it */
  async function begin() {
    let end!: (error?: Error) => void
    const ended = new Promise<void>((resolve, reject) => { end = error => error ? reject(error) : resolve() })
    let begun!: () => void
    const open = new Promise<void>(resolve => begun = resolve)
    const transaction = harness.app.database.withTransaction(async (database) => {
      await database.create('channel', { id: '1', platform: 'mock' })
      begun()
      await ended
    })
    await open
    return (error?: Error) => {
      end(error)
      return transaction
    }
  }

  const waiting = () => harness.app.qqUser['roster'].writing.waiting

  it("wait for the end of somebody's open transaction, and are not undone with it", async () => {
    const end = await begin()
    harness.platform.add('A')
    await until(() => waiting() || harness.sessions.length)
    await pass()
    expect(harness.sessions).to.deep.equal([])
    expect(await end(new Error('undone')).catch(({ message }) => message)).to.equal('undone')
    await until(() => harness.sessions.length)
    expect(await count()).to.equal(1)
    expect(await harness.ledger).to.have.length(1)
  })

  it('of a link, a broadcast and what was sent wait as well', async () => {
    const { app, platform } = harness
    harness.platform.add('A')
    await until(() => harness.sessions.length)
    const end = await begin()
    const writes = [
      app.qqUser.links.create(platform.selfId, 'poster'),
      app.qqUser.broadcasts.create({ selfId: platform.selfId, content: 'news' }),
      app.qqUser.push(platform.selfId, 'A', 'news'),
    ]
    await until(() => waiting() === 2)
    await pass()
    await end(new Error('undone')).catch(() => {})
    await Promise.all(writes)
    for (const table of ['qq_user_link', 'qq_user_broadcast', 'qq_user_push'] as const) {
      expect(await app.database.get(table, {}), table).to.have.length(1)
    }
  })

  it('are part of one that does not come to its end', async () => {
    const end = await begin()
    const clock = freeze()
    harness.platform.add('A')
    await tickUntil(clock, 1000, () => harness.sessions.length)
    clock.uninstall()
    harness.platform.add('B')
    await until(() => harness.sessions.length === 2)
    await end()
    expect(await count()).to.equal(2)
  })

  it('are written again when one of them cannot be', async () => {
    const driver = harness.app.database.drivers[0] as any
    driver._run('CREATE TRIGGER full BEFORE INSERT ON qq_user_event BEGIN SELECT RAISE(ROLLBACK, \'disk is full\'); END')
    harness.platform.add('A')
    await until(() => harness.warnings.some(line => line.includes('disk is full') && line.includes('does not take writes')))
    expect(await count()).to.equal(0)
    driver._run('DROP TRIGGER full')
    await until(() => harness.sessions.length)
    expect(await count()).to.equal(1)
    expect(await harness.ledger).to.have.length(1)
  })

  it('leave alone what others are writing when one of them cannot be written', async () => {
    const driver = harness.app.database.drivers[0] as any
    driver._run('CREATE TRIGGER full BEFORE INSERT ON qq_user_event BEGIN SELECT RAISE(ABORT, \'not now\'); END')
    const end = await begin()
    const clock = freeze()
    harness.platform.add('A')
    await tickUntil(clock, 1000, () => harness.warnings.some(line => line.includes('does not take writes')))
    await end()
    expect(await harness.app.database.get('channel', { id: '1' })).to.have.length(1)
    driver._run('DROP TRIGGER full')
    await tickUntil(clock, 1000, () => harness.sessions.length)
    clock.uninstall()
  })

  it('leave no transaction open when one of them cannot be written', async () => {
    const driver = harness.app.database.drivers[0] as any
    driver._run('CREATE TRIGGER full BEFORE INSERT ON qq_user_event BEGIN SELECT RAISE(ABORT, \'not now\'); END')
    harness.platform.add('A')
    await until(() => harness.warnings.some(line => line.includes('does not take writes')))
    driver._run('DROP TRIGGER full')
    await until(() => harness.sessions.length)
    // which SQLite refuses within another one
    driver._run('BEGIN')
    driver._run('ROLLBACK')
    expect(await count()).to.equal(1)
  })
})
