/** Rule: a reload of the plugin, the adapter or the database loses nothing that arrived before or during it, and announces it once. */
import { expect } from 'chai'
import { Context, ForkScope } from 'koishi'
import { MemoryDriver } from '@minatojs/driver-memory'
import { Clock, date } from './clock'
import { watch } from './database/outage'
import { Harness, HarnessOptions, pass, silent, until } from './harness'
import { Platform } from './platform'

describe('a reload', () => {
  let harness: Harness
  let platform: Platform

  let clock: Clock | undefined

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    await harness.stop()
  })

  /** How many events have reached the adapter. */
  let arrived: number

  const load = (app: Context): ForkScope => app.plugin(MemoryDriver as never, {})

  async function start(options: HarnessOptions = {}) {
    arrived = 0
    harness = await Harness.start({
      config: silent,
      database: load,
      prepare(app) {
        for (const type of ['friend-add', 'friend-del', 'c2c-msg-reject', 'c2c-message-create']) {
          app.on(`qq/${type}` as never, (() => { arrived++ }) as never)
        }
      },
      ...options,
    })
    platform = harness.platform
  }

  const received = (count: number) => until(() => arrived === count)

  function reload(config: object = silent) {
    harness.plugin!.dispose()
    harness.load(config)
  }

  const users = Array.from({ length: 20 }, (_, index) => `U${index}`)

  describe('while the database is down', () => {
    it('hands on what waits: recorded and announced once, in order', async () => {
      await start()
      const outage = watch(harness.app)
      outage.down = true
      for (const id of users) platform.add(id)
      await until(() => harness.warnings.length)
      for (const id of users) platform.remove(id)
      await received(40)
      reload()
      await pass()
      reload()
      await until(() => harness.app.get('qqUser'))
      outage.down = false
      await until(() => harness.sessions.length >= 40)
      await pass()
      expect(harness.sessions.map(({ type, userId }) => [type, userId])).to.deep.equal([
        ...users.map(id => ['friend-added', id]),
        ...users.map(id => ['friend-deleted', id]),
      ])
      expect(await harness.ledger).to.have.length(40)
    })

    it('forgets no no: none of those who said it is written to, neither before the database is back nor after', async () => {
      await start()
      for (const id of users) platform.add(id)
      await until(() => harness.sessions.length === 20)
      const outage = watch(harness.app)
      outage.down = true
      for (const id of users) platform.reject(id)
      await received(40)
      reload()
      await until(() => harness.app.get('qqUser'))
      const advertise = () => Promise.all(users.map(id => harness.bot.sendPrivateMessage(id, 'advertisement').catch(() => {})))
      await advertise()
      outage.down = false
      await advertise()
      await until(() => harness.sessions.length === 40)
      await advertise()
      expect(platform.posts).to.deep.equal([])
      expect(await Promise.all(users.map(id => harness.app.qqUser.canPush(platform.selfId, id))))
        .to.deep.equal(users.map(() => ({ ok: false, reason: 'rejected' })))
    })

    it('keeps when users last wrote', async () => {
      await start()
      platform.add('A')
      await until(() => harness.sessions.length)
      const outage = watch(harness.app)
      outage.down = true
      platform.message('A')
      await received(2)
      await pass()
      reload()
      await until(() => harness.app.get('qqUser'))
      outage.down = false
      await until(async () => (await harness.app.qqUser.get(platform.selfId, 'A').catch(() => undefined))?.lastMessageAt)
    })

    it('keeps the newest of several messages', async () => {
      await start()
      const outage = watch(harness.app)
      outage.down = true
      const now = Math.floor(Date.now() / 1000) * 1000
      for (let index = 0; index < 3; index++) {
        platform.message('A', 'hello', { timestamp: now + index * 1000 })
        await received(index + 1)
        await pass()
      }
      reload()
      await until(() => harness.warnings.some(line => line.includes('3 writes wait until the plugin is loaded again')))
      await pass()
      outage.down = false
      await until(async () => +(await harness.app.qqUser.get(platform.selfId, 'A').catch(() => undefined))?.lastMessageAt! === now + 2000)
    })
  })

  describe('while the database is slow', () => {
    it('leaves what was concluded, and came to nothing, where it was: before what happened since', async () => {
      await start()
      clock = date(1.8e12)
      const outage = watch(harness.app)
      // somebody unknown, who adds the bot within the same second
      outage.delay = 100
      await harness.bot.sendPrivateMessage('A', 'advertisement').catch(() => {})
      platform.add('A')
      await received(1)
      await pass(2)
      reload()
      await until(() => harness.sessions.length)
      outage.delay = 0
      expect(await harness.app.qqUser.history(platform.selfId, 'A')).to.have.length(1)
      expect(await harness.app.qqUser.get(platform.selfId, 'A')).to.include({ relation: 'friend' })
    })

    it('trusts nothing that was read before: a no, a reload and a message within a moment', async () => {
      await start()
      platform.add('A')
      await until(() => harness.sessions.length)
      const outage = watch(harness.app)
      outage.delay = 200
      platform.reject('A')
      await received(2)
      await pass(2)
      reload()
      await until(() => harness.app.get('qqUser'))
      await harness.bot.sendPrivateMessage('A', 'advertisement')
      outage.delay = 0
      await until(() => harness.sessions.length === 2)
      await harness.bot.sendPrivateMessage('A', 'advertisement')
      expect(platform.posts).to.deep.equal([])
    })

    it('announces what was being written once', async () => {
      await start()
      const outage = watch(harness.app)
      outage.delay = 50
      for (const id of users) platform.add(id)
      await received(20)
      await pass(2)
      reload()
      await pass(2)
      reload()
      await until(() => harness.sessions.length >= 20)
      outage.delay = 0
      await harness.settled(20)
      await pass()
      expect(harness.sessions.map(({ userId }) => userId)).to.have.members(users).and.have.length(20)
    })
  })

  it('of the adapter while events wait has them announced by the bot that is there then', async () => {
    await start()
    const outage = watch(harness.app)
    outage.down = true
    const { id } = platform.add('A')
    await received(1)
    harness.adapter!.dispose()
    await until(() => !harness.bot)
    harness.connect()
    await harness.online()
    outage.down = false
    await until(() => harness.sessions.length)
    const [session] = harness.sessions
    expect(session.bot.sn).to.equal(harness.bot.sn)
    expect(session.qq).to.include({ id })
    await session.send('welcome')
    expect(platform.posts.map(({ target, body }) => [target, body.event_id])).to.deep.equal([['A', id]])
  })

  describe('of the database', () => {
    it('loses no event, and tells plugins of none unmended', async () => {
      let database!: ForkScope
      await start({ database(app) { database = load(app) } })
      for (let round = 1; round <= 5; round++) {
        for (let index = 0; index < 10; index++) platform.add(`A${round}-${index}`)
        await pass(round)
        database.dispose()
        for (let index = 0; index < 10; index++) platform.add(`B${round}-${index}`)
        await received(20 * round)
        database = load(harness.app)
        await until(() => harness.app.get('qqUser'))
      }
      await until(() => harness.sessions.length >= 100)
      await pass()
      expect(harness.sessions).to.have.length(100)
      expect(new Set(harness.sessions.map(({ userId }) => userId))).to.have.property('size', 100)
      for (const { isDirect, userId, channelId, timestamp } of harness.sessions) {
        expect([isDirect, channelId, timestamp > 1e12]).to.deep.equal([true, userId, true])
      }
    })

    it('or its absence at first: what came before it is recorded and announced when it is there', async () => {
      await start({ database() {} })
      const { id } = platform.add('A')
      platform.reject('B')
      platform.message('C')
      await received(3)
      await pass()
      expect(harness.sessions).to.deep.equal([])
      load(harness.app)
      await until(() => harness.sessions.length === 2)
      expect(harness.sessions.map(({ type, userId, isDirect }) => [type, userId, isDirect])).to.deep.equal([
        ['friend-added', 'A', true],
        ['friend-push-rejected', 'B', true],
      ])
      await harness.sessions[0].send('welcome')
      expect(platform.posts.map(({ body }) => body.event_id)).to.deep.equal([id])
      expect((await harness.app.qqUser.get(platform.selfId, 'C'))?.relation).to.equal('friend')
    })
  })
})
