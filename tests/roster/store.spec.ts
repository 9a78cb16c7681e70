/** Rule: the plugin's direct reads last as long as the plugin, and other plugins' tables are served as ever. */
import { expect } from 'chai'
import { unwrap } from '../../src/shared/patch'
import { Harness, silent, until } from '../harness'

declare module 'koishi' {
  interface Tables {
    other: { id: number; value: Date }
  }
}

describe('the driver of the database', () => {
  let harness: Harness

  beforeEach(async () => {
    harness = await Harness.start({ config: silent })
  })

  afterEach(() => harness.stop())

  const driver = () => harness.app.database.drivers[0]

  it('reads the tables directly for as long as the plugin is loaded', async () => {
    expect(driver().database).to.equal(unwrap(driver().database))
    harness.plugin!.dispose()
    await until(() => driver().database !== unwrap(driver().database))
  })

  it('serves the tables of others, made before and after', async () => {
    harness.app.model.extend('other', { id: 'unsigned', value: 'timestamp' })
    const value = new Date(1_750_000_000_000)
    await harness.app.database.upsert('other', [{ id: 1, value }])
    harness.plugin!.dispose()
    expect(await harness.app.database.get('other', { value })).to.deep.equal([{ id: 1, value }])
  })
})
