/** Rule: a notice says what the operator wrote, with what others wrote as plain text, and one whose text is at fault is not sent. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { expect } from 'chai'
import { HarnessOptions } from '../harness'
import { harness, platform, start, useStage } from '../stage'

describe('notices', () => {
  useStage()

  const contents = () => platform.accepted().map(({ body }) => body.content)
  const outcomes = async (count: number) => (await harness.settled(count)).map(({ notice, noticeReason }) => [notice, noticeReason])

  describe('say what the operator wrote', () => {
    it('with elements and variables', async () => {
      await start({ config: { icebreaker: { content: '{bot.name}: hi <b>{user.id}</b>, scene {event.scene}, {event.sceneParam}' } } })
      platform.add('A', { scene: 2003, sceneParam: 'poster' })
      await outcomes(1)
      expect(contents()).to.deep.equal(['stand-in: hi A, scene 2003, poster'])
    })

    it('in several parts', async () => {
      await start({ config: { icebreaker: { content: '<message>one</message><message>two</message>' } } })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['sent', '']])
      expect(contents()).to.deep.equal(['one', 'two'])
      expect(platform.posts.map(({ body }) => body.msg_seq)).to.deep.equal([undefined, 2])
    })

    it('differently for different users', async () => {
      const branches = [{ case: { $eq: [{ $: 'userId' }, 'A'] }, then: 'for A' }]
      await start({ config: { icebreaker: { content: { $switch: { branches, default: 'for all' } } } } })
      platform.add('A')
      platform.add('B')
      await outcomes(2)
      expect(contents()).to.have.members(['for A', 'for all'])
    })

    it("in the user's language, when there is nothing from the operator", async () => {
      await start()
      const { id } = await harness.app.database.create('user', { locales: ['en-US'], authority: 1 })
      await harness.app.database.create('binding', { platform: 'qq', pid: 'A', aid: id, bid: id })
      platform.add('A')
      await outcomes(1)
      expect(contents()[0]).to.match(/^Hello/)
    })

    it('as overridden through the locales plugin', async () => {
      await start({ prepare: app => app.i18n.define('$zh-CN', 'qq-user.notices.icebreaker', '本店开张，{bot.name} 欢迎你') })
      platform.add('A')
      await outcomes(1)
      expect(contents()).to.deep.equal(['本店开张，stand-in 欢迎你'])
    })

    it('and never what a user wrote', async () => {
      await start({ config: { icebreaker: { content: '[{event.sceneParam}]' } } })
      const hostile = '{bot.id}<at id="all"/>{1+1}'
      platform.add('A', { scene: 2003, sceneParam: hostile })
      await outcomes(1)
      expect(contents()).to.deep.equal([`[${hostile}]`])
    })
  })

  describe('with an address that is not the operator\'s', () => {
    let files: { url?: string; file_data?: string }[]

    const greet = (content: string, prepare?: HarnessOptions['prepare']) => start({
      config: { icebreaker: { content } },
      prepare(app) {
        files = []
        app.on('http/fetch-init' as never, ((url: URL, { body }: RequestInit) => {
          if (url.pathname.endsWith('/files')) files.push(JSON.parse(String(body)))
        }) as never)
        prepare?.(app)
      },
    })
    const left = () => harness.warnings.filter(line => line.includes('<img>'))

    it('never send a file of the own machine', async () => {
      const folder = await mkdtemp(join(tmpdir(), 'qq-user-'))
      try {
        const secret = join(folder, 'secret.txt')
        await writeFile(secret, 'secret')
        await greet('hello <img src={event.sceneParam}/> {user.name}')
        platform.add('A', { scene: 2003, sceneParam: pathToFileURL(secret).href })
        platform.add('B', { scene: 2003, sceneParam: secret })
        platform.add('C', { scene: 2003, sceneParam: 'base64://c2VjcmV0' })
        platform.add('D', { scene: 2003, sceneParam: `http://127.0.0.1:${new URL(platform.endpoint).port}/gateway` })
        expect(await outcomes(4)).to.deep.equal([['sent', ''], ['sent', ''], ['sent', ''], ['sent', '']])
        expect(contents().map(content => content.trim())).to.deep.equal(['hello', 'hello', 'hello', 'hello'])
        expect(files).to.deep.equal([])
        expect(left()).to.have.length(1)
        expect(left()[0]).to.contain('icebreaker.content').and.to.contain('src').and.not.to.contain('secret')
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    it('send one on the web, unless its name stands for the own network', async () => {
      await greet('hello<img src={event.sceneParam}/>')
      harness.app.http.isLocal = async url => new URL(url).hostname === 'inside.example.com'
      platform.add('A', { scene: 2003, sceneParam: 'https://inside.example.com/a.png' })
      platform.add('B', { scene: 2003, sceneParam: 'https://outside.example.com/a.png' })
      expect(await outcomes(2)).to.deep.equal([['sent', ''], ['sent', '']])
      expect(files.map(({ url }) => url)).to.deep.equal(['https://outside.example.com/a.png'])
      expect(left()).to.have.length(1)
    })

    it("send the operator's own, whatever it is", async () => {
      const folder = await mkdtemp(join(tmpdir(), 'qq-user-'))
      try {
        const picture = join(folder, 'a.png')
        await writeFile(picture, 'picture')
        await greet(`<img src={event.scene === 2003 ? "${pathToFileURL(picture).href}" : ""}/>`)
        platform.add('A', { scene: 2003, sceneParam: 'x' })
        expect(await outcomes(1)).to.deep.equal([['sent', '']])
        expect(files.map(file => Buffer.from(file.file_data!, 'base64').toString())).to.deep.equal(['picture'])
        expect(left()).to.deep.equal([])
      } finally {
        await rm(folder, { recursive: true })
      }
    })

    it('nor one in a text that the locales plugin overrides', async () => {
      await greet('', app => app.i18n.define('$zh-CN', 'qq-user.notices.icebreaker', '你好<img src={event.sceneParam}/>'))
      platform.add('A', { scene: 2003, sceneParam: pathToFileURL(__filename).href })
      expect(await outcomes(1)).to.deep.equal([['sent', '']])
      expect([contents(), files]).to.deep.equal([['你好'], []])
    })
  })

  it('run what the operator says, as the recipient', async () => {
    await start({
      config: { icebreaker: { content: 'hello <execute>whoami</execute>' }, pushAllowed: { content: 'hello <execute>danger</execute>' } },
      prepare(app) {
        app.command('whoami').action(({ session }) => session!.userId)
        app.command('danger', { authority: 5 }).action(() => 'danger')
      },
    })
    platform.add('A')
    await outcomes(1)
    platform.allow('A')
    await outcomes(2)
    expect(contents()[0]).to.equal('hello A')
    expect(contents()[1]).to.contain('hello ').and.not.to.contain('danger')
  })

  it('run two things at once for somebody whom Koishi does not know yet', async () => {
    await start({
      config: { icebreaker: { content: '<execute>one</execute> <execute>two</execute>' } },
      prepare: app => ['one', 'two'].forEach(name => app.command(name).action(() => name)),
    })
    platform.add('A')
    expect(await outcomes(1)).to.deep.equal([['sent', '']])
    expect(contents()).to.deep.equal(['one two'])
  })

  describe('with a broken template', () => {
    it('in another script are not sent with a hole', async () => {
      await start({ config: { icebreaker: { content: '欢迎 {用户名}！' } } })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['failed', 'template']])
      expect(harness.warnings[0]).to.contain('icebreaker.content: unknown at character 4, {用户名')
      expect(platform.posts).to.deep.equal([])
    })

    it('are not sent when they are too long for the platform, whoever made them so', async () => {
      const long = 'x'.repeat(4500)
      await start({ config: { icebreaker: { content: long }, pushAllowed: { content: 'x'.repeat(3980) + '{event.sceneParam}' } } })
      expect(harness.warnings[0]).to.contain('icebreaker.content: too-long')
      platform.add('A', { scene: 2003, sceneParam: 'y'.repeat(50) })
      platform.allow('A')
      platform.allow('B')
      expect((await outcomes(3)).sort()).to.deep.equal([['failed', 'template'], ['failed', 'template'], ['sent', '']])
      expect(harness.warnings[1]).to.contain('pushAllowed.content: too-long')
      expect(platform.posts.map(({ target, code }) => [target, code])).to.deep.equal([['B', undefined]])
    })

    it('in the locales plugin are not sent either', async () => {
      await start({ prepare: app => app.i18n.define('$zh-CN', 'qq-user.notices.icebreaker', '你好 {user.nick}') })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['failed', 'template']])
      expect(harness.warnings[0]).to.contain('icebreaker.content: unknown')
    })

    it('are failed, warned about by their key, and leave the bot alone', async () => {
      await start({ config: { icebreaker: { content: 'hi {user.name + }' }, pushAllowed: { content: '{usr.name}' } } })
      expect(harness.warnings.map(line => /(\w+)\.content: (\w+)/.exec(line)!.slice(1))).to.deep.equal([['icebreaker', 'syntax'], ['pushAllowed', 'unknown']])
      platform.add('A')
      platform.allow('A', { timestamp: Date.now() - 20_000 })
      platform.reject('A', { via: 'interaction' })
      expect(await outcomes(3)).to.deep.equal([['failed', 'template'], ['failed', 'template'], ['sent', '']])
      expect(platform.posts).to.have.length(1)
      platform.add('B')
      await outcomes(4)
      expect(harness.warnings.filter(line => line.includes('.content'))).to.have.length(2)
    })

    it('that throws only when it is used', async () => {
      await start({ config: { icebreaker: { content: () => { throw new Error('not today') } } } })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['failed', 'template']])
      expect(harness.warnings[0]).to.contain('icebreaker.content').and.to.contain('not today')
    })
  })
})
