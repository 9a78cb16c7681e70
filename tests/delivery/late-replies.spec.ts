/** Rule: an answer to a private message or an event is a reply for 60 minutes and four times; after that the gate decides. */
import { expect } from 'chai'
import { Context, h, Session } from 'koishi'
import { Late } from './late'
import { pass, until } from '../harness'
import { unwrap } from '../../src/shared/patch'

const picture = 'data:image/png;base64,AAAA'

describe('an answer to a private message', () => {
  let late: Late

  afterEach(() => late.stop())

  const kinds: [how: string, send: (session: Session) => Promise<unknown>, parts?: number][] = [
    ['session.send()', session => session.send('answer')],
    ['session.sendQueued()', session => session.sendQueued('answer', 0)],
    ['session.execute()', session => session.execute('late')],
    ['bot.sendMessage() with the session', session => session.bot.sendMessage(session.channelId!, 'answer', undefined, { session })],
    ['bot.sendPrivateMessage() with the session', session => session.bot.sendPrivateMessage(session.userId!, 'answer', undefined, { session })],
    ['a picture', session => session.send(h.image(picture))],
    ['a message in three parts', session => session.send([h('message', 'one'), h('message', 'two'), h('message', 'three')]), 3],
    ['a text with a picture', session => session.send([h.text('one'), h.image(picture), h('message', 'two')]), 3],
    ['an element that is rendered on the way', session => session.send([h('execute', 'late')])],
  ]
  const prepare = (app: Context) => { app.command('late').action(() => 'answer') }

  for (const [how, send, parts = 1] of kinds) {
    for (const minutes of [0, 4.5, 6, 30, 59]) {
      it(`is a reply after ${minutes} minutes: ${how}`, async () => {
        late = await Late.start({ prepare })
        const session = await late.hear()
        late.wait(minutes)
        await send(session)
        expect(late.tried).to.deep.equal(Array(parts).fill('user U msg 200'))
        const bodies = late.platform.posts.map(({ body }) => body)
        expect(bodies.map(body => body.msg_id)).to.deep.equal(Array(parts).fill(session.messageId))
        // the adapter's own are left as they are
        if (minutes < 5) expect(bodies.map(body => body.msg_seq)).to.deep.equal([1, 2, 3].slice(0, parts))
      })
    }

    it(`is proactive after 61 minutes: ${how}`, async () => {
      late = await Late.start({ prepare })
      const session = await late.hear()
      late.wait(61)
      await send(session)
      expect(late.tried).to.deep.equal(Array(parts).fill('user U proactive 200'))
    })
  }

  it('is a reply where a plugin asks something and answers much later', async () => {
    let answer!: () => void
    const prepare = (app: Context) => {
      app.command('ask').action(async ({ session }) => {
        await session!.send('which?')
        const text = await session!.prompt(100_000_000)
        await new Promise<void>(resolve => answer = resolve)
        await session!.send(`it is ${text}`)
        return 'done'
      })
    }
    late = await Late.start({ prepare })
    const { messageId } = await late.hear('U', 'ask')
    await until(() => late.platform.posts.length === 1)
    await late.hear('U', 'this')
    await until(() => answer)
    late.wait(40)
    answer()
    await until(() => late.platform.posts.length === 3)
    expect(late.platform.posts.map(({ body, route }) => [body.content, route, body.msg_id])).to.deep.equal([
      ['which?', 'msg', messageId], ['it is this', 'msg', messageId], ['done', 'msg', messageId],
    ])
  })

  it('is numbered as no other reply to the message is, whoever numbered that', async () => {
    late = await Late.start()
    const session = await late.hear()
    await session.send('fresh')
    late.wait(4.5)
    await session.send('hardly')
    late.wait(1)
    await Promise.all([session.send('late'), session.send('later')])
    expect(late.routes).to.deep.equal(['msg', 'msg', 'msg', 'msg'])
  })

  it('is one of four, counted over early and late ones; the fifth is proactive', async () => {
    late = await Late.start()
    const session = await late.hear()
    await session.send('1')
    await session.send('2')
    late.wait(6)
    await session.send([h('message', '3'), h('message', '4'), h('message', '5')])
    await session.send('6')
    expect(late.routes).to.deep.equal(['msg', 'msg', 'msg', 'msg', 'proactive', 'proactive'])
  })

  for (const minutes of [0, 6]) {
    it(`is one of four, however many are sent at once (after ${minutes} minutes)`, async () => {
      late = await Late.start()
      const session = await late.hear()
      late.wait(minutes)
      await Promise.all([1, 2, 3, 4, 5, 6].map(number => session.send(`${number}`)))
      expect(late.routes.sort()).to.deep.equal(['msg', 'msg', 'msg', 'msg', 'proactive', 'proactive'])
    })
  }

  for (const minutes of [0, 6]) {
    it(`does not count what was certainly refused (after ${minutes} minutes)`, async () => {
      late = await Late.start()
      const session = await late.hear()
      late.wait(minutes)
      late.platform.fail({ code: 40034006, times: 2 })
      for (let number = 1; number <= 7; number++) await session.send(`${number}`)
      expect(late.routes).to.deep.equal(['msg 40034006', 'msg 40034006', 'msg', 'msg', 'msg', 'msg', 'proactive'])
    })
  }

  for (const minutes of [0, 6]) {
    it(`counts what may have arrived (after ${minutes} minutes)`, async () => {
      late = await Late.start()
      const session = await late.hear()
      late.wait(minutes)
      late.platform.fail({ status: 500, accept: true, body: {} })
      for (let number = 1; number <= 5; number++) await session.send(`${number}`)
      expect(late.routes).to.deep.equal(['msg', 'msg', 'msg', 'msg', 'proactive'])
    })
  }

  it('is counted across a reload of the plugin', async () => {
    late = await Late.start()
    const session = await late.hear()
    late.wait(6)
    for (let number = 1; number <= 3; number++) await session.send(`${number}`)
    await late.harness.reload({ icebreaker: { enabled: false } })
    await session.send([h('message', '4'), h('message', '5')])
    expect(late.routes).to.deep.equal(['msg', 'msg', 'msg', 'msg', 'proactive'])
  })

  it('is one, if the platform delivers the message twice', async () => {
    late = await Late.start()
    late.harness.app.middleware(() => 'pong')
    const envelope = late.platform.message('U')
    await until(() => late.platform.posts.length === 1)
    late.platform.replay(envelope)
    await until(() => late.platform.posts.length === 2)
    await pass()
    expect(late.routes).to.deep.equal(['msg', 'msg 40054005'])
  })

  it('is one, if a plugin numbers it and sends it twice', async () => {
    late = await Late.start()
    const session = await late.hear()
    for (const minutes of [0, 10]) {
      late.wait(minutes)
      await session.send([h('passive', { messageId: session.messageId, seq: 7 }), 'once'])
    }
    expect(late.routes).to.deep.equal(['msg', 'msg 40054005'])
  })

  for (const code of [40034005, 40034024, 304103, 40034128, 40034025, 22009]) {
    for (const minutes of [0, 10]) {
      it(`is proactive when the platform says that it takes no reply (${code}), and not tried as one again (after ${minutes} minutes)`, async () => {
        late = await Late.start()
        const session = await late.hear()
        late.wait(minutes)
        late.platform.fail({ code })
        expect(await session.send('one')).to.have.length(1)
        await session.send('two')
        expect(late.routes).to.deep.equal([`msg ${code}`, 'proactive', 'proactive'])
        for (const { body } of late.platform.posts.slice(1)) expect(body).to.not.have.any.keys('msg_id', 'event_id', 'msg_seq')
      })
    }
  }

  for (const minutes of [0, 10]) {
    it(`is not sent again when nobody knows whether it arrived (after ${minutes} minutes)`, async () => {
      late = await Late.start()
      const session = await late.hear()
      late.wait(minutes)
      late.platform.fail({ status: 500, body: {} })
      await session.send('one')
      expect(late.routes).to.deep.equal(['msg'])
    })
  }

  it('is a reply where the time of the message cannot be read', async () => {
    late = await Late.start()
    await late.meet()
    const sessions: Session[] = []
    late.harness.app.on('message', (session) => { sessions.push(session) })
    late.platform.dispatch('C2C_MESSAGE_CREATE', { id: 'm', author: { id: 'U', user_openid: 'U' }, content: 'hello', timestamp: 'soon' })
    await until(() => sessions.length)
    await sessions[0].send('answer')
    expect(late.tried).to.deep.equal(['user U msg 200'])
  })

  describe('while the plugin is unloaded', () => {
    it('is not made proactive, whatever the platform says of the reply', async () => {
      late = await Late.start()
      const session = await late.hear()
      await late.reject()
      late.wait(10)
      late.platform.fail({ code: 40034005, delay: 200 })
      const sending = session.send([h('message', 'one'), h('message', 'two')])
      await until(() => late.platform.posts.length === 1)
      late.harness.plugin!.dispose()
      await sending
      expect(late.routes).to.deep.equal(['msg 40034005'])
    })

    it('goes on as a reply for as long as there are any, which nobody counts any more', async () => {
      late = await Late.start()
      const session = await late.hear()
      await late.reject()
      late.wait(10)
      late.platform.fail({ delay: 200 })
      const sending = session.send([1, 2, 3, 4, 5].map(number => h('message', `${number}`)))
      await until(() => late.platform.posts.length === 1)
      late.harness.plugin!.dispose()
      await sending
      expect(late.routes).to.deep.equal(['msg', 'msg', 'msg', 'msg', 'msg 40034128'])
    })

    it('is decided upon by the instance that comes next', async () => {
      late = await Late.start()
      const session = await late.hear()
      late.wait(10)
      late.platform.fail({ code: 40034005, delay: 300 })
      const sending = session.send('one')
      await until(() => late.platform.posts.length === 1)
      await late.harness.reload({ icebreaker: { enabled: false } })
      await sending
      expect(late.routes).to.deep.equal(['msg 40034005', 'proactive'])
    })
  })

  describe('of a user who said no', () => {
    const listen = () => {
      const stopped: unknown[] = []
      late.harness.app.on('qq-user/stopped', ({ userId }, reason, session) => { stopped.push([userId, reason, session.content!.replace(/<.*?>/g, '')]) })
      return stopped
    }

    it('arrives within the hour', async () => {
      late = await Late.start()
      const session = await late.hear()
      await late.reject()
      late.wait(30)
      await session.send('answer')
      expect(late.tried).to.deep.equal(['user U msg 200'])
    })

    it('is stopped after the hour', async () => {
      late = await Late.start()
      const session = await late.hear()
      await late.reject()
      late.wait(61)
      await session.send('answer')
      expect(late.tried).to.deep.equal([])
    })

    for (const minutes of [0, 30]) {
      it(`is stopped after the fourth, also in the middle of a message (after ${minutes} minutes)`, async () => {
        late = await Late.start()
        const session = await late.hear()
        await late.reject()
        late.wait(minutes)
        const stopped = listen()
        await session.send([1, 2, 3, 4, 5].map(number => h('message', `${number}`)))
        await until(() => stopped.length)
        await session.send('six')
        expect(late.routes).to.deep.equal(['msg', 'msg', 'msg', 'msg'])
        expect(stopped).to.deep.equal([['U', 'rejected', '12345'], ['U', 'rejected', 'six']])
      })
    }

    for (const minutes of [0, 30]) {
      it(`is stopped when the platform takes no reply (after ${minutes} minutes)`, async () => {
        late = await Late.start()
        const session = await late.hear()
        await late.reject()
        late.wait(minutes)
        late.platform.fail({ code: 40034005 })
        const stopped = listen()
        await session.send('one')
        await until(() => stopped.length)
        await session.send('two')
        expect(late.routes).to.deep.equal(['msg 40034005'])
        expect(stopped).to.deep.equal([['U', 'rejected', 'one'], ['U', 'rejected', 'two']])
      })
    }
  })

  it('that names another message is left as it is', async () => {
    late = await Late.start()
    const first = await late.hear()
    const second = await late.hear()
    late.wait(6)
    await second.send([h('passive', { messageId: first.messageId, seq: 7 }), h.text('to the first')])
    expect(late.platform.posts.map(({ body }) => [body.msg_id, body.msg_seq])).to.deep.equal([[first.messageId, 7]])
  })

  it('does not make a reply of what another plugin sends to somebody else meanwhile', async () => {
    late = await Late.start()
    const session = await late.hear()
    await late.hear('V')
    late.wait(6)
    late.harness.app.on('before-send', async ({ content, bot }) => {
      if (content !== 'answer') return
      await bot.internal.sendPrivateMessage('V', { content: 'by itself', msg_type: 0 })
      await bot.sendPrivateMessage('V', 'too')
    })
    await session.send('answer')
    expect(late.tried).to.deep.equal(['user V proactive 200', 'user V proactive 200', 'user U msg 200'])
  })
})

describe('an answer to an event', () => {
  let late: Late

  afterEach(() => late.stop())

  for (const minutes of [0, 6, 59]) {
    it(`is a reply after ${minutes} minutes`, async () => {
      late = await Late.start()
      const session = await late.meet()
      late.wait(minutes)
      await session.send([h('message', 'one'), h('message', 'two')])
      expect(late.routes).to.deep.equal(['event', 'event'])
      expect(late.platform.posts.map(({ body }) => body.msg_seq)).to.deep.equal([undefined, 2])
    })
  }

  it('is a reply to whatever the platform takes one to', async () => {
    late = await Late.start()
    const { harness, platform } = late
    await late.meet()
    platform.allow('U', { via: 'interaction' })
    await until(() => harness.sessions.length === 2)
    platform.reject('U', { via: 'interaction' })
    await until(() => harness.sessions.length === 3)
    late.wait(6)
    for (const session of harness.sessions) await session.send(session.type)
    expect(late.tried).to.deep.equal(['user U event 200', 'user U event 200', 'user U event 200'])
  })

  it('is proactive after 61 minutes', async () => {
    late = await Late.start()
    const session = await late.meet()
    late.wait(61)
    await session.send('one')
    expect(late.routes).to.deep.equal(['proactive'])
  })

  it('is one of four, however many are sent at once', async () => {
    late = await Late.start()
    const session = await late.meet()
    await session.send('1')
    late.wait(6)
    await Promise.all([2, 3, 4, 5, 6].map(number => session.send(`${number}`)))
    expect(late.routes.sort()).to.deep.equal(['event', 'event', 'event', 'event', 'proactive', 'proactive'])
  })

  it('is proactive at once where the event takes no reply', async () => {
    late = await Late.start()
    await late.meet()
    late.platform.reject('U')
    await until(() => late.harness.sessions.length === 2)
    late.platform.allow('U')
    await until(() => late.harness.sessions.length === 3)
    late.wait(6)
    for (const session of late.harness.sessions.slice(1)) await session.send(session.type)
    expect(late.routes).to.deep.equal(['proactive', 'event'])
  })

  it('is proactive when the platform takes no more replies to the event', async () => {
    late = await Late.start()
    const session = await late.meet()
    late.wait(10)
    late.platform.fail({ code: 40034026 })
    await session.send('one')
    await session.send('two')
    expect(late.routes).to.deep.equal(['event 40034026', 'proactive', 'proactive'])
  })
})

describe('an answer in a group', () => {
  let late: Late

  afterEach(() => late.stop())

  for (const minutes of [0, 6, 61]) {
    it(`is what the adapter makes of it after ${minutes} minutes`, async () => {
      late = await Late.start()
      const session = await late.hearGroup()
      late.wait(minutes)
      const seen: unknown[] = []
      late.harness.app.on('before-send', ({ bot }, options) => {
        seen.push(bot.internal === late.harness.bot.internal, unwrap(options.session!) === unwrap(session))
      })
      await session.send('one')
      expect(seen).to.deep.equal([true, true])
      expect(late.platform.posts.map(({ kind, body }) => [kind, body.msg_id, body.msg_seq])).to.deep.equal([
        ['group', ...minutes < 5 ? [session.messageId, 1] : [undefined, undefined]],
      ])
    })
  }
})
