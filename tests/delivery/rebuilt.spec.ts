/** Rule: a session that was rebuilt from stored data sends as the one did that it was made of. */
import { expect } from 'chai'
import { h, Session, Universal } from 'koishi'
import { Late } from './late'

/** As reminders and schedules keep it. */
function rebuild(session: Session) {
  return session.bot.session(JSON.parse(JSON.stringify(session))) as Session
}

/** Whatever is written to it throws. */
function forbidWrites(session: Session): Session {
  const refuse = (target: object, key: PropertyKey): never => {
    throw new Error(`${String(key)} was written to`)
  }
  return new Proxy<Session>(session, { set: refuse, defineProperty: refuse, deleteProperty: refuse })
}

describe('a rebuilt session', () => {
  let late: Late

  beforeEach(async () => { late = await Late.start() })

  afterEach(() => late.stop())

  for (const minutes of [0, 4.5, 6, 59]) {
    it(`of a message replies after ${minutes} minutes, whatever was replied before`, async () => {
      const session = await late.hear()
      await session.send('one')
      late.wait(minutes)
      await rebuild(session).send([h('message', 'two'), h.image('data:image/png;base64,AAAA')])
      await rebuild(session).send('four')
      expect(late.routes).to.deep.equal(Array(4).fill('msg'))
    })

    it(`of an event replies after ${minutes} minutes`, async () => {
      const session = await late.meet()
      await session.send('one')
      late.wait(minutes)
      await rebuild(session).send('two')
      expect(late.routes).to.deep.equal(['event', 'event'])
    })
  }

  it('of an event so fresh that the platform does not know it yet replies as soon as it does', async () => {
    const session = await late.meet()
    late.platform.fail({ code: 40034025 })
    await rebuild(session).send('one')
    expect(late.routes).to.deep.equal(['event 40034025', 'event'])
  })

  it('of an event to which a process before this one replied sends another reply', async () => {
    const session = await late.meet()
    const { endpoint, appid, token } = late.platform
    for (const number of [undefined, 2]) {
      await fetch(`${endpoint}v2/users/U/messages`, {
        method: 'POST',
        headers: { 'authorization': `Bot ${appid}.${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ content: 'before', msg_type: 0, msg_seq: number, event_id: (session.qq as { id?: string }).id }),
      })
    }
    late.wait(6)
    for (const content of ['one', 'two', 'three']) await rebuild(session).send(content)
    expect(late.routes).to.deep.equal(['event', 'event', 'event 40054005', 'event 40054005', 'event', 'event', 'proactive'])
  })

  for (const minutes of [0, 6]) {
    it(`is one of four after ${minutes} minutes; the fifth is proactive`, async () => {
      const session = await late.hear()
      late.wait(minutes)
      for (let number = 1; number <= 5; number++) await rebuild(session).send(`${number}`)
      expect(late.routes).to.deep.equal(['msg', 'msg', 'msg', 'msg', 'proactive'])
    })
  }

  it('is proactive after 61 minutes, and stopped for whoever said no', async () => {
    const session = await late.hear()
    const event = await late.meet()
    late.wait(61)
    await rebuild(session).send('one')
    await rebuild(event).send('two')
    await late.reject()
    await rebuild(session).send('three')
    await rebuild(event).send('four')
    expect(late.routes).to.deep.equal(['proactive', 'proactive'])
  })

  it('that knows no more than whom it is for is proactive, and passes the gate', async () => {
    const stored = { type: 'message', user: { id: 'U' }, channel: { id: 'U', type: Universal.Channel.Type.DIRECT } }
    const send = (content: h.Fragment) => (late.harness.bot.session({ ...stored }) as Session).send(content)
    await late.hear()
    await send('one')
    await send(h.image('data:image/png;base64,AAAA'))
    await late.reject()
    await send('two')
    expect(late.tried).to.deep.equal(['user U proactive 200', 'user U proactive 200'])
  })

  it('for somebody who is not on the roster is for a user still', async () => {
    const stored = { type: 'message', user: { id: 'X' }, channel: { id: 'X', type: Universal.Channel.Type.DIRECT } }
    await (late.harness.bot.session(stored) as Session).send('one')
    expect(late.platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['user', 'X']])
  })

  it('of a group sends to the group', async () => {
    const session = await late.hearGroup()
    await rebuild(session).send('one')
    late.wait(6)
    await rebuild(session).send('two')
    expect(late.platform.posts.map(({ kind, target, body }) => [kind, target, body.msg_id])).to.deep.equal([
      ['group', 'G', session.messageId], ['group', 'G', undefined],
    ])
    expect(late.harness.warnings).to.deep.equal([])
  })

  it('is not written to, nor is what it was made of', async () => {
    const session = await late.hear()
    late.wait(6)
    for (const [kept, replies] of [[rebuild(session), 1], [session, 2]] as const) {
      const before = JSON.stringify(kept)
      const options = Object.freeze({ session: forbidWrites(kept) })
      await late.harness.bot.sendMessage('U', 'one', undefined, options)
      expect(late.routes).to.deep.equal(Array(replies).fill('msg'))
      expect(JSON.stringify(kept)).to.equal(before)
    }
  })

  it('shows others the session that they know, and the message of the bot that they know', async () => {
    const session = rebuild(await late.hear())
    late.wait(6)
    const sent: Session[] = []
    late.harness.app.on('send', (session) => { sent.push(session) })
    const [id] = await session.send('one')
    expect(sent.map(({ messageId, sid, channelId }) => [messageId, sid, channelId])).to.deep.equal([[id, session.sid, 'U']])
  })
})
