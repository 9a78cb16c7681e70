/** Rule: operators' commands refuse everybody else, explain themselves in every language, and leave with the plugin. */
import { expect } from 'chai'
import { Command, Dict, h } from 'koishi'
import { locales } from '../../src/config'
import { ask, befriend, enroll, harness, noBot, noUser, platform, pushed, start, text } from './operator'

describe('commands', () => {
  afterEach(() => harness.stop())

  describe('are for those who may use them', () => {
    const authorities: Dict<number> = {
      'qq-user.list': 3,
      'qq-user.info A': 3,
      'qq-user.stats': 3,
      'qq-user.push A hi': 4,
      'qq-user.broadcast -s nobody hi': 4,
      'qq-user.broadcasts': 4,
      'qq-user.broadcasts.pause 1': 4,
      'qq-user.broadcasts.resume 1': 4,
      'qq-user.broadcasts.cancel 1': 4,
      'qq-user.broadcasts.repeat 1': 4,
      'qq-user.forget -y A': 4,
      // nothing that it makes
      'qq-user.link a_b': 3,
      'qq-user.links': 3,
      'push-status': 0,
    }

    it('and refuse everybody else', async () => {
      await start()
      await befriend('A')
      for (let authority = 0; authority <= 4; authority++) {
        await enroll(`L${authority}`, authority)
        const refused = []
        for (const command in authorities) {
          if (authority === 4 && command.startsWith('qq-user.forget')) continue
          if (await ask(command, `L${authority}`) === text('en-US', 'internal.low-authority')) refused.push(command)
        }
        expect(refused, `authority ${authority}`).to.deep.equal(Object.keys(authorities).filter(command => authorities[command] > authority))
      }
      expect((await harness.users).map(({ userId }) => userId)).to.include('A')
      expect(pushed('A')).to.have.length(1)
    })

    it('and refuse users without an account', async () => {
      await start()
      expect(await ask('qq-user.list', 'X')).to.equal(text('zh-CN', 'internal.low-authority'))
      expect(await ask('push-status', 'X')).not.to.equal(text('zh-CN', 'internal.low-authority'))
    })
  })

  describe('take a bot by its id', () => {
    const commands = [
      'qq-user.list', 'qq-user.info A', 'qq-user.stats', 'qq-user.push -b BOT A hi', 'qq-user.broadcast -b BOT -s nobody hi', 'qq-user.broadcasts',
      'qq-user.forget -y A', 'qq-user.link a_b', 'qq-user.links',
    ]

    for (const command of commands) {
      it(`and ${command} says that it does not know it`, async () => {
        await start()
        await befriend('A')
        const named = (id: string) => command.includes('BOT') ? command.replace('BOT', id) : `${command} -b ${id}`
        expect(await ask(named('4711'))).to.equal(noBot())
        expect(await ask(named('%'))).to.equal(noBot())
        expect((await harness.users).map(({ userId }) => userId)).to.include('A')
        expect(await ask(named(platform.selfId))).not.to.equal(noBot())
      })
    }
  })

  describe('explain themselves', () => {
    const own = (commands: Command[]) => commands.filter(({ name }) => /^qq-user|^push-status$/.test(name))

    for (const locale in locales) {
      it(`in ${locale}`, async () => {
        await start()
        const commands = own(harness.app.$commander._commandList)
        expect(commands.map(({ name }) => name)).to.have.members([
          'qq-user', 'qq-user.list', 'qq-user.info', 'qq-user.stats', 'qq-user.push', 'qq-user.forget', 'qq-user.link', 'qq-user.links', 'push-status',
          'qq-user.broadcast', 'qq-user.broadcasts', 'qq-user.broadcasts.pause', 'qq-user.broadcasts.resume', 'qq-user.broadcasts.cancel',
          'qq-user.broadcasts.repeat',
        ])
        const paths = commands.flatMap(({ name, _options, _arguments }) => [
          'description',
          ...name === 'qq-user' ? [] : ['usage', 'examples'],
          ...Object.keys(_options).map(option => `options.${option}`),
          ..._arguments.map(argument => `arguments.${argument.name}`),
        ].map(path => `commands.${name}.${path}`))
        for (const path of paths) {
          expect(harness.app.i18n._data[locale][path], path).to.be.a('string').that.does.not.equal('')
        }
      })
    }

    it('with examples that work', async () => {
      await start()
      await befriend('0A1B2C3D4E5F')
      const commands = own(harness.app.$commander._commandList).filter(({ name }) => name !== 'qq-user')
      for (const example of commands.flatMap(({ name }) => text('en-US', `commands.${name}.examples`).split('\n'))) {
        const answer = await ask(h.unescape(example.split('  ')[0]))
        expect([noUser(), noBot(), text('en-US', 'internal.redunant-arguments')], example).not.to.include(answer)
        if (/^qq-user.(?:forget|broadcast )/.test(example)) await ask('n')
      }
    })
  })

  it('leave when the plugin is unloaded', async () => {
    await start()
    harness.plugin!.dispose()
    expect(harness.app.$commander._commandList.filter(({ name }) => /^qq-user|^push-status$/.test(name))).to.deep.equal([])
    expect(harness.warnings).to.deep.equal([])
  })
})
