/** Rule: nothing that a caller gave is written to, be it options, content, a session or the config. */
import { expect } from 'chai'
import { h, Session } from 'koishi'
import { Harness, silent, until } from './harness'
import { Platform } from './platform'
import { QQUserService } from '../src'

/** Code may run without `'use strict'`, where writing to what is frozen goes unnoticed. */
function forbidWrites<T>(value: T): T {
  const isPlain = Array.isArray(value) || h.isElement(value) || Object.getPrototypeOf(value ?? 0) === Object.prototype
  if (!isPlain) return value
  const refuse = (target: object, key: PropertyKey): never => {
    throw new Error(`${String(key)} was written to`)
  }
  return new Proxy(value as object, {
    get: (target, key, receiver) => forbidWrites(Reflect.get(target, key, receiver)),
    set: refuse,
    defineProperty: refuse,
    deleteProperty: refuse,
  }) as T
}

/** All that Satori and the adapter do something about. */
function compose() {
  return forbidWrites([
    h.text('text'),
    h('p', ['paragraph', h('br'), h('b', 'bold')]),
    h('button-group', [
      h('button', { action: () => {} }, 'act'),
      h('button', { class: 'primary' }, 'nameless'),
      h('button', { type: 'link', href: 'https://example.com' }, 'link'),
    ]),
    h('message', [h.image('data:image/png;base64,AAAA'), h('custom', { nested: { list: [1] } }, h('button', 'inner'))]),
    h(() => [h('button', 'made')]),
  ])
}

describe('what a caller gave is never written to', () => {
  let harness: Harness
  let platform: Platform

  before(async () => {
    const config = forbidWrites({
      ...silent,
      icebreaker: { enabled: true, content: '<button>hello</button>' },
      push: { guard: true, assumeAllowed: true },
      history: { keepDays: 0 },
    })
    harness = await Harness.start({ config, limits: { botSecond: 100, botMinute: 100, userMinute: 100 } })
    platform = harness.platform
    platform.add('U')
    await harness.settled(1)
  })

  after(() => harness.stop())

  beforeEach(() => { platform.posts.length = 0 })

  it('the config', () => {
    expect(harness.warnings).to.deep.equal([])
  })

  describe('by ctx.qqUser', () => {
    type Service = QQUserService
    const calls: { [K in Exclude<keyof Service, 'links' | 'broadcasts'>]: (service: Service, selfId: string) => Promise<unknown> } = {
      get: (service, selfId) => service.get(selfId, 'U'),
      list: async (service, selfId) => {
        const [last] = await service.list(forbidWrites({ selfId, relation: 'friend', consent: 'unknown', search: 'U', sort: 'firstSeen', limit: 1 }))
        return service.list(forbidWrites({ selfId, after: last }))
      },
      count: async (service, selfId) => [await service.count(forbidWrites({ selfId, relation: 'friend' })), await service.count(forbidWrites({ search: 'U' }))],
      history: (service, selfId) => service.history(selfId, 'U', forbidWrites({ limit: 5 })),
      canPush: (service, selfId) => service.canPush(selfId, 'U'),
      push: async (service, selfId) => {
        const { signal } = new AbortController()
        const options = forbidWrites({ signal })
        // which runs no components
        const content = forbidWrites(compose().slice(0, -1))
        const ids = [await service.push(selfId, 'U', content, options), await service.push(selfId, 'U', content, options)]
        expect(ids.map(({ length }) => length)).to.deep.equal([2, 2])
      },
      forget: (service, selfId) => service.forget(selfId, 'nobody'),
    }

    it('whose methods are these', () => {
      const methods = Object.getOwnPropertyNames(QQUserService.prototype).filter(name => name !== 'constructor')
      expect(Object.keys(calls)).to.have.members(methods)
    })

    it('links.create()', async () => {
      expect(await harness.app.qqUser.links.create(platform.selfId, 'poster', forbidWrites({ title: 'title' }))).to.include({ title: 'title' })
    })

    for (const [name, call] of Object.entries(calls)) {
      it(`${name}()`, () => call(harness.app.qqUser, platform.selfId))
    }
  })

  it('by ctx.qqUser.broadcasts', async () => {
    const { broadcasts } = harness.app.qqUser
    const { selfId } = platform
    const audience = forbidWrites({ relation: 'friend' as const, userIds: ['U'], activeSince: new Date(0) })
    const content = forbidWrites([h('p', [h.text('for {user.name}'), h('b', 'bold')]), h('button', { type: 'link', href: 'https://example.com' }, 'link')])
    await broadcasts.create(forbidWrites({ selfId, content, title: 'news', audience, via: ['proactive' as const], startAt: new Date(Date.now() + 60_000) }))
    const options = forbidWrites({ selfId, content, audience: { relation: 'friend' as const }, via: ['proactive' as const] })
    expect((await broadcasts.estimate(options)).reachable).to.equal(1)
    const { id } = await broadcasts.create(options)
    await broadcasts.start(id)
    await until(async () => (await broadcasts.get(id))?.state === 'finished')
    expect((await broadcasts.recipients(id, forbidWrites({ limit: 1 })))[0].state).to.equal('sent')
    expect((await broadcasts.list(forbidWrites({ selfId, limit: 2 }))).length).to.equal(2)
  })

  it('by bot.sendPrivateMessage(), bot.sendMessage(), bot.createMessage() and bot.broadcast()', async () => {
    const { bot } = harness
    const options = forbidWrites({})
    const content = compose()
    expect(await bot.sendPrivateMessage('U', content, undefined, options)).to.have.length(3)
    expect(await bot.sendMessage('U', content, undefined, options)).to.have.length(3)
    expect(await bot.createMessage('U', content, undefined, options)).to.have.length(3)
    expect(await bot.broadcast(forbidWrites(['U', ['U', 'G']]) as string[], content, 0)).to.have.length(6)
    expect(platform.posts.every(({ reached }) => reached)).to.equal(true)
  })

  it('by requests for a user', async () => {
    const { internal } = harness.bot
    const { id } = platform.message('U')
    await internal.sendPrivateMessage('U', forbidWrites({ content: 'x', msg_type: 0 }))
    await internal.sendPrivateMessage('U', forbidWrites({ content: 'x', msg_type: 0, event_id: id })).catch(() => {})
    await internal.sendFilePrivate('U', forbidWrites({ file_type: 1, url: 'https://example.com/a.png', srv_send_msg: true }))
    expect(platform.posts.map(({ body }) => body.content)).to.deep.equal(['x', 'x'])
  })

  it('and what its owner writes to it while a push waits does not become part of that push', async () => {
    const content = [h('p', [h.text('for U')])]
    const push = harness.app.qqUser.push(platform.selfId, 'U', content)
    content[0].children[0].attrs.content = 'for somebody else'
    content.push(h.text('and more'))
    await push
    expect(platform.posts.map(({ body }) => body.content.trim())).to.deep.equal(['for U'])
  })

  it('a session that is passed along', async () => {
    const sessions: Session[] = []
    const dispose = harness.app.on('message', (session) => { sessions.push(session) })
    platform.groupMessage('G', 'U')
    await until(() => sessions.length)
    dispose()
    const [session] = sessions
    const before = JSON.stringify(session.event)
    await harness.bot.sendPrivateMessage('U', compose(), undefined, forbidWrites({ session }))
    expect(new Set(platform.posts.map(({ kind, target, status }) => `${kind} ${target} ${status}`))).to.deep.equal(new Set(['user U 200']))
    expect(JSON.stringify(session.event)).to.equal(before)
  })
})
