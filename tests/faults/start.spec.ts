/** Rule: a table that could not be created at the first attempt is created when writing is tried again. */
import { expect } from 'chai'
import { Dict, sleep } from 'koishi'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { prepareAgain } from '../../src/roster/prepare'
import { Harness, until } from '../harness'

/** Creates a table at the second attempt only, as when another process does so at the same moment. */
class Clumsy extends SQLiteDriver {
  static table?: string

  async prepare(table: string, dropKeys?: string[]) {
    if (table !== Clumsy.table) return super.prepare(table, dropKeys)
    Clumsy.table = undefined
    throw new Error(`table ${table} already exists`)
  }
}

describe('a table that cannot be created at once', () => {
  let harness: Harness

  afterEach(() => harness.stop())

  for (const table of ['qq_user', 'qq_user_event', 'qq_user_push']) {
    it(`is created when writing is tried again: ${table}`, async () => {
      harness = await Harness.start({ order: ['adapter'], database: app => app.plugin(Clumsy as never, { path: ':memory:' }) })
      const { platform } = harness
      Clumsy.table = table
      harness.load()
      await until(() => harness.app.get('qqUser'))
      const { id } = platform.add('A')
      await platform.posted(({ body }) => body.event_id === id)
      const [entry] = await harness.settled(1)
      expect(entry).to.include({ id, notice: 'sent' })
      expect(harness.sessions).to.have.length(1)
      // whoever needs the database first tries again: a write, which is told of, or the look at the broadcasts
      const told = (text: string) => harness.log.filter(line => line.includes(text)).length
      expect(told('does not take writes')).to.equal(told('takes writes again')).and.to.be.below(2)
    })
  }
})

describe('a table that cannot be created at the second attempt either', () => {
  it('is told of to those who ask for it, and to nobody while another is still being created', async () => {
    const prepare = () => Promise.reject(new Error('the table is still being created'))
    const tasks: Dict<Promise<unknown>> = { one: prepare(), other: sleep(50) }
    await prepareAgain({ model: { prepareTasks: tasks, prepare } } as never)
    expect(await tasks.one.catch(String)).to.contain('still being created')
  })
})
