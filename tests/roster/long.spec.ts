/** Rule: no statement is longer than SQLite in WebAssembly takes, however long the ids are and however many. */
import { expect } from 'chai'
import { MAX_EVENT_ID } from '../../src/event'
import { MAX_ID } from '../../src/model'
import { inChunks } from '../../src/roster/chunks'
import { Committer } from '../../src/roster/committer'
import { Ledger } from '../../src/roster/ledger'
import { Store } from '../../src/roster/store'
import { engines } from '../database'
import { Harness, silent } from '../harness'
import { entry, open, user } from './tables'

/** Quotes, as each of them takes two characters. */
const pad = (index: number, length: number) => String(index).padStart(length, '\'')
const COUNT = 600

describe('ids as long as ids can be', () => {
  let app: Awaited<ReturnType<typeof open>>
  let store: Store
  let ledger: Ledger
  const ids = Array.from({ length: COUNT }, (_, index) => pad(index, MAX_EVENT_ID))
  const users = Array.from({ length: COUNT }, (_, index) => user(pad(index, MAX_ID), { selfId: pad(index % 3, MAX_ID) }))

  beforeEach(async () => {
    app = await open(engines.find(({ name }) => name === 'sqlite')!.create())
    store = new Store(app)
    ledger = new Ledger(store, 'process1')
    for (let start = 0; start < COUNT; start += 100) {
      const entries = ids.slice(start, start + 100).map((id, index) => entry(id, { ...users[start + index] as {}, id }))
      await store.save(users.slice(start, start + 100), entries.map(({ id, selfId, userId }) => entry(id, { selfId, userId })))
    }
  })

  afterEach(() => app.stop())

  it('are looked up', async () => {
    expect((await store.users(users)).rows.size).to.equal(COUNT)
    expect((await ledger.recorded(ids)).own.size).to.equal(COUNT)
    const events = ids.map((id, index) => ({
      ...entry(id), selfId: users[index].selfId, userId: users[index].userId, occurredAt: +entry('').occurredAt, receivedAt: 0, weak: false,
    }))
    expect(await ledger.related(events)).to.have.length(COUNT)
  })

  it('are taken on and settled, also when some are gone', async () => {
    await store.update({ notice: 'sent' }, { id: ids.slice(0, 7) })
    expect((await ledger.claim(ids, 'process1token')).size).to.equal(COUNT - 7)
    await ledger.settle(ids.map(id => ({ id, notice: 'sent', noticeReason: '' })))
    expect(await app.database.get('qq_user_event', { notice: 'sent' }, ['notice'])).to.have.length(COUNT)
  })

  it('are recorded', async () => {
    const committer = new Committer(store, ledger, () => ['none', ''])
    const events = ids.slice(0, 100).map((id, index) => ({
      id: `~${id.slice(1)}`,
      type: 'friend-deleted' as const,
      source: 'friend-del' as const,
      selfId: users[index].selfId,
      userId: users[index].userId,
      occurredAt: Date.UTC(2026, 0, 1),
      receivedAt: 0,
    }))
    expect((await committer.commit(events)).changes.size).to.equal(100)
  })

  it('are cut where no part has too many', () => {
    const parts = [...inChunks(ids, id => [id])]
    expect(parts.flat()).to.deep.equal(ids)
    for (const part of parts) expect(JSON.stringify(part).length * 2).to.be.below(60_000)
    expect([...inChunks([], () => [])]).to.deep.equal([])
  })
})

describe('a text of a caller that is longer than any id', () => {
  let harness: Harness
  const long = 'x'.repeat(100_000)

  beforeEach(async () => {
    harness = await Harness.start({ config: silent })
  })

  afterEach(() => harness.stop())

  it('is nobody\'s', async () => {
    const { qqUser } = harness.app
    for (const [selfId, userId] of [[long, long], [harness.platform.selfId, long], [long, 'A']]) {
      expect(await qqUser.get(selfId, userId)).to.equal(undefined)
      expect(await qqUser.history(selfId, userId)).to.deep.equal([])
      expect(await qqUser.canPush(selfId, userId)).to.deep.equal({ ok: false, reason: 'unknown-user' })
      expect(await qqUser.push(selfId, userId, long).catch(error => error.reason)).to.equal('unknown-user')
      await qqUser.forget(selfId, userId)
    }
    expect(await qqUser.list({ selfId: long, search: long, relation: long as never, consent: long as never })).to.deep.equal([])
    expect(await qqUser.list({ search: 'x', after: { userId: long, firstSeen: new Date() } })).to.deep.equal([])
    expect(await qqUser.count({ search: long })).to.equal(0)
    const nul = 'A\0'
    expect(await qqUser.list({ selfId: nul, search: nul, relation: nul as never, consent: nul as never })).to.deep.equal([])
    expect(await qqUser.count({ search: nul })).to.equal(0)
    expect(await qqUser.count()).to.equal(0)
    expect(harness.warnings).to.deep.equal([])
  })
})
