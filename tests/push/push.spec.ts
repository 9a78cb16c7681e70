/** Rule: a push reaches who may be written to, within the limits, or throws a PushError that says why and whether to try again. */
import { expect } from 'chai'
import { h, Time } from 'koishi'
import { watch } from '../database/outage'
import { silent, until } from '../harness'
import { PushError } from '../../src'
import { befriend, freeze, harness, platform, refusal, start, useStage } from './stage'

describe('push', () => {
  useStage()

  const push = (userId = 'A', content: h.Fragment = 'news', signal?: AbortSignal) => harness.app.qqUser.push(platform.selfId, userId, content, { signal })

  it('reaches a friend, proactively, and tells the message id', async () => {
    await start()
    await befriend('A')
    const ids = await push('A', 'hello <b>there</b>')
    const [post] = platform.posts
    expect(post).to.deep.include({ kind: 'user', target: 'A', route: 'proactive', status: 200 })
    expect(post.body.content).to.equal('hello there')
    expect(ids).to.deep.equal([post.id])
    expect(await harness.app.qqUser.canPush(platform.selfId, 'A')).to.deep.equal({ ok: true, via: 'proactive' })
  })

  it('sends elements, and evaluates no template', async () => {
    await start()
    await befriend('A')
    await push('A', [h.text('{bot.id} '), h('message', 'second')])
    await push('A', '{1+1}')
    expect(platform.accepted().map(({ body }) => body.content.trim())).to.deep.equal(['{bot.id}', 'second', '{1+1}'])
  })

  describe('runs nothing', () => {
    const danger: [what: string, content: () => h.Fragment, name: string][] = [
      ['in markup', () => 'hello <execute>danger</execute>', 'execute'],
      ['in elements', () => h('execute', 'danger'), 'execute'],
      ['within other elements', () => 'a<p>b<b>c<execute>danger</execute></b></p>', 'execute'],
      ['within other components', () => '<random><execute>danger</execute><execute>danger</execute></random>', 'random'],
      ['in what an attribute holds', () => h('button', { label: [h('b', h('execute', 'danger'))] }, 'a'), 'execute'],
      ['that asks for an answer', () => '<execute>say <prompt/></execute>', 'execute'],
      ['that only asks', () => '<prompt>well?</prompt>', 'prompt'],
      ['of another plugin', () => '<custom/>', 'custom'],
      ['that is named in parts', () => '<i18n:time value="1"/>', 'i18n:time'],
      ['in capitals', () => '<EXECUTE>danger</EXECUTE>', 'EXECUTE'],
      ['of another name space', () => '<koishi:execute>danger</koishi:execute>', 'koishi:execute'],
      ['that is a function', () => h(function run() { return 'danger' } as never), 'run'],
      ['that claims to be one', () => '<component is="execute">danger</component>', 'component'],
    ]

    for (const [what, content, name] of danger) {
      it(what, async () => {
        const runs: unknown[] = []
        await start({
          prepare(app) {
            app.command('danger').action(() => { runs.push('danger') })
            app.component('custom', () => { runs.push('custom') as never; return 'custom' })
          },
        })
        await befriend('A')
        const error = await push('A', content()).then(() => undefined, error => error)
        expect(error).to.be.instanceOf(PushError)
        expect(error).to.include({ reason: 'refused', code: undefined, retryable: false })
        expect(error.message).to.contain(`<${name}>`)
        expect(runs).to.deep.equal([])
        expect(platform.posts).to.deep.equal([])
      })
    }

    it('and takes whatever else there is', async () => {
      await start()
      await befriend('A')
      await push('A', 'a<p>b</p><at id="1"/><br/><b>c</b><message>d</message><unheard-of>e</unheard-of>&lt;execute&gt;')
      expect(platform.accepted().map(({ body }) => body.content).join('')).to.match(/a\nb\n\ncde<execute>/)
      await push('A', '<button id="1" type="input" text="x">f</button>')
      expect(platform.accepted().at(-1)!.body.keyboard).to.be.an('object')
    })
  })

  describe('does not leave', () => {
    const attempt = async (expected: object, userId = 'A') => {
      const before = platform.posts.length
      expect(await refusal(push(userId))).to.deep.include(expected)
      expect(platform.posts.length).to.equal(before)
      const { reason } = expected as { reason: string }
      expect(await harness.app.qqUser.canPush(platform.selfId, userId)).to.deep.equal({ ok: false, reason })
    }

    it('for somebody unknown', async () => {
      await start()
      await attempt({ reason: 'unknown-user', retryable: false })
      await attempt({ reason: 'unknown-user', retryable: false }, "%' OR 1=1 --")
      await attempt({ reason: 'unknown-user', retryable: false }, 'x'.repeat(10_000))
    })

    it('for somebody who rejected, or deleted the bot, until they say otherwise', async () => {
      await start()
      const now = Date.now()
      platform.add('A', { timestamp: now - Time.minute })
      platform.reject('A', { timestamp: now - 50 * Time.second })
      await until(() => harness.sessions.length === 2)
      await attempt({ reason: 'rejected', retryable: false })
      platform.allow('A', { timestamp: now - 40 * Time.second })
      await until(() => push().then(() => true, () => false))
      platform.remove('A', { timestamp: now - 30 * Time.second })
      await until(() => harness.sessions.length === 4)
      await attempt({ reason: 'deleted', retryable: false })
    })

    it('for somebody whose switch was never seen, if the operator is careful', async () => {
      await start({ config: { push: { assumeAllowed: false } } })
      await befriend('A')
      await attempt({ reason: 'unconfirmed', retryable: false })
    })

    it('while the bot is offline', async () => {
      await start()
      await befriend('A')
      harness.bot.offline()
      await attempt({ reason: 'offline', retryable: true })
      expect(await refusal(harness.app.qqUser.push('no bot', 'A', 'news'))).to.include({ reason: 'unknown-user' })
    })

    it('when the caller thinks better of it', async () => {
      await start()
      await befriend('A')
      expect(await refusal(push('A', 'news', AbortSignal.abort()))).to.include({ reason: 'aborted' })
      expect(platform.posts).to.deep.equal([])
    })

    it('when there is nothing to send', async () => {
      await start()
      await befriend('A')
      for (const content of [' ', '<p></p>', [h('at')]]) expect(await refusal(push('A', content))).to.include({ reason: 'refused', retryable: false })
      expect(platform.posts).to.deep.equal([])
    })

    it('when another plugin stops it', async () => {
      await start({ prepare: app => app.on('before-send', () => true) })
      await befriend('A')
      expect(await refusal(push())).to.include({ reason: 'aborted' })
    })
  })

  it('may be tried again when the database, which was asked about it, is down', async () => {
    await start()
    await befriend('A')
    await harness.reload(silent)
    const outage = watch(harness.app)
    outage.down = true
    const error = await push('A').then(() => undefined, error => error)
    expect(error).to.be.instanceOf(PushError).and.include({ reason: 'offline', retryable: true })
    expect(error.cause).to.be.instanceOf(Error).and.include({ message: 'the server has gone away' })
    outage.down = false
    await push('A')
    expect(platform.posts).to.have.length(1)
  })

  it('is decided when its turn has come', async () => {
    await start({ config: { push: { tier: 'custom', botSecond: 1, botMinute: 60, userMinute: 20, userDay: 100 } } })
    await befriend('A', 'B')
    const first = push('A')
    const second = refusal(push('B'))
    await first
    platform.reject('B')
    expect(await second).to.include({ reason: 'rejected' })
    expect(platform.accepted('B')).to.deep.equal([])
  })

  describe('within the limits', () => {
    it('waits for its turn, and never exceeds what the platform takes', async () => {
      const limits = { botSecond: 20, botMinute: Infinity, userMinute: Infinity, userDay: Infinity }
      await start({ config: { push: { tier: 'custom', ...limits, botMinute: 1000, userMinute: 1000, userDay: 1000 } }, limits })
      await befriend('A', 'B')
      await Promise.all(Array.from({ length: 60 }, (_, index) => push(index % 2 ? 'A' : 'B')))
      expect(platform.posts.every(({ status }) => status === 200)).to.equal(true)
      const times = platform.posts.map(({ at }) => at)
      expect(times.at(-1)! - times[0]).to.be.at.least(2000)
    })

    it('counts a user\'s day across a restart', async () => {
      await start({ config: { push: { tier: 'custom', botSecond: 100, botMinute: 1000, userMinute: 100, userDay: 3 } } })
      await befriend('A', 'B')
      await push('A')
      await push('A')
      await harness.reload({ ...silent, push: { tier: 'custom', botSecond: 100, botMinute: 1000, userMinute: 100, userDay: 3 } })
      await push('A')
      expect(await refusal(push('A'))).to.deep.include({ reason: 'user-day', retryable: true })
      await push('B')
      const clock = freeze()
      clock.setSystemTime(Date.now() + 26 * Time.hour)
      await push('A')
    })

    describe('of a user\'s day', () => {
      const config = { push: { tier: 'custom', botSecond: 100, botMinute: 1000, userMinute: 100, userDay: 3 } }
      const parts = '<message>one</message><message>two</message>'
      const push = (content: string) => harness.app.qqUser.push(platform.selfId, 'A', content)

      it('is sent as a whole or not at all', async () => {
        await start({ config })
        await befriend('A')
        await push(parts)
        expect(await refusal(push(parts))).to.deep.include({ reason: 'user-day', retryable: true })
        await push('one')
        expect(platform.accepted('A')).to.have.length(3)
      })

      it('takes no more of it than what was sent', async () => {
        await start({ config })
        await befriend('A')
        platform.fail({ code: 40054007 })
        await refusal(push(parts))
        await push(parts)
        await push('one')
        expect(platform.accepted('A')).to.have.length(3)
        expect(await refusal(push('one'))).to.deep.include({ reason: 'user-day' })
      })
    })

    it('goes through the tiers that the platform knows', async () => {
      await start({ config: { push: { tier: 'uncertified' } }, limits: { botSecond: 5, botMinute: 30 } })
      await befriend('A', 'B')
      await Promise.all(Array.from({ length: 10 }, (_, index) => push(index % 2 ? 'A' : 'B')))
      expect(platform.posts.every(({ status }) => status === 200)).to.equal(true)
    })
  })
})
