/** Rule: a database of the first release is taken over and can be read by it again, and columns of later releases are kept. */
import { expect } from 'chai'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Context } from 'koishi'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { kinds } from '../database'
import { Harness, until } from '../harness'
import { Platform } from '../platform'
import { QQUser, QQUserEntry } from '../../src'
import { broadcastLayout, firstLayout, laterLayout } from './layouts'

const at = new Date(1_700_000_000_000)

const user = (selfId: string, userId: string): QQUser => ({
  selfId,
  userId,
  relation: 'friend',
  relationAt: at,
  consent: 'rejected',
  consentAt: at,
  firstSeen: at,
  lastMessageAt: at,
  scene: 2003,
  sceneParam: 'poster',
  sceneAt: at,
  name: 'Alice',
  nameAt: at,
})

/** An entry as the first release wrote it. */
const entry = (selfId: string, userId: string) => <QQUserEntry>({
  id: `C2C_MSG_REJECT:${userId}`,
  selfId,
  userId,
  type: 'friend-push-rejected',
  source: 'msg-reject',
  occurredAt: at,
  receivedAt: at,
  applied: true,
  notice: 'skipped',
  noticeReason: 'no-route',
  origin: 'earlier1',
})

interface Engine {
  name: string
  available: boolean
  start(): Promise<void>
  create(): (app: Context) => void
  stop(): Promise<void>
}

let folder: string
let count = 0

const engines: Engine[] = [{
  name: 'a file',
  available: true,
  async start() {
    folder = await mkdtemp(join(tmpdir(), 'qq-user-upgrade-'))
  },
  create() {
    const path = join(folder, `${++count}.db`)
    return app => app.plugin(SQLiteDriver as never, { path })
  },
  stop: () => rm(folder, { recursive: true }),
}, ...kinds.filter(({ name }) => /mariadb|postgres/.test(name))]

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`a database on ${engine.name} that another release wrote`, () => {
    let platform: Platform
    let database: (app: Context) => void
    let harness: Harness | undefined

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      platform = await Platform.start()
      database = engine.create()
    })

    afterEach(async () => {
      await harness?.stop()
      harness = undefined
      await platform.stop()
    })

    /** What another release did. */
    async function visit<T>(layout: (ctx: Context) => void, callback: (app: Context) => Promise<T>) {
      const app = new Context()
      database(app)
      layout(app)
      await app.start()
      await app.database.prepared()
      const result = await callback(app)
      await app.stop()
      return result
    }

    async function work() {
      harness = await Harness.start({ platform, database })
      const { app } = harness
      expect(await app.qqUser.get(platform.selfId, 'A')).to.deep.equal(user(platform.selfId, 'A'))
      expect(await app.qqUser.history(platform.selfId, 'A')).to.deep.equal([{ ...entry(platform.selfId, 'A'), weak: false }])
      expect(await app.qqUser.canPush(platform.selfId, 'A')).to.deep.equal({ ok: false, reason: 'rejected' })
      expect(await app.qqUser.count({ consent: 'rejected' })).to.equal(1)
      // what is known is not told again
      platform.dispatch('C2C_MSG_REJECT', { openid: 'A', timestamp: +at / 1000 }, { id: entry('', 'A').id })
      platform.allow('A')
      platform.add('B')
      await until(() => platform.accepted('A').length && platform.accepted('B').length)
      await harness.settled(3)
      expect(harness.sessions.map(({ type, userId }) => [type, userId])).to.deep.equal([['friend-push-allowed', 'A'], ['friend-added', 'B']])
      expect(await app.qqUser.get(platform.selfId, 'A')).to.include({ consent: 'allowed', name: 'Alice', scene: 2003 })
      expect(await app.qqUser.push(platform.selfId, 'A', 'news')).to.have.length(1)
      expect((await app.qqUser.list({ selfId: platform.selfId, sort: 'lastMessageAt' })).map(({ userId }) => userId)).to.deep.equal(['A', 'B'])
    }

    it('is taken over from the first one', async () => {
      const { selfId } = platform
      await visit(firstLayout, async ({ database }) => {
        await database.create('qq_user', user(selfId, 'A'))
        await database.create('qq_user_event', entry(selfId, 'A'))
      })
      await work()
    })

    it('with a broadcast that stands, which goes on', async () => {
      const { selfId } = platform
      const { id } = await visit(broadcastLayout, async ({ database }) => {
        await database.create('qq_user', { ...user(selfId, 'A'), consent: 'allowed' })
        platform.users.set('A', { friend: true, push: true, username: 'Alice' })
        return database.create('qq_user_broadcast', {
          selfId,
          title: '',
          content: 'news',
          audience: '{}',
          via: ['proactive'],
          total: 1,
          state: 'paused',
          reason: 'refused',
          createdAt: at,
          startedAt: at,
          until: at,
        })
      })
      harness = await Harness.start({ platform, database })
      const { broadcasts } = harness.app.qqUser
      expect(await broadcasts.get(id)).to.deep.include({ state: 'paused', reason: 'refused', pausedAt: null })
      await broadcasts.resume(id)
      await until(async () => (await broadcasts.get(id))!.state === 'finished')
      expect(platform.accepted('A')).to.have.length(1)
      expect(await broadcasts.get(id)).to.deep.include({ pausedAt: null })
    })

    it('can be read by the first one again', async () => {
      const { selfId } = platform
      await visit(firstLayout, async ({ database }) => {
        await database.create('qq_user', user(selfId, 'A'))
        await database.create('qq_user_event', entry(selfId, 'A'))
      })
      await work()
      await harness!.stop()
      harness = undefined
      const users = await visit(firstLayout, ({ database }) => database.get('qq_user', {}, { sort: { userId: 'asc' } }))
      expect(users.map(({ userId, relation, consent }) => [userId, relation, consent])).to.deep.equal([['A', 'friend', 'allowed'], ['B', 'friend', 'unknown']])
    })

    it('keeps what a later one put into columns of its own', async () => {
      const { selfId } = platform
      const own = { language: 'zh-CN', rating: 5 }
      await visit(laterLayout, async ({ database }) => {
        await database.create('qq_user', { ...user(selfId, 'A'), ...own })
        await database.create('qq_user_event', { ...entry(selfId, 'A'), trace: 'abc' } as QQUserEntry)
      })
      await work()
      await harness!.stop()
      harness = undefined
      const [users, ledger] = await visit(laterLayout, ({ database }) => Promise.all([
        database.get('qq_user', {}, { sort: { userId: 'asc' } }),
        database.get('qq_user_event', { userId: 'A', source: 'msg-reject' }),
      ]))
      expect(users[0]).to.include({ userId: 'A', consent: 'allowed', ...own })
      expect(users[1]).to.include({ userId: 'B', language: 'none' })
      expect(ledger).to.deep.equal([{ ...entry(selfId, 'A'), trace: 'abc' }])
    })
  })
}
