/** Rule: replies to a fresh event arrive, numbered, across reloads; pictures and buttons arrive, become text, or fail clearly. */
import { expect } from 'chai'
import { Dict, h, Session, Time } from 'koishi'
import { Clock, freeze } from '../clock'
import { Harness, HarnessOptions, pass, silent, until } from '../harness'
import { Platform, Post } from '../platform'
import { PushError } from '../../src'

describe('messages on the wire', () => {
  let harness: Harness
  let platform: Platform
  let clock: Clock | undefined

  async function start(options: HarnessOptions = {}) {
    harness = await Harness.start(options)
    platform = harness.platform
  }

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    await harness.stop()
  })

  async function reload(config: Dict = {}) {
    await harness.reload(config)
  }

  async function befriend(...ids: string[]) {
    for (const id of ids) platform.add(id)
    await until(async () => (await harness.users).length >= ids.length)
  }

  const outcomes = async (count: number) => (await harness.settled(count)).map(({ notice, noticeReason }) => [notice, noticeReason])
  const sequence = (posts: Post[]) => posts.map(({ body }) => body.msg_seq)

  describe('of other plugins, as replies to a fresh event', () => {
    const greet = (...contents: string[]) => ({
      config: silent,
      prepare: (app: Harness['app']) => app.on('friend-added', (session) => {
        for (const content of contents) session.send(content)
      }),
    })

    it('arrive when the platform knows the event: after 1.5, 2 and 3 seconds', async () => {
      await start({ ...greet('welcome'), freshFor: 5 * Time.second })
      clock = freeze()
      platform.add('A')
      for (const [index, delay] of [1500, 2000, 3000].entries()) {
        await until(() => platform.posts.length === index + 1)
        await pass()
        await clock.tickAsync(delay)
      }
      await until(() => platform.accepted('A').length)
      expect(platform.posts.map(({ code, route }) => [code, route])).to.deep.equal([
        [40034025, 'event'], [40034025, 'event'], [40034025, 'event'], [undefined, 'event'],
      ])
    })

    it('arrive in a crowd', async () => {
      await start({ ...greet('welcome'), freshFor: 300 })
      for (let index = 0; index < 50; index++) platform.add(`A${index}`)
      await until(() => platform.accepted().length === 50)
    })

    it('arrive though the plugin is reloaded meanwhile', async () => {
      await start({ ...greet('welcome'), freshFor: 300 })
      platform.add('A')
      await until(() => platform.posts.length === 1)
      await reload(silent)
      await until(() => platform.accepted('A').length)
      expect(platform.accepted('A')[0]).to.include({ route: 'event' })
    })

    it('count as replies though the plugin is reloaded between two tries', async () => {
      const sessions: Session[] = []
      await start({ config: silent, freshFor: 300, prepare: app => app.on('friend-added', (session) => { sessions.push(session) }) })
      platform.add('A')
      await until(() => sessions.length)
      const first = sessions[0].send('one')
      await until(() => platform.posts.length === 1)
      await reload(silent)
      await first
      await sessions[0].send('two')
      expect(platform.accepted('A').map(({ body }) => [body.content, body.msg_seq])).to.deep.equal([['one', undefined], ['two', 2]])
    })

    it('arrive beside the greeting, numbered, whoever is first', async () => {
      await start({ ...greet('one', 'two'), config: {}, freshFor: 300 })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['sent', '']])
      await until(() => platform.accepted('A').length === 3)
      expect(platform.accepted('A').every(({ route }) => route === 'event')).to.equal(true)
      expect(sequence(platform.accepted('A'))).to.deep.equal([undefined, 2, 3])
    })

    it('take the next way at once when the event is not fresh any more', async () => {
      const sessions: Session[] = []
      await start({ config: silent, prepare: app => app.on('friend-added', (session) => { sessions.push(session) }) })
      platform.add('A')
      await until(() => sessions.length)
      await sessions[0].send('one')
      clock = freeze()
      clock.tick(11 * Time.second)
      platform.fail({ code: 40034025 })
      await sessions[0].send('two')
      expect(platform.posts.map(({ route, code }) => [route, code])).to.deep.equal([['event', undefined], ['event', 40034025], ['proactive', undefined]])
    })

    it('are not made again for another reason', async () => {
      await start(greet('welcome'))
      platform.fail({ code: 40034006, times: Infinity })
      platform.add('A')
      await until(() => platform.posts.length)
      clock = freeze()
      await clock.tickAsync(Time.minute)
      await pass()
      expect(platform.posts).to.have.length(1)
    })
  })

  describe('are numbered', () => {
    it('on a message: each part of a notice by itself, and apart from other replies', async () => {
      await start({
        config: { pushRejected: { content: '<message>one</message><message>two</message>' } },
        prepare: app => app.middleware(() => 're'),
      })
      platform.message('A')
      await until(() => platform.accepted('A').length === 1)
      platform.reject('A')
      await until(() => platform.accepted('A').length === 3)
      const numbers = sequence(platform.posts)
      expect(platform.posts.map(({ route, status }) => [route, status])).to.deep.equal([['msg', 200], ['msg', 200], ['msg', 200]])
      expect(new Set(numbers).size).to.equal(3)
      expect(numbers[0]).to.equal(1)
      for (const number of numbers.slice(1)) expect(number).to.be.within(1000, 2 ** 32 - 1)
    })

    it('on a message, though the plugin was reloaded', async () => {
      await start()
      platform.message('A')
      await until(() => platform.users.has('A'))
      await pass()
      const now = Date.now()
      platform.reject('A', { timestamp: now })
      await until(() => platform.accepted('A').length === 1)
      await reload()
      platform.allow('A', { timestamp: now + 1000 })
      await until(() => platform.accepted('A').length === 2)
      platform.reject('A', { timestamp: now + 1000 })
      await until(() => platform.accepted('A').length === 3)
      expect(platform.posts.map(({ route, status }) => [route, status])).to.deep.equal([['msg', 200], ['event', 200], ['msg', 200]])
      expect(platform.posts[2].body.msg_seq).to.be.above(platform.posts[0].body.msg_seq)
    })

    it('on an event that was answered before the plugin was reloaded', async () => {
      const sessions: Session[] = []
      await start({ prepare: app => app.on('friend-added', (session) => { sessions.push(session) }) })
      platform.add('A')
      await outcomes(1)
      await reload()
      await sessions[0].send('welcome')
      expect(platform.posts.map(({ route, status, body }) => [route, status, body.msg_seq])).to.deep.equal([
        ['event', 200, undefined], ['event', 200, 2],
      ])
    })

    it('on an event in the order of their arrival', async () => {
      const sessions: Session[] = []
      await start({ config: silent, prepare: app => app.on('friend-added', (session) => { sessions.push(session) }) })
      platform.add('A')
      await until(() => sessions.length)
      platform.fail({ delay: 150 })
      await Promise.all([sessions[0].send('one'), sessions[0].send('two')])
      const [one, two] = platform.posts
      expect([one.body.msg_seq, two.body.msg_seq]).to.deep.equal([undefined, 2])
      expect(two.at - one.at).to.be.at.least(140)
    })
  })

  describe('go their way, whatever another plugin makes of their content', () => {
    const edit = (app: Harness['app']) => app.on('before-send', (session) => {
      session.elements = [h.text('edited')]
    })

    it('a greeting', async () => {
      await start({ prepare: edit })
      platform.add('A')
      await outcomes(1)
      expect(platform.posts.map(({ route, body }) => [route, body.content])).to.deep.equal([['event', 'edited']])
    })

    it('the answer to a no', async () => {
      await start({ prepare: edit })
      platform.message('A')
      platform.reject('A')
      await until(() => platform.accepted('A').length)
      expect(platform.posts.map(({ route, body }) => [route, body.content])).to.deep.equal([['msg', 'edited']])
    })

    it('and are kept from nobody who said no by that', async () => {
      await start({ config: silent, prepare: edit })
      await befriend('A')
      platform.reject('A')
      await until(async () => (await harness.app.qqUser.get(platform.selfId, 'A'))?.consent === 'rejected')
      const error = await harness.app.qqUser.push(platform.selfId, 'A', 'news').catch(error => error)
      expect(error).to.include({ reason: 'rejected' })
      expect(await harness.bot.sendPrivateMessage('A', 'news')).to.deep.equal([])
      expect(platform.posts).to.deep.equal([])
    })
  })

  describe('with pictures', () => {
    const picture = () => h.image('data:image/png;base64,AAAA')
    const limits = { tier: 'custom', botSecond: 100, botMinute: 3, userMinute: 20, userDay: 10 }

    it('upload them when it is their turn', async () => {
      await start({ config: { ...silent, push: limits } })
      await befriend('A')
      const pushes = Array.from({ length: 10 }, () => harness.app.qqUser.push(platform.selfId, 'A', picture()))
      for (const push of pushes) push.catch(() => {})
      await Promise.all(pushes.slice(0, 3))
      await pass()
      expect(platform.files).to.have.length(3)
      expect(platform.accepted('A').map(({ body }) => body.msg_type)).to.deep.equal([7, 7, 7])
    })

    it('keep to the limit of requests, files included', async () => {
      await start({ config: { ...silent, push: { ...limits, botMinute: 1000 }, requests: { perSecond: 5 } } })
      await befriend('A')
      await Promise.all(Array.from({ length: 6 }, () => harness.app.qqUser.push(platform.selfId, 'A', picture())))
      const times = [...platform.files, ...platform.posts].map(({ at }) => at).sort((a, b) => a - b)
      expect(times).to.have.length(12)
      for (const [index, time] of times.slice(5).entries()) expect(time - times[index]).to.be.at.least(990)
    })

    it('upload nothing for a user who said no before their turn', async () => {
      await start({ config: { ...silent, push: { ...limits, botSecond: 1 } } })
      await befriend('A', 'B')
      const first = harness.app.qqUser.push(platform.selfId, 'A', picture())
      const second = harness.app.qqUser.push(platform.selfId, 'B', picture()).catch(error => error)
      await first
      platform.reject('B')
      expect(await second).to.include({ reason: 'rejected' })
      expect(platform.files.map(({ target }) => target)).to.deep.equal(['A'])
    })

    it('fail with the code that the file was refused with, and count for nothing', async () => {
      await start({ config: { ...silent, push: { ...limits, userDay: 1 } } })
      await befriend('A')
      platform.fileCode = 40034106
      const error = await harness.app.qqUser.push(platform.selfId, 'A', [h.text('look: '), picture()].reverse()).catch(error => error)
      expect(error).to.be.instanceOf(PushError).and.include({ reason: 'refused', code: 40034106 })
      expect(platform.posts).to.deep.equal([])
      platform.fileCode = undefined
      await harness.app.qqUser.push(platform.selfId, 'A', picture())
    })

    it('fail clearly when a file cannot be read', async () => {
      await start({ config: silent })
      await befriend('A')
      const error = await harness.app.qqUser.push(platform.selfId, 'A', h.image('file:///nowhere/at/all.png')).catch(error => error)
      expect(error).to.be.instanceOf(PushError).and.include({ reason: 'refused', retryable: false })
      expect(error.message).to.contain('nowhere')
      expect(platform.posts).to.deep.equal([])
    })
  })

  describe('with buttons that the platform does not take', () => {
    const content = '<p>hi {user.id}</p><button-group><button id="a">go</button></button-group>'
    const refuse = (code: number) => platform.fail({ code, times: Infinity, when: ({ body }) => !!body.keyboard })

    for (const code of [304057, 40034012]) {
      it(`are sent as text (${code}), and the operator is told once`, async () => {
        await start({ config: { icebreaker: { content } } })
        refuse(code)
        platform.add('A')
        platform.add('B')
        expect(await outcomes(2)).to.deep.equal([['sent', ''], ['sent', '']])
        expect(platform.accepted().map(({ route, body }) => [route, body.msg_type, body.content.trim()])).to.have.deep.members([
          ['event', 0, 'hi A'], ['event', 0, 'hi B'],
        ])
        expect(harness.warnings).to.have.length(1)
        expect(harness.warnings[0]).to.contain('icebreaker').and.to.contain(String(code))
      })
    }

    it('fail when there is nothing else in them', async () => {
      await start({ config: { icebreaker: { content: '<button id="a">go</button>' } } })
      refuse(304057)
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['failed', 'code:304057']])
      expect(platform.posts).to.have.length(1)
    })

    it('keep their pictures', async () => {
      await start({ config: { icebreaker: { content: content + '<img src="data:image/png;base64,AAAA"/>' } } })
      platform.fail({ code: 304057, when: ({ body }) => !!body.keyboard })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['sent', '']])
      expect(platform.accepted('A').map(({ body }) => body.msg_type)).to.deep.equal([0, 7])
    })
  })

  describe('through a bot of another adapter', () => {
    for (const [what, change] of [
      ['without an encoder', (bot: any) => { Object.defineProperty(bot, 'constructor', { value: class {}, configurable: true }) }],
      ['without such requests', (bot: any) => { bot.internal = {} }],
      ['without any interface', (bot: any) => { bot.internal = undefined }],
    ] as [string, (bot: any) => void][]) {
      it(`${what} fail clearly`, async () => {
        await start({ config: silent })
        await befriend('A')
        change(harness.bot)
        const error = await harness.app.qqUser.push(platform.selfId, 'A', 'news').catch(error => error)
        expect(error).to.be.instanceOf(PushError).and.include({ reason: 'refused', retryable: false })
        expect(error.message).to.contain(platform.selfId)
      })
    }
  })
})
