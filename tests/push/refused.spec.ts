/** Rule: a push that the platform refuses throws a PushError that says why, and what it says of the user and of the bot is learnt. */
import { expect } from 'chai'
import { h, Logger, Time } from 'koishi'
import { pass, silent, until } from '../harness'
import { befriend, freeze, harness, platform, refusal, start, useStage } from './stage'

describe('push', () => {
  useStage()

  const push = (userId = 'A', content: h.Fragment = 'news', signal?: AbortSignal) => harness.app.qqUser.push(platform.selfId, userId, content, { signal })

  describe('that the platform refuses', () => {
    for (const [code, reason, retryable] of [
      [40034006, 'refused', false],
      [40054007, 'refused', false],
      [40054018, 'refused', false],
      [304057, 'refused', false],
      [12345678, 'refused', false],
      [40054013, 'rejected', false],
      [40054004, 'deleted', false],
      [40034105, 'no-permission', true],
      [40034102, 'no-permission', true],
    ] as const) {
      it(`with ${code} is ${reason}`, async () => {
        await start()
        await befriend('A')
        platform.fail({ code, times: Infinity })
        expect(await refusal(push())).to.include({ reason, retryable })
        await pass()
        expect(platform.posts).to.have.length(1)
      })
    }

    it('teaches who must not be written to again', async () => {
      await start()
      await befriend('A', 'B')
      platform.users.get('A')!.push = false
      platform.users.get('B')!.friend = false
      expect(await refusal(push('A'))).to.include({ reason: 'rejected' })
      expect(await refusal(push('B'))).to.include({ reason: 'deleted' })
      expect(await refusal(push('A'))).to.include({ reason: 'rejected' })
      expect(await refusal(push('B'))).to.include({ reason: 'deleted' })
      expect(platform.posts).to.have.length(2)
      expect((await harness.users).map(({ relation, consent }) => [relation, consent])).to.deep.equal([['friend', 'rejected'], ['deleted', 'unknown']])
    })

    it('for what the user has taken back meanwhile teaches nothing, within the same second either', async () => {
      await start()
      await befriend('A')
      const clock = freeze()
      clock.setSystemTime(Math.ceil(Date.now() / Time.second) * Time.second + 5 * Time.second)
      const timestamp = Date.now()
      platform.latency = 100
      platform.users.get('A')!.push = false
      const promise = refusal(push())
      await until(() => platform.posts.length)
      clock.tick(20)
      platform.reject('A', { timestamp })
      platform.allow('A', { timestamp })
      expect(await promise).to.include({ reason: 'rejected' })
      await until(() => harness.sessions.length === 3)
      await pass()
      expect(await harness.app.qqUser.get(platform.selfId, 'A')).to.include({ consent: 'allowed' })
    })

    for (const code of [40054006, 50055002, 22009, 40034100]) {
      it(`with ${code} is tried again, ever later`, async () => {
        await start()
        await befriend('A')
        platform.fail({ code })
        const clock = freeze()
        const promise = push()
        await until(() => platform.posts.length === 1)
        await pass()
        expect(platform.posts).to.have.length(1)
        await clock.tickAsync(2 * Time.second)
        await until(() => platform.posts.length === 2)
        await promise
      })
    }

    it('for its rate again and again is bot-rate', async () => {
      await start()
      await befriend('A')
      platform.fail({ code: 22009, times: Infinity })
      const clock = freeze()
      const promise = refusal(push())
      for (const [index, delay] of [2, 5, 10].entries()) {
        await until(() => platform.posts.length === index + 1)
        await pass()
        await clock.tickAsync(delay * Time.second)
      }
      expect(await promise).to.deep.equal({ reason: 'bot-rate', code: 22009, retryable: true })
      expect(platform.posts).to.have.length(4)
    })

    it('without telling the outcome is never tried again', async () => {
      await start()
      await befriend('A')
      for (const fault of [{ status: 500 }, { status: 503, body: 'busy' }, { close: true, accept: true }, { status: 400, body: '{', close: true }]) {
        const before = platform.posts.length
        platform.fail(fault)
        expect(await refusal(push())).to.include({ reason: 'unknown-outcome', retryable: false })
        await pass()
        expect(platform.posts.length).to.equal(before + 1)
      }
    })

    it('for an audit is pending, not failed', async () => {
      await start()
      await befriend('A')
      platform.audit = true
      expect(await push()).to.deep.equal([])
    })
  })

  describe('of a bot that may not push', () => {
    it('is suspended when three users in a row are refused, and the operator is told once', async () => {
      await start()
      await befriend('A', 'B', 'C', 'D')
      platform.pushBanned = true
      for (const userId of ['A', 'B', 'C']) {
        expect(await refusal(push(userId))).to.deep.include({ reason: 'no-permission', code: 40034105 })
        expect(await refusal(push(userId))).to.deep.include({ reason: 'no-permission', code: undefined })
      }
      expect(await refusal(push('D'))).to.deep.include({ reason: 'no-permission', code: undefined })
      expect(platform.posts).to.have.length(3)
      expect(harness.warnings).to.have.length(1)
      expect(harness.warnings[0]).to.contain('40034105')
      expect((await harness.users).map(({ consent }) => consent)).to.deep.equal(['unknown', 'unknown', 'unknown', 'unknown'])
    })

    it('is suspended across a reload of the plugin', async () => {
      await start()
      await befriend('A', 'B', 'C')
      platform.fail({ code: 40034102, times: 2 })
      await refusal(push('A'))
      await refusal(push('B'))
      await harness.reload(silent)
      expect(await refusal(push('A'))).to.deep.include({ reason: 'no-permission', code: undefined })
      platform.fail({ code: 40034102 })
      await refusal(push('C'))
      expect(harness.warnings).to.have.length(1)
    })

    it('is a matter for the log from the first user on, for whoever reads all of it', async () => {
      await start()
      await befriend('A', 'B', 'C')
      Logger.levels.base = Logger.DEBUG
      platform.fail({ code: 40034102, times: 3 })
      try {
        for (const userId of ['A', 'B', 'C']) await refusal(push(userId))
      } finally {
        Logger.levels.base = Logger.INFO
      }
      expect(harness.log.filter(line => line.includes('none to them for an hour'))).to.have.length(2)
      expect(harness.warnings).to.have.length(1)
    })

    it('is tried again after an hour, or when it is back online', async () => {
      await start()
      await befriend('A', 'B', 'C', 'D')
      const suspend = async () => {
        platform.fail({ code: 40034102, times: 3 })
        for (const userId of ['A', 'B', 'C']) await refusal(push(userId))
        expect(await refusal(push('D'))).to.deep.include({ reason: 'no-permission' })
      }
      await suspend()
      platform.drop()
      await until(() => !harness.bot.isActive || harness.bot.status !== 1)
      await harness.online()
      await push('D')
      const clock = freeze()
      await clock.tickAsync(Time.hour)
      await suspend()
      await clock.tickAsync(Time.hour)
      await push('D')
    })

    it('may write to others while one user is refused', async () => {
      await start()
      await befriend('A', 'B')
      for (let time = 0; time < 5; time++) {
        platform.fail({ code: 40034105, when: ({ target }) => target === 'A' })
        expect(await refusal(push('A'))).to.deep.include({ reason: 'no-permission' })
        await push('B')
      }
      expect(platform.posts.filter(({ target }) => target === 'A')).to.have.length(1)
      expect(harness.warnings).to.deep.equal([])
    })

    it('is stopped at once where the platform says that it is banned, and the operator is told', async () => {
      await start()
      await befriend('A', 'B')
      platform.fail({ code: 40054016 })
      await refusal(push('A'))
      expect(await refusal(push('B'))).to.deep.include({ reason: 'no-permission', code: undefined })
      expect(harness.warnings).to.have.length(1)
      expect(harness.warnings[0]).to.contain('bot-stopped (40054016)')
    })

    it('for a wrong token is told of once', async () => {
      await start()
      await befriend('A', 'B')
      platform.fail({ code: 11244, status: 401, times: 2 })
      await refusal(push('A'))
      await refusal(push('B'))
      expect(harness.warnings).to.have.length(1)
      expect(harness.warnings[0]).to.contain('credentials (40011027)')
    })

    it('still replies', async () => {
      await start({ config: { icebreaker: { enabled: true } } })
      platform.pushBanned = true
      platform.add('A')
      await platform.posted(({ route, status }) => route === 'event' && status === 200)
    })
  })
})
