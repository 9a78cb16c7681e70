/** Rule: whatever a user does is one session for plugins, in order, that can be replied to; a malformed payload is one warning. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Context, Session } from 'koishi'
import { Harness, HarnessOptions, pass, silent, until } from '../harness'
import { Platform } from '../platform'
import { EventType } from '../../src'
import { unwrap } from '../../src/shared/patch'

describe('gateway', () => {
  let harness: Harness
  let platform: Platform

  async function start(options: HarnessOptions = {}) {
    harness = await Harness.start({ config: silent, ...options })
    platform = harness.platform
  }

  afterEach(() => harness.stop())

  const received = (count: number) => until(() => harness.sessions.length >= count)

  describe('each user event becomes one session', () => {
    const cases = [
      ['friend-added', 'FRIEND_ADD', () => platform.add('A')],
      ['friend-deleted', 'FRIEND_DEL', () => platform.remove('A')],
      ['friend-push-rejected', 'C2C_MSG_REJECT', () => platform.reject('A')],
      ['friend-push-allowed', 'C2C_MSG_RECEIVE', () => platform.allow('A')],
      ['friend-push-rejected', 'INTERACTION_CREATE', () => platform.reject('A', { via: 'interaction' })],
      ['friend-push-allowed', 'INTERACTION_CREATE', () => platform.allow('A', { via: 'interaction' })],
    ] as const

    for (const protocol of ['websocket', 'webhook']) {
      for (const [type, wire, act] of cases) {
        it(`${wire} is ${type} on ${protocol}`, async () => {
          await start({ bot: { protocol } })
          const envelope = act()
          await received(1)
          await pass()
          expect(harness.sessions).to.have.length(1)
          const [session] = harness.sessions
          expect(session.type).to.equal(type)
          expect(session.platform).to.equal('qq')
          expect(session.selfId).to.equal(platform.selfId)
          expect(session.userId).to.equal('A')
          expect(session.channelId).to.equal('A')
          expect(session.isDirect).to.equal(true)
          expect(session.timestamp).to.equal(Math.floor(Date.parse(envelope.d.timestamp) / 1000 || envelope.d.timestamp) * 1000)
          expect(session.qq).to.include({ id: envelope.id, t: wire })
          expect(session.event.referrer).to.deep.equal({ id: envelope.id, t: wire, d: { id: envelope.d.id } })
          expect(harness.warnings).to.deep.equal([])
        })
      }
    }

    it('the adapter makes no second one', async () => {
      await start()
      const all: string[] = []
      harness.app.on('internal/session', (session) => { all.push(session.type) })
      platform.add('A')
      platform.remove('A')
      await received(2)
      await pass()
      expect(all.filter(type => type !== 'internal')).to.deep.equal(['friend-added', 'friend-deleted'])
    })

    it('a toggle that comes through both channels is one', async () => {
      await start()
      platform.reject('A', { via: 'both' })
      await until(async () => (await harness.ledger).length === 2)
      await pass()
      expect(harness.sessions.map(({ type }) => type)).to.deep.equal(['friend-push-rejected'])
    })

    it('other interactions are none, and stay button clicks', async () => {
      await start()
      const clicks: Session[] = []
      harness.app.on('interaction/button', (session) => { clicks.push(session) })
      platform.reject('A', { via: 'interaction', optScene: 'friend_del' })
      platform.dispatch('INTERACTION_CREATE', { id: 'i', type: 11, chat_type: 2, user_openid: 'A', data: { resolved: { button_id: 'b' } } })
      await until(() => clicks.length === 2)
      await pass()
      expect(harness.sessions).to.deep.equal([])
      expect(await harness.users).to.deep.equal([])
    })

    it('events of one tick keep their order', async () => {
      await start()
      platform.reject('A')
      platform.add('A')
      platform.allow('A')
      platform.remove('A')
      await received(4)
      expect(harness.sessions.map(({ type }) => type)).to.deep.equal([
        'friend-push-rejected', 'friend-added', 'friend-push-allowed', 'friend-deleted',
      ])
    })
  })

  describe('an event that comes again is dropped', () => {
    it('after a RESUME that replays what was handled', async () => {
      await start()
      const envelope = platform.add('A')
      await received(1)
      platform.replay(envelope)
      platform.drop()
      const missed = platform.remove('A')
      await received(2)
      platform.replay(missed)
      await pass()
      expect(harness.sessions).to.have.length(2)
      expect(platform.resumes).to.have.length(1)
    })

    it('after a webhook that is retried, in parallel too', async () => {
      await start({ bot: { protocol: 'webhook' } })
      const envelope = platform.add('A')
      await Promise.all([1, 2, 3].map(() => platform.deliver(envelope)))
      await pass()
      expect(harness.sessions).to.have.length(1)
      expect(await harness.ledger).to.have.length(1)
    })

    it('after the plugin was loaded anew', async () => {
      await start()
      const envelope = platform.add('A')
      await received(1)
      harness.plugin!.dispose()
      harness.load(silent)
      platform.replay(envelope)
      platform.remove('A')
      await received(2)
      expect(harness.sessions.map(({ type }) => type)).to.deep.equal(['friend-added', 'friend-deleted'])
    })
  })

  describe('session.send() reaches the user as a passive reply', () => {
    const answer = (type: EventType, ...contents: string[]) => (app: Context) => {
      app.on(type, async (session) => {
        for (const content of contents) await session.send(content)
      })
    }

    it('to an addition', async () => {
      await start({ prepare: answer('friend-added', 'hi') })
      const { id } = platform.add('A')
      const post = await platform.posted()
      expect(post).to.deep.include({ kind: 'user', target: 'A', route: 'event', status: 200 })
      expect(post.body).to.deep.include({ content: 'hi', event_id: id })
      expect(platform.unknownRequests).to.deep.equal([])
    })

    it('to a toggle, by the event or the interaction', async () => {
      await start({
        prepare: (app) => {
          answer('friend-push-allowed', 'on')(app)
          answer('friend-push-rejected', 'off')(app)
        },
      })
      platform.allow('A', { timestamp: Date.now() - 20_000 })
      platform.reject('A', { via: 'interaction' })
      await until(() => platform.accepted('A').length === 2)
      expect(platform.posts.map(({ route }) => route)).to.deep.equal(['event', 'event'])
    })

    it('several times, next to the icebreaker', async () => {
      await start({ config: {}, prepare: answer('friend-added', 'one', 'two') })
      platform.add('A')
      await until(() => platform.accepted('A').length === 3)
      expect(platform.posts.map(({ route }) => route)).to.deep.equal(['event', 'event', 'event'])
      expect(platform.posts.map(({ body }) => body.msg_seq).sort()).to.deep.equal([2, 3, undefined])
    })

    it('as a private message where the envelope has no id', async () => {
      await start({ prepare: answer('friend-added', 'hi') })
      platform.users.set('A', { friend: true, push: true, username: '' })
      platform.dispatch('FRIEND_ADD', { openid: 'A', timestamp: Math.floor(Date.now() / 1000) }, { id: null })
      expect(await platform.posted()).to.include({ kind: 'user', target: 'A', route: 'proactive', status: 200 })
    })
  })

  describe('comes and goes with bots', () => {
    it('whichever of plugin and adapter loads first', async () => {
      for (const order of [['plugin', 'adapter'], ['adapter', 'plugin']] as const) {
        if (order[0] === 'adapter') await harness.stop()
        await start({ order: [...order] })
        platform.add('A')
        platform.allow('A')
        await received(2)
      }
    })

    it('added and removed while running', async () => {
      await start()
      const other = await Platform.start({ appid: '102000002' })
      const fork = harness.adapter!
      harness.connect({}, other)
      await other.connected()
      await until(() => harness.app.bots[`qq:${other.selfId}`]?.isActive)
      platform.add('A')
      other.add('A')
      await received(2)
      expect(harness.sessions.map(({ selfId }) => selfId)).to.have.members([platform.selfId, other.selfId])
      fork.dispose()
      other.allow('A')
      await received(3)
      expect((await harness.users).map(({ selfId, consent }) => [selfId, consent])).to.have.deep.members([
        [platform.selfId, 'unknown'], [other.selfId, 'allowed'],
      ])
      harness.adapter!.dispose()
      await other.stop()
    })

    it('that go offline and come back, whoever says so', async () => {
      await start()
      const method = unwrap(harness.bot).internal.sendPrivateMessage
      // what Cordis hands out for an app is behind a proxy, and what that calls may be behind another
      harness.bot.offline()
      harness.bot.online()
      expect(unwrap(harness.bot).internal.sendPrivateMessage === method).to.equal(true)
    })

    it('of other platforms leaves them alone', async () => {
      await start()
      const { guildBot } = harness.bot as never as { guildBot: object }
      (harness.app.emit as Function)('qq/friend-add', { openid: 'A', timestamp: 1700000000 }, guildBot)
      await pass()
      expect(await harness.users).to.deep.equal([])
    })

    it('unloading leaves no wrapped method and no listener behind', async () => {
      await start({ order: ['adapter'] })
      const { bot, app } = harness
      const own = () => [bot, bot.internal, (bot as any).guildBot].map(object => Object.getOwnPropertyNames(unwrap(object)))
      const hooks = () => Object.values(app.lifecycle._hooks).reduce((sum, { length }) => sum + length, 0)
      const before = [own(), hooks()]
      const fork = harness.load()
      await until(() => app.get('qqUser'))
      platform.add('A')
      platform.message('A')
      platform.reject('A')
      await received(2)
      await harness.settled(2)
      fork.dispose()
      expect([own(), hooks()]).to.deep.equal(before)
      expect(app.get('qqUser')).to.equal(undefined)
      const unmended = platform.add('B')
      await received(3)
      expect(harness.sessions[2].timestamp).to.equal(unmended.d.timestamp)
    })
  })

  describe('a malformed payload', () => {
    const hostile = fc.oneof(
      fc.constantFrom(null, [], '', 0, 'A', {}, { openid: 'A' }, { openid: null, timestamp: 1 }, { openid: 'A\0', timestamp: 1700000000 }),
      fc.record({
        openid: fc.oneof(fc.constantFrom('', 'x'.repeat(200), 'a b', '\0'), fc.integer(), fc.constant(undefined)),
        timestamp: fc.constantFrom<unknown>(1700000000, '1700000000'),
      }),
      fc.record({
        openid: fc.constant('A'),
        timestamp: fc.constantFrom<unknown>(undefined, null, '', 'yesterday', -1, 1e300, 1700000000000000, 99999999999, {}, []),
      }),
    )

    it('is one warning and nothing else', async () => {
      await start()
      await fc.assert(fc.asyncProperty(
        fc.constantFrom('FRIEND_ADD', 'FRIEND_DEL', 'C2C_MSG_REJECT', 'C2C_MSG_RECEIVE'),
        hostile,
        async (type, d) => {
          fc.pre(type !== 'C2C_MSG_REJECT' || (d as any)?.openid !== 'A')
          const before = harness.warnings.length
          platform.dispatch(type, d)
          await until(() => harness.warnings.length > before)
          expect(harness.warnings.slice(before)).to.have.length(1)
          expect(harness.warnings[before]).to.match(new RegExp(`^w qq-user ignored a malformed ${type}: its field (d|openid|timestamp)$`))
        },
      ), { numRuns: 60 })
      await pass()
      expect(harness.sessions).to.deep.equal([])
      expect(await harness.ledger).to.deep.equal([])
      expect(await harness.users).to.deep.equal([])
      platform.add('A')
      await received(1)
    })

    it('of an interaction is one, too', async () => {
      await start()
      const authorize = (data: object, rest?: object) => platform.dispatch('INTERACTION_CREATE', {
        id: 'i',
        type: 18,
        scene: 'c2c',
        user_openid: 'A',
        timestamp: '2026-01-01T00:00:00+08:00',
        data: { resolved: { authorize_data: { scope: 'c2c_push', ...data } } },
        ...rest,
      })
      authorize({ switch: 'yes' })
      authorize({ switch: 1 })
      authorize({}, { user_openid: '' })
      authorize({ switch: true }, { timestamp: 'now' })
      authorize({}, { data: null })
      platform.dispatch('INTERACTION_CREATE', null)
      await until(() => harness.warnings.length === 6)
      await pass()
      expect(harness.warnings.map(line => line.split(' ').pop())).to.deep.equal([
        'switch', 'switch', 'user_openid', 'timestamp', 'authorize_data', 'd',
      ])
      expect(harness.sessions).to.deep.equal([])
    })
  })

  describe('a rejection whose time cannot be read', () => {
    const openid = 'A'
    const off = { type: 18, scene: 'c2c', user_openid: openid, data: { resolved: { authorize_data: { scope: 'c2c_push' } } } }
    const rejections: [what: string, type: string, d: object][] = [
      ['an event', 'C2C_MSG_REJECT', { openid, timestamp: null }],
      ['an interaction', 'INTERACTION_CREATE', off],
    ]

    for (const [what, type, d] of rejections) {
      it(`counts as of now, with the warning, as ${what}`, async () => {
        await start()
        platform.add(openid)
        await received(1)
        const before = Date.now()
        const { id } = platform.dispatch(type, d)
        platform.dispatch(type, d, { id })
        await received(2)
        await until(async () => (await harness.users)[0].consent === 'rejected')
        const [{ consentAt }] = await harness.users
        expect(+consentAt!).to.be.within(before, Date.now())
        expect((await harness.ledger).map(({ type }) => type)).to.deep.equal(['friend-added', 'friend-push-rejected'])
        await until(() => harness.warnings.length === 2)
        expect(harness.warnings[0]).to.equal(`w qq-user a malformed ${type} counts as of now: its field timestamp`)
      })
    }
  })

  it('a plugin that throws in a listener does not keep the event from others or from the roster', async () => {
    await start({ prepare: app => app.on('friend-added', () => { throw new Error('not ours') }) })
    platform.add('A')
    await until(() => harness.warnings.length === 1)
    platform.remove('A')
    await received(2)
    expect(await harness.users).to.have.length(1)
  })
})
