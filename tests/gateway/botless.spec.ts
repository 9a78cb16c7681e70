/** Rule: where the adapter does not say which bot a raw event is for, it goes to the bot that knows it, or is lost with one warning. */
import { expect } from 'chai'
import { Context } from 'koishi'
import { Harness, HarnessOptions, pass, silent, until } from '../harness'
import { Platform } from '../platform'

/** Fires raw events as those versions do: without the bot. */
function omitBots(app: Context) {
  const { emit } = app.events
  app.events.emit = (...args: any[]) => {
    const index = args.findIndex(arg => typeof arg === 'string')
    return (emit as (...args: any[]) => void).apply(app.events, /^qq\//.test(args[index]) ? args.slice(0, index + 2) : args)
  }
}

describe('raw events without a bot', () => {
  let harness: Harness
  let platform: Platform

  async function start(options: HarnessOptions = {}) {
    harness = await Harness.start({ config: silent, ...options, prepare: omitBots })
    platform = harness.platform
  }

  afterEach(() => harness.stop())

  const received = (count: number) => until(() => harness.sessions.length >= count)

  function act(platform: Platform) {
    return [platform.add('A'), platform.reject('A'), platform.allow('A', { via: 'interaction' }), platform.remove('A')]
  }

  const told = () => harness.sessions.map(({ type, selfId, qq }) => [type, selfId, (qq as { id?: unknown }).id])
  const expected = ({ selfId }: Platform, envelopes: { id: string }[]) => {
    return ['friend-added', 'friend-push-rejected', 'friend-push-allowed', 'friend-deleted'].map((type, index) => [type, selfId, envelopes[index].id])
  }

  for (const protocol of ['websocket', 'webhook']) {
    it(`are those of the only one there is, on ${protocol}`, async () => {
      await start({ bot: { protocol } })
      const envelopes = act(platform)
      await received(4)
      platform.message('M')
      platform.groupMessage('G', 'A')
      await until(() => harness.app.qqUser['roster'].peek(platform.selfId, 'M'))
      await until(async () => (await harness.app.qqUser.get(platform.selfId, 'A'))?.relation === 'deleted')
      await pass()
      expect(told()).to.deep.equal(expected(platform, envelopes))
      expect(harness.warnings).to.deep.equal([])
    })
  }

  describe('of one bot among several', () => {
    let other: Platform

    beforeEach(async () => {
      await start()
      other = await Platform.start({ appid: '102000002' })
      harness.connect({}, other)
      await other.connected()
      await until(() => harness.app.bots[`qq:${other.selfId}`]?.isActive)
    })

    afterEach(() => other.stop())

    it('are those of the one that makes a session of them', async () => {
      const first = act(other)
      await received(4)
      const second = act(platform)
      await received(8)
      other.message('M')
      await until(() => harness.app.qqUser['roster'].peek(other.selfId, 'M'))
      await pass()
      expect(told()).to.deep.equal([...expected(other, first), ...expected(platform, second)])
      expect(harness.app.qqUser['roster'].peek(platform.selfId, 'M')).to.equal(undefined)
      expect(harness.warnings).to.deep.equal([])
    })

    it('are kept from other plugins when they are malformed', async () => {
      other.dispatch('FRIEND_ADD', { openid: '', timestamp: 1 })
      await until(() => harness.warnings.length)
      await pass()
      expect(harness.sessions).to.deep.equal([])
      expect(harness.warnings.join()).to.contain('malformed FRIEND_ADD')
    })

    it('are lost when none does, which is said once', async () => {
      for (let times = 0; times < 3; times++) (harness.app.emit as (...args: unknown[]) => void)('qq/friend-add', { openid: 'X', timestamp: 1 })
      await pass()
      expect(harness.sessions).to.deep.equal([])
      expect(harness.warnings.filter(line => /which bot/.test(line))).to.have.length(1)
    })
  })
})
