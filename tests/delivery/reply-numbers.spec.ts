/** Rule: no two replies to an event share a number, unless all but one were refused for certain; other messages are left as they are. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { numberReplies } from '../../src/delivery/reply-numbers'
import { RecentMap } from '../../src/shared/recent-map'

interface Reply {
  content?: string
  event_id?: string
  msg_id?: string
  msg_seq?: number
}

/** What the adapter throws for a code of the platform's. */
function refusal(status: number, code?: number) {
  return Object.assign(new Error('failed to send'), { errors: [{ response: { status, data: { code } } }] })
}

/** The adapter's API, as much of it as is needed. */
class Internal {
  readonly sent: [openid: string, data: Reply][] = []
  answer: (data: Reply) => Promise<unknown> = async () => ({ id: `sent-${this.sent.length}` })

  async sendPrivateMessage(openid: string, data: Reply) {
    this.sent.push([openid, data])
    return this.answer(data)
  }

  /** The numbers of the replies to an event, in the order of sending. */
  numbers(id: string) {
    return this.sent.filter(([, data]) => data.event_id === id).map(([, data]) => data.msg_seq)
  }
}

describe('replies to an event', () => {
  let internal: Internal
  let restore: () => void

  beforeEach(() => {
    internal = new Internal()
    restore = numberReplies(internal, new RecentMap(1_000))
  })

  afterEach(() => restore())

  const reply = (id: string, rest: Reply = {}) => internal.sendPrivateMessage('U', { content: 'hi', event_id: id, ...rest })
  const fail = (error: Error) => { internal.answer = () => Promise.reject(error) }
  const succeed = () => { internal.answer = async () => ({ id: 'x' }) }
  const caught = (promise: Promise<unknown>) => promise.then(() => undefined, error => error)

  it('are numbered from the second one on', async () => {
    for (let count = 0; count < 4; count++) await reply('FRIEND_ADD:1')
    expect(internal.numbers('FRIEND_ADD:1')).to.deep.equal([undefined, 2, 3, 4])
    expect(internal.sent[0][1]).to.not.have.property('msg_seq')
  })

  it('are numbered for each event by itself', async () => {
    for (const id of ['a', 'b', 'a', 'b', 'b', 'a']) await reply(id)
    expect(internal.numbers('a')).to.deep.equal([undefined, 2, 3])
    expect(internal.numbers('b')).to.deep.equal([undefined, 2, 3])
  })

  it('differ even when they are sent at the same time', async () => {
    await Promise.all([reply('a'), reply('a'), reply('a')])
    expect(internal.numbers('a')).to.deep.equal([undefined, 2, 3])
  })

  it('are left alone otherwise', async () => {
    await reply('a')
    await reply('a', { content: 'second', msg_id: 'm' })
    expect(internal.sent[1]).to.deep.equal(['U', { content: 'second', event_id: 'a', msg_id: 'm', msg_seq: 2 }])
  })

  it('do not change what the caller passed', async () => {
    const data = Object.freeze({ content: 'hi', event_id: 'a' })
    await internal.sendPrivateMessage('U', data)
    await internal.sendPrivateMessage('U', data)
    expect(data).to.deep.equal({ content: 'hi', event_id: 'a' })
    expect(internal.numbers('a')).to.deep.equal([undefined, 2])
  })

  it('return what the platform answers', async () => {
    internal.answer = async () => ({ id: 'ROBOT1.0_x' })
    expect(await reply('a')).to.deep.equal({ id: 'ROBOT1.0_x' })
    expect(await reply('a')).to.deep.equal({ id: 'ROBOT1.0_x' })
  })

  it('fail with the error that the platform answers', async () => {
    const error = refusal(400, 40034025)
    fail(error)
    expect(await caught(reply('a'))).to.equal(error)
    expect(await caught(reply('a'))).to.equal(error)
  })

  it('keep their number when they were refused for certain', async () => {
    fail(refusal(400, 40034025))
    await caught(reply('a'))
    await caught(reply('a'))
    succeed()
    await reply('a')
    await reply('a')
    expect(internal.numbers('a')).to.deep.equal([undefined, undefined, undefined, 2])
  })

  it('take another number when nobody knows whether the last one arrived', async () => {
    for (const error of [refusal(500), refusal(504), refusal(400, 40054005), refusal(202, 304024), new TypeError('fetch failed')]) {
      fail(error)
      await caught(reply('a'))
    }
    succeed()
    await reply('a')
    expect(internal.numbers('a')).to.deep.equal([undefined, 2, 3, 4, 5, 6])
  })

  it('fill the gap that a refusal left', async () => {
    const answers = [refusal(400, 40054007), undefined, undefined]
    internal.answer = async () => {
      const answer = answers.shift()
      if (answer) throw answer
    }
    await Promise.all([caught(reply('a')), reply('a')])
    await reply('a')
    await reply('a')
    expect(internal.numbers('a')).to.deep.equal([undefined, undefined, 2, 3])
  })

  it('are remembered over a thousand events', async () => {
    await reply('a')
    for (let index = 0; index < 999; index++) await reply(`other-${index}`)
    await reply('a')
    expect(internal.numbers('a')).to.deep.equal([undefined, 2])
  })

  it('never share a number, unless all but one were refused for certain', async () => {
    const outcome = fc.constantFrom('sent', 'refused', 'unknown')
    const round = fc.array(fc.tuple(fc.constantFrom('a', 'b'), outcome), { minLength: 1, maxLength: 4 })
    await fc.assert(fc.asyncProperty(fc.array(round, { maxLength: 6 }), async (rounds) => {
      internal.sent.length = 0
      restore()
      restore = numberReplies(internal, new RecentMap(1_000))
      const arrived: string[] = []
      for (const round of rounds) {
        const outcomes = round.map(([, outcome]) => outcome)
        internal.answer = async (data) => {
          const outcome = outcomes.shift()
          await Promise.resolve()
          if (outcome === 'refused') throw refusal(400, 40034025)
          arrived.push(`${data.event_id} ${data.msg_seq ?? 1}`)
          if (outcome === 'unknown') throw refusal(500)
        }
        await Promise.all(round.map(([id]) => caught(reply(id))))
      }
      expect(new Set(arrived).size).to.equal(arrived.length)
      for (const [, data] of internal.sent) expect(data.msg_seq).to.not.equal(1)
    }), { numRuns: 300 })
  })
})

describe('other messages', () => {
  const data: [what: string, data: Reply | undefined][] = [
    ['out of the blue', { content: 'hi' }],
    ['on a message', { content: 'hi', msg_id: 'm' }],
    ['on a message, numbered', { content: 'hi', msg_id: 'm', msg_seq: 7 }],
    ['on an event, numbered by the caller', { content: 'hi', event_id: 'a', msg_seq: 7 }],
    ['on an event that is empty', { content: 'hi', event_id: '' }],
    ['without anything', undefined],
  ]

  for (const [what, value] of data) {
    it(`${what} are passed on as they are`, async () => {
      const internal = new Internal()
      numberReplies(internal, new RecentMap(1_000))
      for (let count = 0; count < 3; count++) await internal.sendPrivateMessage('U', value!)
      expect(internal.sent).to.have.length(3)
      for (const [openid, data] of internal.sent) {
        expect(openid).to.equal('U')
        expect(data).to.equal(value)
      }
    })
  }
})

describe('taking the numbering back', () => {
  it('leaves no trace', async () => {
    const internal = new Internal()
    const restore = numberReplies(internal, new RecentMap(1_000))
    expect(Object.hasOwn(internal, 'sendPrivateMessage')).to.equal(true)
    restore()
    expect(Object.hasOwn(internal, 'sendPrivateMessage')).to.equal(false)
    for (let count = 0; count < 2; count++) await internal.sendPrivateMessage('U', { event_id: 'a' })
    expect(internal.numbers('a')).to.deep.equal([undefined, undefined])
  })

  it('can be done twice', () => {
    const internal = new Internal()
    const restore = numberReplies(internal, new RecentMap(1_000))
    restore()
    restore()
    expect(internal.sendPrivateMessage).to.equal(Internal.prototype.sendPrivateMessage)
  })

  it('has nothing to do for an adapter that works in another way', () => {
    for (const internal of [undefined, {}, { sendMessage() {} }]) {
      const copy = { ...internal }
      numberReplies(internal as Partial<Internal> | undefined, new RecentMap(1_000))()
      expect({ ...internal }).to.deep.equal(copy)
    }
  })
})
