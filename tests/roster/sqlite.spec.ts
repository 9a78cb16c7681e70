/** Rule: rows that are written to SQLite together are all written, again if need be, and leave others' transactions alone. */
import { expect } from 'chai'
import { Harness, silent, until } from '../harness'

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

  it("stay when somebody's open transaction comes to its end", async () => {
    await harness.app.database.withTransaction(async () => {
      harness.platform.add('A')
      await until(async () => await count() === 1)
    })
    expect(await count()).to.equal(1)
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
    await harness.app.database.withTransaction(async (database) => {
      await database.create('channel', { id: '1', platform: 'mock' })
      harness.platform.add('A')
      await until(() => harness.warnings.some(line => line.includes('does not take writes')))
    })
    expect(await harness.app.database.get('channel', { id: '1' })).to.have.length(1)
    driver._run('DROP TRIGGER full')
    await until(() => harness.sessions.length)
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
