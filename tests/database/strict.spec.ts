/** Rule: the strict database of the tests refuses what any real one may refuse, and promises no more than all of them. */
import { expect } from 'chai'
import { $, Context } from 'koishi'
import { kinds } from '.'
import { entry, open, user } from '../roster/tables'

const find = (name: string) => kinds.find(engine => engine.name === name)!

describe('the strict engine', () => {
  let app: Context

  beforeEach(async () => {
    app = await open(find('strict').create())
  })

  afterEach(() => app.stop())

  async function refused(statement: (database: Context['database']) => Promise<unknown>) {
    const error = await statement(app.database).then(() => undefined, (error: Error) => error)
    expect(error, 'an error').to.be.an('error')
    return error!.message
  }

  describe('refuses', () => {
    it('an upsert by what is neither a primary nor a unique key', async () => {
      expect(await refused(database => database.upsert('qq_user', [user('A')], 'name' as never))).to.contain('no unique or exclusion constraint')
      expect(await refused(database => database.upsert('qq_user', [user('A')], 'userId'))).to.contain('no unique or exclusion constraint')
      const every = Object.keys(entry('1')) as 'id'[]
      expect(await refused(database => database.upsert('qq_user_event', [entry('1')], every))).to.contain('no unique or exclusion constraint')
    })

    it('an upsert that has nothing to update', async () => {
      expect(await refused(database => database.upsert('qq_user_event', [{ id: '1' }]))).to.contain("'$set' is empty")
    })

    it('an upsert of one row twice', async () => {
      expect(await refused(database => database.upsert('qq_user_event', [entry('1'), entry('1')]))).to.contain('a second time')
    })

    it('an upsert without a key', async () => {
      expect(await refused(database => database.upsert('qq_user', [{ selfId: '100', name: 'Ada' }]))).to.contain('no value for a key')
    })

    it('unknown columns, wherever they are named', async () => {
      const unknown = { nobody: 'A' } as {}
      expect(await refused(database => database.get('qq_user', unknown))).to.contain('does not exist')
      expect(await refused(database => database.get('qq_user', { $or: [{ $not: unknown }] }))).to.contain('does not exist')
      expect(await refused(database => database.get('qq_user', {}, { sort: { nobody: 'asc' } as {} }))).to.contain('does not exist')
      expect(await refused(database => database.remove('qq_user', unknown))).to.contain('does not exist')
      expect(await refused(database => database.set('qq_user', {}, unknown))).to.contain('unknown field')
    })

    it('text that is longer than its column, by its characters', async () => {
      expect(await refused(database => database.upsert('qq_user', [user('A'.repeat(101))]))).to.contain('too long')
      expect(await refused(database => database.set('qq_user_event', {}, { noticeReason: 'x'.repeat(65) })
        .then(() => database.upsert('qq_user_event', [entry('1', { noticeReason: 'x'.repeat(65) })])))).to.contain('too long')
      await app.database.upsert('qq_user', [user('A', { name: '🌸'.repeat(255) })])
    })

    it('NUL, whether written or looked for', async () => {
      expect(await refused(database => database.upsert('qq_user', [user('A', { name: 'A\0' })]))).to.contain('invalid byte sequence')
      expect(await refused(database => database.get('qq_user', { userId: ['A', '\0'] }))).to.contain('invalid byte sequence')
      expect(await refused(database => database.get('qq_user', { $or: [{ name: { $gte: '\0' } }] }))).to.contain('invalid byte sequence')
    })

    it('values of another type, or out of range', async () => {
      const times = [Date.now(), new Date(NaN), new Date(0)].map(nameAt => ({ nameAt }))
      for (const values of [{ scene: 2 ** 31 }, { scene: NaN }, { scene: 1.5 }, { name: 5 }, ...times]) {
        await refused(database => database.upsert('qq_user', [user('A', values as {})]))
      }
      await refused(database => database.upsert('qq_user_event', [entry('1', { applied: 1 } as {})]))
      expect(await refused(database => database.get('qq_user', { firstSeen: { $gt: new Date(0) } }))).to.contain('out of range')
    })

    it('more alternatives than SQLite can parse', async () => {
      expect(await refused(database => database.get('qq_user', { $or: Array(1001).fill({ name: 'A' }) }))).to.contain('too large')
    })

    it('statements that are longer than what the stack of SQLite takes', async () => {
      const ids = Array.from({ length: 1000 }, (_, index) => String(index).padStart(80, '0'))
      expect(await refused(database => database.get('qq_user_event', { id: ids }))).to.contain('out of bounds')
      expect(await refused(database => database.upsert('qq_user_event', ids.map(id => entry(id))))).to.contain('out of bounds')
      await app.database.upsert('qq_user_event', ids.slice(0, 500).map(id => entry(id)))
    })

    it('to create what is there, also of those that come at the same moment', async () => {
      const { database } = app
      const results = await Promise.allSettled(Array.from({ length: 10 }, () => database.create('qq_user_event', entry('1'))))
      expect(results.filter(({ status }) => status === 'fulfilled')).to.have.length(1)
      expect(await database.get('qq_user_event', {})).to.have.length(1)
    })

    it('whatever comes after a failure within a transaction, and undoes what came before', async () => {
      let after: unknown
      await refused(database => database.withTransaction(async (database) => {
        await database.upsert('qq_user', [user('A')])
        await database.create('qq_user', user('A')).catch(() => {})
        await database.get('qq_user', {}).catch((error) => { after = error })
      }))
      expect(String(after)).to.contain('current transaction is aborted')
      expect(await app.database.get('qq_user', {})).to.deep.equal([])
    })
  })

  it('does a statement as a whole, or not at all', async () => {
    await refused(database => database.upsert('qq_user', [user('A'), user('B'.repeat(101))]))
    expect(await app.database.get('qq_user', {})).to.deep.equal([])
  })

  it('loses no update of several at the same moment', async () => {
    const { database } = app
    await database.upsert('qq_user', [user('A', { scene: 0 })])
    await Promise.all(Array.from({ length: 10 }, () => database.set('qq_user', {}, row => ({ scene: $.add(row.scene, 1) }))))
    expect((await database.get('qq_user', {}))[0].scene).to.equal(10)
  })

  it('returns rows that nobody sorted in no order to rely on', async () => {
    await app.database.upsert('qq_user', [user('A'), user('B')])
    expect((await app.database.get('qq_user', {})).map(({ userId }) => userId)).to.deep.equal(['B', 'A'])
  })

  it('returns nothing of what was never written, and null where that was', async () => {
    await app.database.upsert('qq_user', [{ selfId: '100', userId: 'A', nameAt: null }])
    expect(await app.database.get('qq_user', {}, ['userId', 'nameAt', 'sceneAt'])).to.deep.equal([{ userId: 'A', nameAt: null }])
  })

  it('counts nothing where some databases do not', async () => {
    const { database } = app
    expect(await database.upsert('qq_user', [user('A')])).to.deep.equal({})
    expect(await database.set('qq_user', { userId: [] }, { name: 'Ada' })).to.deep.equal({})
    expect(await database.set('qq_user', { userId: ['A'] }, { name: 'Ada' })).to.include({ matched: 1 })
  })
})

describe('the strict engine without case', () => {
  let app: Context

  before(async () => {
    app = await open(find('strict, no case').create())
    await app.database.upsert('qq_user', [user('Ab', { name: 'Ada' })])
  })

  after(() => app.stop())

  it('finds texts whatever their case, or the spaces at their end', async () => {
    for (const userId of ['aB ', ['x', 'AB'], { $gte: 'ab', $lt: 'AC' }]) {
      expect(await app.database.get('qq_user', { userId: userId as string }), JSON.stringify(userId)).to.have.length(1)
    }
    expect(await app.database.get('qq_user', { userId: ' ab' })).to.deep.equal([])
    expect(await app.database.get('qq_user', { name: { $regex: /^ada/ } })).to.deep.equal([])
  })

  it('takes them for one key, and keeps the one that is there', async () => {
    await app.database.upsert('qq_user', [user('aB', { name: 'Grace' })])
    expect((await app.database.get('qq_user', {})).map(({ userId, name }) => [userId, name])).to.deep.equal([['Ab', 'Grace']])
    expect(await app.database.create('qq_user', user('AB ')).catch(String)).to.contain('duplicate key')
  })

  it('sorts without case', async () => {
    await app.database.upsert('qq_user', [user('b'), user('C')])
    const rows = await app.database.get('qq_user', {}, { sort: { userId: 'asc' } })
    expect(rows.map(({ userId }) => userId)).to.deep.equal(['Ab', 'b', 'C'])
  })
})
