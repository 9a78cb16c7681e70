import { expect } from 'chai'
import { $, Context } from 'koishi'
import { EARLIEST } from '../../src/event'
import { matchesStart, startsWith, toRanges } from '../../src/roster/query'
import { day, entry, user } from './tables'

type Database = Context['database']

const ids = (rows: { userId: string }[]) => rows.map(({ userId }) => userId)
const users = (database: Database, ...rows: ReturnType<typeof user>[]) => database.upsert('qq_user', rows)
const entries = (database: Database, ...rows: ReturnType<typeof entry>[]) => database.upsert('qq_user_event', rows)

/** What is used of the database layer, and has to hold on every database: a row each. */
export const reliedOn: [what: string, check: (database: Database) => Promise<unknown>][] = [
  ['upsert by primary key: inserts what is not there, and changes the given columns of what is', async (database) => {
    await users(database, user('A', { name: 'Ada', consent: 'rejected' }))
    await users(database, { selfId: '100', userId: 'A', name: 'Grace' } as never, user('B'))
    expect(await database.get('qq_user', { userId: 'A' })).to.deep.equal([user('A', { name: 'Grace', consent: 'rejected' })])
    expect(await database.get('qq_user', { userId: 'B' })).to.deep.equal([user('B')])
  }],

  ['upsert by primary key: rows of one call may give different columns', async (database) => {
    await users(database, user('A', { name: 'Ada' }), user('B', { name: 'Bob' }))
    await users(database, { selfId: '100', userId: 'A', consent: 'allowed' } as never, { selfId: '100', userId: 'B', relation: 'friend' } as never)
    const rows = await database.get('qq_user', {}, { sort: { userId: 'asc' } })
    expect(rows).to.deep.equal([user('A', { name: 'Ada', consent: 'allowed' }), user('B', { name: 'Bob', relation: 'friend' })])
  }],

  ['upsert with an expression: sees the row that is there, or the blank one that is being inserted', async (database) => {
    await entries(database, entry('1', { origin: 'one' }))
    const write = (origin: string) => database.upsert('qq_user_event', row => ['1', '2'].map((id) => {
      return { ...entry(id), origin: $.if($.eq(row.origin, ''), origin, row.origin) }
    }))
    await write('two')
    await write('three')
    const rows = await database.get('qq_user_event', {}, { sort: { id: 'asc' } })
    expect(rows.map(({ origin }) => origin)).to.deep.equal(['one', 'two'])
  }],

  ['upsert with an expression: columns are assigned in the given order, or all at once', async (database) => {
    await entries(database, entry('1'))
    await database.upsert('qq_user_event', row => [{
      id: '1',
      notice: $.if($.eq(row.origin, 'process1'), 'sent' as never, row.notice),
      origin: 'later',
    }])
    expect(await database.get('qq_user_event', { id: '1' })).to.deep.equal([entry('1', { notice: 'sent', origin: 'later' })])
  }],

  ['set: changes what matches, and says how many that were', async (database) => {
    await entries(database, entry('1'), entry('2'), entry('3', { notice: 'sent' }))
    const { matched } = await database.set('qq_user_event', { id: ['1', '2', '3'], notice: 'pending' }, { notice: 'failed' })
    expect(matched).to.equal(2)
    expect((await database.set('qq_user_event', { id: ['1', '2', '3'], notice: 'pending' }, { notice: 'failed' })).matched).to.equal(0)
  }],

  ['get: an empty list matches nothing', async (database) => {
    await users(database, user('A'))
    expect(await database.get('qq_user', { selfId: '100', userId: [] })).to.deep.equal([])
  }],

  ['get: a list matches each of it, in one query with equalities and a range', async (database) => {
    await entries(database, entry('1'), entry('2', { occurredAt: day(1) }), entry('3', { occurredAt: day(2), type: 'friend-deleted' }))
    const rows = await database.get('qq_user_event', {
      selfId: '100', type: ['friend-added', 'friend-push-allowed'] as never[], occurredAt: { $gte: day(1), $lte: day(2) },
    }, ['id'])
    expect(rows).to.deep.equal([{ id: '2' }])
  }],

  ['get: another than this one', async (database) => {
    await entries(database, entry('1'), entry('2', { origin: 'process2' }))
    expect(await database.get('qq_user_event', { id: ['1', '2'], origin: { $ne: 'process1' } }, ['id'])).to.deep.equal([{ id: '2' }])
  }],

  ['get: null is found as null, and is in no range', async (database) => {
    await users(database, user('A'), user('B', { lastMessageAt: day(1) }))
    expect(ids(await database.get('qq_user', { lastMessageAt: null as never }))).to.deep.equal(['A'])
    expect(ids(await database.get('qq_user', { lastMessageAt: { $gte: new Date(EARLIEST) } }))).to.deep.equal(['B'])
  }],

  ['get: the ranges of a list by time, of which those without a time are the last', async (database) => {
    await users(database, user('A'), user('B', { lastMessageAt: day(1) }), user('C', { lastMessageAt: day(2) }))
    const read = (after?: ReturnType<typeof user>) => Promise.all(toRanges({ selfId: '100', sort: 'lastMessageAt', after }).map(async (range) => {
      return ids(await database.get('qq_user', range, { sort: { lastMessageAt: 'desc', userId: 'desc' } }))
    }))
    expect(await read()).to.deep.equal([['C', 'B'], ['A']])
    expect(await read(user('C', { lastMessageAt: day(2) }))).to.deep.equal([['B'], ['A']])
  }],

  ['get: alternatives within what must hold', async (database) => {
    await users(database, user('A', { firstSeen: day(1) }), user('B', { firstSeen: day(1) }), user('C', { firstSeen: day(2) }), user('D'))
    const page = await database.get('qq_user', {
      $and: [{ selfId: '100' }, { firstSeen: { $lte: day(1) } }, { $or: [{ firstSeen: { $lt: day(1) } }, { userId: { $lt: 'B' } }] }],
    }, { sort: { firstSeen: 'desc', userId: 'desc' } })
    expect(ids(page)).to.deep.equal(['A', 'D'])
  }],

  ['get: sorts by several columns, and cuts', async (database) => {
    await users(database, user('A', { firstSeen: day(1) }), user('C'), user('B'), user('D'))
    expect(ids(await database.get('qq_user', {}, { sort: { firstSeen: 'desc', userId: 'desc' }, limit: 3 }))).to.deep.equal(['A', 'D', 'C'])
  }],

  ['get: pages by id meet each row once, whatever the order of ids is', async (database) => {
    const all = ['B', 'a', 'A1', 'a-2', 'Z', '~x', '_y', 'b']
    await entries(database, ...all.map((id, index) => entry(`${index}${id}`)))
    const found: string[] = []
    for (let last: string | undefined; ;) {
      const [row] = await database.get('qq_user_event', last ? { id: { $gt: last } } : {}, { sort: { id: 'asc' }, limit: 1 })
      if (!row) break
      found.push(last = row.id)
    }
    expect(found).to.have.members(all.map((id, index) => `${index}${id}`))
    expect(found).to.have.length(all.length)
  }],

  ['times keep their milliseconds, and compare by them', async (database) => {
    const at = new Date(+day(1) + 123)
    await users(database, user('A', { firstSeen: at, nameAt: at }))
    const found = await database.get('qq_user', { firstSeen: at, nameAt: { $lte: at, $gt: new Date(+at - 1) } })
    expect(found).to.deep.equal([user('A', { firstSeen: at, nameAt: at })])
  }],

  ['texts come back as they went in', async (database) => {
    const name = '小明🌸 O\'Brien "x" \\ % _ `;--'
    await users(database, user('A', { name, sceneParam: '' }))
    expect(await database.get('qq_user', { name })).to.deep.equal([user('A', { name, sceneParam: '' })])
  }],

  ['a pattern finds what begins with a text, of which no character has a meaning', async (database) => {
    const names = ['a.b(c', 'a-b[c]', 'a\\b', '^a$', 'a*+?|{}', '小明🌸', "a'b"]
    await users(database, ...names.map((name, index) => user(`U${index}`, { name })))
    for (const [index, name] of names.entries()) {
      for (const end of [name.length, 2]) {
        const found = ids(await database.get('qq_user', { $or: matchesStart('name', name.slice(0, end)) }))
        expect(found, name).to.include(`U${index}`)
      }
      expect(ids(await database.get('qq_user', { $or: matchesStart('name', name) })), name).to.deep.equal([`U${index}`])
    }
  }],

  ['ranges of text never take in what sorts elsewhere', async (database) => {
    await users(database, user('U1', { name: '小明' }), user('V1', { name: '大明' }))
    for (const [column, prefix] of [['userId', 'V'], ['name', '大']] as const) {
      expect(ids(await database.get('qq_user', { $or: startsWith(column, prefix) })).filter(id => id !== 'V1')).to.deep.equal([])
    }
  }],

  ['eval counts, nothing as 0', async (database) => {
    await users(database, user('A'), user('B', { relation: 'friend' }))
    const count = (query: {}) => database.eval('qq_user', row => $.length(row.userId), query)
    expect([await count({}), await count({ relation: 'friend' }), await count({ relation: 'deleted' })]).to.deep.equal([2, 1, 0])
  }],

  ['groupBy counts by several columns, null among them', async (database) => {
    await users(database, user('A'), user('B'), user('C', { scene: 1001 }))
    const rows = await database.select('qq_user').groupBy(['selfId', 'scene'], { count: row => $.length(row.selfId) }).execute()
    expect(rows).to.have.deep.members([{ selfId: '100', scene: null, count: 2 }, { selfId: '100', scene: 1001, count: 1 }])
  }],

  ['groupBy sorts by what it counted, and cuts', async (database) => {
    await users(database, ...['x', 'y', 'y', 'z', 'z', 'z', '', null].map((sceneParam, index) => user(`U${index}`, { sceneParam })))
    const rows = await database.select('qq_user', { sceneParam: { $gt: '' } })
      .groupBy('sceneParam', { count: row => $.length(row.userId) }).orderBy('count', 'desc').limit(2).execute()
    expect(rows).to.deep.equal([{ sceneParam: 'z', count: 3 }, { sceneParam: 'y', count: 2 }])
  }],

  ['groupBy finds the latest time', async (database) => {
    await entries(database, entry('1'), entry('2', { occurredAt: day(3) }), entry('3', { userId: 'V' }))
    const rows = await database.select('qq_user_event', { selfId: ['100'], userId: ['U', 'V'] })
      .groupBy(['selfId', 'userId'], { occurredAt: row => $.max(row.occurredAt) }).execute()
    expect(rows.map(({ userId, occurredAt }) => [userId, +occurredAt])).to.have.deep.members([['U', +day(3)], ['V', +day(0)]])
  }],

  ['remove takes what matches', async (database) => {
    await entries(database, entry('1'), entry('2'), entry('3'))
    await database.remove('qq_user_event', { id: ['1', '3'] })
    expect(await database.get('qq_user_event', {}, ['id'])).to.deep.equal([{ id: '2' }])
  }],
]
