/** Rule: a push of several messages goes a way that takes all of them, or does not begin. */
import { expect } from 'chai'
import { PushError, PushOptions } from '../../src'
import { Late } from '../delivery/late'
import { pass, until } from '../harness'

describe('a push of several messages, where the bot may not write proactively', () => {
  let late: Late

  beforeEach(async () => {
    late = await Late.start()
    late.platform.pushBanned = true
  })

  afterEach(() => late.stop())

  const parts = (count: number) => Array.from({ length: count }, (_, index) => `<message>${index + 1}</message>`).join('')

  async function push(content: string, options?: PushOptions): Promise<unknown> {
    const { app } = late.harness
    try {
      await app.qqUser.push(late.platform.selfId, 'U', content, options)
      return 'sent'
    } catch (error) {
      expect(error).to.be.instanceOf(PushError)
      return error
    }
  }

  it('is never recalled in part, and leaves the period\'s recall to a message that is one', async () => {
    await late.hear()
    late.wait(90)
    for (const content of ['look: <img src="data:image/png;base64,AAAA"/>', parts(2)]) {
      const error = await push(content)
      expect(error).to.include({ reason: 'no-permission', retryable: true })
      expect(error).to.have.property('detail').that.contains('2 messages')
    }
    expect(await push(parts(2), { via: ['recall'] })).to.include({ reason: 'refused', retryable: false })
    expect(late.routes).to.deep.equal(['proactive 40034105'])
    expect(await push('news')).to.equal('sent')
    expect(late.routes).to.deep.equal(['proactive 40034105', 'recall'])
  })

  it('is a reply where there are as many and the bot\'s own', async () => {
    await late.hear()
    expect(await push(parts(3))).to.equal('sent')
    expect(late.routes).to.deep.equal(['proactive 40034105', 'msg', 'msg', 'msg'])
  })

  it('is none where there are fewer', async () => {
    await late.hear()
    expect(await push(parts(4))).to.include({ reason: 'no-permission', code: 40034105 })
    expect(await push(parts(4), { via: ['reply'] })).to.include({ reason: 'refused' })
    expect(await push(parts(2), { via: ['reply'] })).to.equal('sent')
    expect(await push(parts(2), { via: ['reply'] })).to.include({ reason: 'no-permission' })
    expect(late.routes).to.deep.equal(['proactive 40034105', 'msg', 'msg'])
  })

  it('has its replies to itself, whoever else pushes', async () => {
    await late.hear()
    const outcomes = await Promise.all([1, 2, 3].map(() => push(parts(2), { via: ['reply'] })))
    expect(outcomes.filter(outcome => outcome === 'sent')).to.have.length(1)
    expect(outcomes.filter(outcome => (outcome as PushError).reason === 'no-permission')).to.have.length(2)
    expect(late.routes).to.deep.equal(['msg', 'msg'])
  })

  it('gives back the replies that it did not use', async () => {
    await late.hear()
    late.platform.fail({ code: 40034006 })
    expect(await push(parts(3), { via: ['reply'] })).to.include({ reason: 'refused', code: 40034006 })
    expect(await push(parts(3), { via: ['reply'] })).to.equal('sent')
  })

  it('replies to the last message that there is when its turn comes', async () => {
    const first = await late.hear()
    for (let index = 0; index < 3; index++) await first.send('answer')
    late.platform.fail({ code: 40034105, delay: 300, when: ({ route }) => route === 'proactive' })
    const outcome = push(parts(2))
    await until(() => late.platform.posts.length === 4)
    const second = await late.hear()
    expect(await outcome).to.equal('sent')
    expect(late.platform.posts.slice(4).map(({ body }) => body.msg_id)).to.deep.equal([second.messageId, second.messageId])
  })

  for (const minutes of [0, 90]) {
    it(`replies to somebody who wrote while it waited (${minutes ? 'again' : 'for the first time'})`, async () => {
      if (minutes) await late.hear()
      else await late.meet()
      late.wait(minutes)
      late.platform.fail({ code: 40034105, delay: 300, when: ({ route }) => route === 'proactive' })
      const outcome = push('news')
      await until(() => late.platform.posts.length === 1)
      const { messageId } = await late.hear()
      await pass()
      expect(await outcome).to.equal('sent')
      expect(late.routes).to.deep.equal(['proactive 40034105', 'msg'])
      expect(late.platform.posts[1].body.msg_id).to.equal(messageId)
    })
  }
})
