/** Rule: a message goes to whom its caller named and to nobody else, whatever session or shared options came with it. */
import { expect } from 'chai'
import { h, Session, Universal } from 'koishi'
import { Harness, HarnessOptions, silent, until } from '../harness'
import { Platform } from '../platform'
import { unwrap } from '../../src/shared/patch'

type Options = Universal.SendOptions

describe('a message', () => {
  let harness: Harness
  let platform: Platform

  async function start(options: HarnessOptions = {}) {
    harness = await Harness.start({ config: silent, ...options })
    platform = harness.platform
  }

  afterEach(() => harness.stop())

  async function befriend(...ids: string[]) {
    for (const id of ids) platform.add(id)
    await until(() => harness.sessions.length >= ids.length)
  }

  /** The sessions of messages, one of each of these users. */
  async function write(...ids: string[]) {
    const sessions: Session[] = []
    const dispose = harness.app.on('message', (session) => { sessions.push(session) })
    for (const id of ids) {
      const { length } = sessions
      platform.message(id)
      await until(() => sessions.length > length)
    }
    dispose()
    return sessions
  }

  async function mention(group: string, by: string) {
    const sessions: Session[] = []
    const dispose = harness.app.on('message', (session) => { sessions.push(session) })
    platform.groupMessage(group, by)
    await until(() => sessions.length)
    dispose()
    return sessions[0]
  }

  function sent() {
    return platform.posts.map(({ kind, target, body, status }) => [kind, target, body.content, status])
  }

  const toUsers = (...messages: [string, string][]) => messages.map(([target, content]) => ['user', target, content, 200])

  describe('of which the options are shared with another', () => {
    it('is for its own user alone', async () => {
      await start()
      await befriend('P1', 'P2')
      const options: Options = {}
      await harness.bot.sendPrivateMessage('P1', 'secret for P1', undefined, options)
      await harness.bot.sendPrivateMessage('P2', 'secret for P2', undefined, options)
      expect(sent()).to.deep.equal(toUsers(['P1', 'secret for P1'], ['P2', 'secret for P2']))
      expect(Reflect.ownKeys(options)).to.deep.equal([])
    })

    it('is for its own user alone when they are sent at once, by whichever method', async () => {
      await start()
      await befriend('P1', 'P2', 'P3')
      const options: Options = Object.freeze({})
      await Promise.all([
        harness.bot.sendPrivateMessage('P1', 'for P1', undefined, options),
        harness.bot.sendMessage('P2', 'for P2', undefined, options),
        harness.bot.createMessage('P3', 'for P3', undefined, options),
      ])
      expect(sent().sort()).to.deep.equal(toUsers(['P1', 'for P1'], ['P2', 'for P2'], ['P3', 'for P3']))
    })

    it('is for its own session alone, though Koishi leaves that in them', async () => {
      await start()
      const [one, two] = await write('P1', 'P2')
      await befriend('P3')
      const options: Options = {}
      await Promise.all([one.send('for P1', options), two.send('for P2', options)])
      await harness.bot.sendPrivateMessage('P3', 'for P3', undefined, options)
      await harness.bot.sendMessage('P1', 'more for P1', undefined, options)
      expect(sent().sort()).to.deep.equal(toUsers(['P1', 'for P1'], ['P1', 'more for P1'], ['P2', 'for P2'], ['P3', 'for P3']))
      expect(options.session!.channelId).to.equal('P2')
    })

    it('is for whom a plugin names that sends something of its own with the options it is shown', async () => {
      await start()
      await befriend('P1', 'P2')
      harness.app.on('before-send', async (session, options) => {
        if (session.content === 'for P1') await harness.bot.sendMessage('P2', 'for P2', undefined, options)
      })
      await harness.bot.sendPrivateMessage('P1', 'for P1')
      expect(sent()).to.deep.equal(toUsers(['P2', 'for P2'], ['P1', 'for P1']))
    })
  })

  describe('for several users', () => {
    it('reaches each by bot.broadcast()', async () => {
      await start()
      const [session] = await write('P1')
      await befriend('P2', 'P3')
      await harness.bot.broadcast([session, 'P2', ['P3', 'G']], 'news', 0)
      expect(sent()).to.deep.equal(toUsers(['P1', 'news'], ['P2', 'news'], ['P3', 'news']))
    })

    it('reaches each by ctx.broadcast(), unless they said no', async () => {
      await start()
      await befriend('P1', 'P2', 'P3')
      platform.reject('P2')
      await until(async () => (await harness.app.qqUser.get(platform.selfId, 'P2'))!.consent === 'rejected')
      harness.app.koishi.config.delay!.broadcast = 0
      for (const id of ['P1', 'P2', 'P3']) await harness.app.database.createChannel('qq', id, { assignee: platform.selfId })
      await harness.app.broadcast(['qq:P1', 'qq:P2', 'qq:P3'], [h.text('news'), h('button', { id: 'x' }, 'go')])
      expect(platform.posts.map(({ kind, target, status }) => [kind, target, status]).sort()).to.deep.equal([
        ['user', 'P1', 200], ['user', 'P3', 200],
      ])
    })
  })

  describe('with the session of another channel', () => {
    it('reaches the user who was named', async () => {
      await start()
      const [one] = await write('P1')
      await befriend('P2')
      await harness.bot.sendPrivateMessage('P2', 'private', undefined, { session: one })
      await harness.bot.sendMessage('P2', 'known to be private', undefined, { session: one })
      expect(sent()).to.deep.equal(toUsers(['P2', 'private'], ['P2', 'known to be private']))
      expect(platform.posts.map(({ route }) => route)).to.deep.equal(['proactive', 'proactive'])
      expect([one.channelId, one.isDirect, one.guildId]).to.deep.equal(['P1', true, undefined])
    })

    it('is no answer to what happened there, by which adapters know it', async () => {
      await start()
      await befriend('P1', 'P2')
      const [session] = harness.sessions
      const referrers: unknown[] = []
      harness.app.on('before-send', (message, options) => { referrers.push(options.session?.event.referrer) })
      await harness.bot.sendMessage('P2', 'private', undefined, { session })
      await harness.bot.sendMessage('G', 'public', undefined, { session }).catch(() => {})
      expect(referrers).to.deep.equal([undefined, undefined])
      expect(session.event.referrer).to.be.an('object')
    })

    it('does not end up in a group', async () => {
      await start()
      await befriend('P1')
      const session = await mention('G', 'P1')
      await harness.bot.sendPrivateMessage('P1', 'private', undefined, { session })
      await harness.bot.sendPrivateMessage('P1', h.image('data:image/png;base64,AAAA'), undefined, { session })
      await session.send('public')
      expect(platform.posts.map(({ kind, target, status }) => [kind, target, status])).to.deep.equal([
        ['user', 'P1', 200], ['user', 'P1', 200], ['group', 'G', 200],
      ])
      expect([session.channelId, session.isDirect]).to.deep.equal(['G', false])
    })
  })

  describe('for somebody who is not on the roster', () => {
    for (const guard of [true, false]) {
      it(`goes to a user's address when its caller said that it is private (guard ${guard ? 'on' : 'off'})`, async () => {
        await start({ config: { ...silent, push: { guard } } })
        await harness.bot.sendPrivateMessage('X', 'hello').catch(() => {})
        await harness.bot.sendPrivateMessage('Y', h.image('data:image/png;base64,AAAA')).catch(() => {})
        expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['user', 'X'], ['user', 'Y']])
      })
    }

    it('goes to a group\'s address otherwise', async () => {
      await start()
      await harness.bot.sendMessage('X', 'hello').catch(() => {})
      expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['group', 'X']])
    })
  })

  describe('when the plugin is gone', () => {
    const methods = ['createMessage', 'sendPrivateMessage'] as const

    it('is sent by the bot\'s own methods', async () => {
      await start()
      const bot = unwrap(harness.bot)
      for (const method of methods) expect(Object.hasOwn(bot, method)).to.equal(true)
      harness.plugin!.dispose()
      for (const method of methods) expect(Object.hasOwn(bot, method)).to.equal(false)
      for (const method of ['sendPrivateMessage', 'sendFilePrivate']) expect(Object.hasOwn(bot.internal, method)).to.equal(false)
    })

    it('is sent by what another plugin has put on top, and nothing of ours is left in it', async () => {
      await start()
      await befriend('P1')
      platform.reject('P1')
      await until(async () => (await harness.app.qqUser.get(platform.selfId, 'P1'))!.consent === 'rejected')
      const { bot } = harness
      const calls: string[] = []
      const { sendPrivateMessage } = bot
      bot.sendPrivateMessage = (...args) => {
        calls.push('bot')
        return sendPrivateMessage.apply(bot, args)
      }
      const request = bot.internal.sendPrivateMessage
      bot.internal.sendPrivateMessage = (...args: unknown[]) => {
        calls.push('request')
        return request.apply(bot.internal, args)
      }
      const refused = () => bot.internal.sendPrivateMessage('P1', { content: 'x', msg_type: 0 }).then(() => '', (error: Error) => error.name)
      expect(await bot.sendPrivateMessage('P1', 'x')).to.deep.equal([])
      expect(platform.posts).to.deep.equal([])
      harness.plugin!.dispose()
      expect(await refused()).to.equal('Error')
      expect(platform.posts.map(({ code }) => code)).to.deep.equal([40054013])
      await bot.sendPrivateMessage('P1', 'x').catch(() => {})
      expect(calls).to.deep.equal(['bot', 'request', 'bot'])

      harness.load(silent)
      await until(() => harness.app.get('qqUser'))
      await until(async () => (await bot.sendPrivateMessage('P1', 'x').catch(() => undefined))?.length === 0)
      expect(calls.at(-1)).to.equal('bot')
    })
  })
})
