/** Rule: events that come before the bot knows its own id wait for it in order, across reloads, too, up to ten thousand. */
import { expect } from 'chai'
import { Bot, Universal } from 'koishi'
import { Harness, pass, silent, until } from '../harness'
import { Platform } from '../platform'
import { Unnamed } from '../../src/gateway/unnamed'

/** On a webhook events come in while the bot does not know its own id, and the platform does not send them again. */
describe('events for a bot that does not know its own id yet', () => {
  let harness: Harness
  let platform: Platform

  beforeEach(async () => {
    platform = await Platform.start()
    platform.secretive = true
    harness = await Harness.start({ config: silent, platform, bot: { protocol: 'webhook' }, order: ['plugin'] })
    harness.connect({ protocol: 'webhook' })
    await until(() => harness.app.bots.some(bot => bot.platform === 'qq' && bot.status === Universal.Status.OFFLINE))
  })

  afterEach(async () => {
    await harness.stop()
    await platform.stop()
  })

  const bot = () => harness.app.bots.find(bot => bot.platform === 'qq' && !bot.hidden)!
  const warnings = () => harness.warnings.filter(line => /whose id|for the id/.test(line))

  it('wait for it, in order, with one warning', async () => {
    const arrived: string[] = []
    for (const type of ['friend-add', 'c2c-msg-reject', 'interaction-create', 'c2c-message-create', 'friend-del']) {
      harness.app.on(`qq/${type}` as never, (() => { arrived.push(type) }) as never)
    }
    const { id } = platform.add('A')
    await until(() => arrived.length === 1)
    platform.reject('B')
    await until(() => arrived.length === 2)
    platform.allow('B', { via: 'interaction' })
    await until(() => arrived.length === 3)
    platform.message('C')
    await until(() => arrived.length === 4)
    await pass()
    expect(harness.sessions).to.deep.equal([])
    expect(warnings()).to.have.length(1)
    platform.secretive = false
    platform.remove('D')
    await until(() => harness.sessions.length === 4)
    expect(harness.sessions.map(({ type, selfId, userId, isDirect }) => [type, selfId, userId, isDirect])).to.deep.equal([
      ['friend-added', platform.selfId, 'A', true],
      ['friend-push-rejected', platform.selfId, 'B', true],
      ['friend-push-allowed', platform.selfId, 'B', true],
      ['friend-deleted', platform.selfId, 'D', true],
    ])
    expect((await harness.app.qqUser.get(platform.selfId, 'C'))?.relation).to.equal('friend')
    await harness.sessions[0].send('welcome')
    expect(platform.posts.map(({ target, body }) => [target, body.event_id])).to.deep.equal([['A', id]])
    expect(warnings()).to.have.length(1)
  })

  it('wait beyond a reload of the plugin and of the adapter', async () => {
    platform.add('A')
    await until(() => warnings().length)
    harness.plugin!.dispose()
    harness.load(silent)
    harness.adapter!.dispose()
    await until(() => !bot())
    platform.secretive = false
    harness.connect({ protocol: 'webhook' })
    await until(() => harness.sessions.length === 1)
    expect(harness.sessions[0].selfId).to.equal(platform.selfId)
    expect(harness.sessions[0].bot.sn).to.equal(bot().sn)
  })

  it('are given up beyond ten thousand, which is said once', () => {
    const unnamed = new Unnamed(harness.app)
    const nobody = { config: { id: 'app' } } as Bot
    const called: number[] = []
    for (let index = 0; index < 10_002; index++) unnamed.run(nobody, () => { called.push(index) })
    expect(warnings()).to.have.length(2)
    unnamed.release(Object.assign(nobody, { selfId: 'bot' }))
    expect(called).to.deep.equal(Array.from({ length: 10_000 }, (_, index) => index))
  })
})
