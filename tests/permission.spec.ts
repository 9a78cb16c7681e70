/** Rule: a command that demands qq-user.push is refused to users who turned proactive messages off, and to nobody else. */
import { expect } from 'chai'
import { Bot, Command, Context, ForkScope, Fragment, h, Universal } from 'koishi'
import { Harness, HarnessOptions, silent, until } from './harness'
import { Platform } from './platform'
import { locales } from '../src/config'

/** A bot of another platform, which keeps what it is to send. */
class Elsewhere extends Bot {
  static inject = []

  readonly sent: string[] = []

  constructor(ctx: Context) {
    super(ctx, {}, 'elsewhere')
    this.selfId = 'E'
    this.platform = 'elsewhere'
  }

  async sendMessage(channelId: string, content: Fragment) {
    this.sent.push(String(content))
    return []
  }

  hear(userId: string, content: string) {
    const session = this.session({
      type: 'message',
      timestamp: Date.now(),
      user: { id: userId },
      channel: { id: userId, type: Universal.Channel.Type.DIRECT },
    })
    session.messageId = '1'
    session.elements = [h.text(content)]
    this.dispatch(session)
  }
}

describe('the permission qq-user.push', () => {
  let harness: Harness
  let platform: Platform
  let commands: Command[]
  let elsewhere: ForkScope | undefined

  async function start({ config, ...options }: HarnessOptions = {}) {
    harness = await Harness.start({
      config: { ...silent, ...config },
      prepare: app => app.plugin({
        name: 'news',
        apply(ctx: Context) {
          commands = [
            ctx.command('subscribe', { permissions: ['qq-user.push'] }).action(() => 'subscribed'),
            ctx.command('follow', { authority: 1, dependencies: ['qq-user.push'] }).action(() => 'followed'),
            ctx.command('moderate', { authority: 3, dependencies: ['qq-user.push'] }).action(() => 'moderated'),
            ctx.command('read').option('later', '-l', { dependencies: ['qq-user.push'] }).action(({ options }) => options!.later ? 'noted' : 'read'),
            ctx.command('news', { dependencies: ['qq-user.push'] }).action(() => 'news'),
            ctx.command('news.old').action(() => 'old news'),
            ctx.command('weather').action(() => 'sunny'),
            ctx.command('hush', { dependencies: ['qq-user.push'], showWarning: false }).action(() => 'hushed'),
            ctx.command('boss', { authority: 4 }).action(() => 'boss'),
          ]
        },
      }),
      ...options,
    })
    platform = harness.platform
  }

  afterEach(async () => {
    elsewhere?.dispose()
    elsewhere = undefined
    await harness.stop()
  })

  async function ask(content: string, from = 'A'): Promise<string> {
    const answers = () => platform.posts.filter(({ target, route }) => target === from && route === 'msg')
    const { length } = answers()
    platform.message(from, content)
    await until(() => answers().length > length)
    return answers()[length].body.content
  }

  const enroll = (pid: string, authority: number, locale = 'zh-CN') => harness.enroll(pid, authority, locale)

  async function know(id: string, consent: 'allowed' | 'rejected') {
    if (consent === 'allowed') platform.allow(id)
    else platform.reject(id)
    await until(async () => (await harness.app.qqUser.get(platform.selfId, id))?.consent === consent)
  }

  const refusal = (locale = 'zh-CN') => [locales[locale]['qq-user'].answers['switch-off'], locales[locale]['qq-user'].answers['how-to']].join('\n')
  const lowAuthority = () => harness.app.i18n.render(['zh-CN'], ['internal.low-authority'], {}).join('')

  it('can be chosen in the commands page', async () => {
    await start()
    expect(harness.app.permissions.list()).to.include('qq-user.push')
  })

  it('is had by friends, by those who allowed, and by those who are not known', async () => {
    await start()
    platform.add('A')
    await until(() => harness.sessions.length)
    await know('B', 'allowed')
    for (const user of ['A', 'B', 'X']) {
      expect(await ask('subscribe', user), user).to.equal('subscribed')
      expect(await ask('follow', user), user).to.equal('followed')
    }
  })

  it('is had by users whose switch was never seen, whatever is assumed of them', async () => {
    await start({ config: { push: { assumeAllowed: false } } })
    expect(await ask('subscribe')).to.equal('subscribed')
  })

  it('is had by users of other platforms', async () => {
    await start()
    // somebody of the same name, and a bot of the same id
    await know('A', 'rejected')
    elsewhere = harness.app.plugin(Elsewhere as never)
    const bot = harness.app.bots.find(bot => bot.platform === 'elsewhere') as unknown as Elsewhere
    bot.selfId = platform.selfId
    for (const [index, command] of ['subscribe', 'follow', 'push-status'].entries()) {
      bot.hear('A', command)
      await until(() => bot.sent.length > index)
    }
    expect(bot.sent).to.deep.equal(['subscribed', 'followed', locales['zh-CN'].commands['push-status'].messages['only-qq']])
  })

  for (const via of ['c2c', 'interaction'] as const) {
    it(`is not had by users who rejected through ${via}, who are told where the switch is`, async () => {
      await start()
      platform.reject('A', { via })
      await until(() => harness.sessions.length)
      expect(await ask('subscribe')).to.equal(refusal())
      expect(await ask('follow')).to.equal(refusal())
      platform.allow('A', { via, timestamp: Date.now() + 1000 })
      await until(() => harness.sessions.length === 2)
      expect(await ask('subscribe')).to.equal('subscribed')
      expect(await ask('follow')).to.equal('followed')
    })
  }

  it('is not had by a user whose refusal was learned from the platform', async () => {
    await start()
    platform.add('A')
    await until(() => harness.sessions.length)
    platform.users.get('A')!.push = false
    await harness.app.qqUser.push(platform.selfId, 'A', 'hi').catch(() => {})
    expect(await ask('subscribe')).to.equal(refusal())
  })

  it("is refused in the user's language", async () => {
    await start()
    for (const locale of ['zh-CN', 'en-US', 'ja-JP']) {
      await enroll(locale, 1, locale)
      await know(locale, 'rejected')
      expect(await ask('subscribe', locale)).to.equal(refusal(locale))
    }
  })

  it('says nothing of the switch to a user who lacks something else as well', async () => {
    await start()
    await know('A', 'rejected')
    expect(await ask('moderate')).to.equal(lowAuthority())
    await enroll('MOD', 3)
    await know('MOD', 'rejected')
    expect(await ask('moderate', 'MOD')).to.equal(refusal())
    await enroll('ZERO', 0)
    await know('ZERO', 'rejected')
    expect(await ask('follow', 'ZERO')).to.equal(lowAuthority())
  })

  it('can be demanded by an option, and by the command above', async () => {
    await start()
    await know('A', 'rejected')
    expect(await ask('read')).to.equal('read')
    expect(await ask('read -l')).to.equal(refusal())
    expect(await ask('news.old')).to.equal(refusal())
  })

  it('is explained even when there is an option that does not exist', async () => {
    await start()
    await know('A', 'rejected')
    expect(await ask('subscribe --foo')).to.equal(refusal())
    await know('B', 'allowed')
    expect(await ask('subscribe --foo', 'B')).to.equal('subscribed')
  })

  it('can be had otherwise, where a command takes other permissions as well', async () => {
    await start()
    await know('A', 'rejected')
    harness.app.command('either', { permissions: ['qq-user.push', 'authority:3'] }).action(() => 'either')
    expect(await ask('either')).to.equal(refusal())
    await enroll('MOD', 3)
    await know('MOD', 'rejected')
    expect(await ask('either', 'MOD')).to.equal('either')
  })

  it('is demanded of no command by itself', async () => {
    await start()
    await know('A', 'rejected')
    expect(await ask('weather')).to.equal('sunny')
    expect(await ask('push-status')).to.contain(locales['zh-CN']['qq-user'].answers['how-to'])
    expect(await ask('boss')).to.equal(lowAuthority())
  })

  it('is refused in silence where the command wants that', async () => {
    await start()
    await enroll('A', 1)
    await know('A', 'rejected')
    platform.message('A', 'hush')
    expect(await ask('weather')).to.equal('sunny')
    expect(platform.posts).to.have.length(1)
  })

  it('asks nothing of a command that does not demand it', async () => {
    await start()
    await ask('weather')
    const { get } = harness.app.qqUser
    let asked = 0
    harness.app.qqUser.get = (...args) => {
      asked++
      return get.apply(harness.app.qqUser, args)
    }
    await ask('weather')
    expect(asked).to.equal(0)
  })

  it('goes with the plugin', async () => {
    await start()
    await know('A', 'rejected')
    expect(await ask('follow')).to.equal(refusal())
    harness.plugin!.dispose()
    expect(harness.app.permissions.list()).not.to.include('qq-user.push')
    expect(await ask('follow')).to.equal(lowAuthority())
    expect(await ask('weather')).to.equal('sunny')
    expect(commands.every(({ name }) => harness.app.$commander.get(name))).to.equal(true)
    harness.load(silent)
    await until(() => harness.app.get('qqUser'))
    expect(await ask('follow')).to.equal(refusal())
  })
})
