/** Rule: qq-user.push sends what was typed, runs nothing of it, and tells the operator why a message did not go. */
import { expect } from 'chai'
import { Dict, h, Session } from 'koishi'
import { locales } from '../../src/config'
import { until } from '../harness'
import { ask, befriend, consent, enroll, harness, leave, message, noUser, platform, pushed, start, text } from './operator'

describe('qq-user.push', () => {
  afterEach(() => harness.stop())

  it('sends, and says so', async () => {
    await start()
    await befriend('ABC')
    expect(await ask('qq-user.push AB There is   news, -b for you')).to.equal(message('push.sent'))
    expect(pushed('ABC').map(({ body, reached }) => [body.content, reached])).to.deep.equal([['There is   news, -b for you', true]])
  })

  it('sends what was typed, and evaluates nothing of it', async () => {
    await start()
    await befriend('A')
    const texts = [
      '{1+1} {bot.id} {#if true}x{/if}', '<at id="all"/>', '<at id="all"/> hi', 'a < b > c & d', '&lt;b&gt;',
      '<execute>qq-user.forget -y A</execute>', '"quoted"',
    ]
    for (const content of texts) expect(await ask(`qq-user.push A ${content}`), content).to.equal(message('push.sent'))
    expect(pushed('A').map(({ body }) => body.content)).to.deep.equal(texts)
    expect((await harness.users).map(({ userId }) => userId)).to.include('A')
  })

  it('takes no element that runs something', async () => {
    const runs: string[] = []
    await start({
      prepare(app) {
        app.command('danger').action(() => { runs.push('danger') })
        app.command('relay <content:rawtext>').action(({ session }, content) => session!.execute(`qq-user.push A ${h.unescape(content)}`))
      },
    })
    await befriend('A')
    expect(await ask('relay hello <b><execute>danger</execute></b>')).to.equal(h.unescape(message('push.component', { name: 'execute' })))
    expect(await ask('relay <prompt/>')).to.contain('<prompt>')
    expect(await ask('relay hello <b>there</b>')).to.equal(message('push.sent'))
    expect(runs).to.deep.equal([])
    expect(pushed('A').map(({ body }) => body.content)).to.deep.equal(['hello there'])
  })

  it('sends what is several lines long as it is', async () => {
    await start()
    await befriend('A')
    expect(await ask('qq-user.push A one\ntwo\n\nthree')).to.equal(message('push.sent'))
    expect(pushed('A')[0].body.content).to.equal('one\ntwo\n\nthree')
  })

  it('sends nothing that is empty', async () => {
    await start()
    await befriend('A')
    const prompt = await ask('qq-user.push A')
    expect(prompt).to.contain(text('en-US', 'commands.qq-user.push.arguments.message'))
    expect(await ask(' ')).to.equal(message('push.empty'))
    expect(pushed('A')).to.deep.equal([])
    await ask('qq-user.push A')
    expect(await ask('after all')).to.equal(message('push.sent'))
    expect(pushed('A').map(({ body }) => body.content)).to.deep.equal(['after all'])
  })

  const refusals: Dict<() => Promise<void> | void> = {
    rejected: () => consent('A', 'rejected'),
    deleted: () => leave('A'),
  }

  for (const reason in refusals) {
    it(`tells that the user ${reason}`, async () => {
      await start()
      await befriend('A')
      await refusals[reason]()
      expect(await ask('qq-user.push A hi')).to.equal(`Not sent: ${text('en-US', `qq-user.reason.${reason}`)}`)
      expect(pushed('A')).to.deep.equal([])
    })
  }

  it('tells that the user is not known', async () => {
    await start()
    expect(await ask('qq-user.push A hi')).to.equal(noUser())
    expect(pushed('A')).to.deep.equal([])
  })

  it("tells that the user's switch was never seen, if that matters", async () => {
    await start({ config: { push: { assumeAllowed: false } } })
    await befriend('A')
    expect(await ask('qq-user.push A hi')).to.contain(text('en-US', 'qq-user.reason.unconfirmed'))
    expect(pushed('A')).to.deep.equal([])
  })

  it('tells that the user got enough for today', async () => {
    await start({ config: { push: { tier: 'custom', userDay: 1 } } })
    await befriend('A')
    expect(await ask('qq-user.push A hi')).to.equal(message('push.sent'))
    expect(await ask('qq-user.push A hi')).to.contain(text('en-US', 'qq-user.reason.user-day'))
    expect(pushed('A')).to.have.length(1)
  })

  const codes: [string, number][] = [
    ['refused', 40054007], ['refused', 40034006], ['rejected', 40054013], ['deleted', 40054004], ['no-permission', 40034105],
  ]

  for (const [reason, code] of codes) {
    it(`tells what the platform meant by ${code}`, async () => {
      await start()
      await befriend('A')
      platform.fail({ code, when: ({ route }) => route === 'proactive' })
      const answer = await ask('qq-user.push A hi')
      expect(answer).to.contain(`Not sent: ${text('en-US', `qq-user.reason.${reason}`)}`)
      if (reason === 'refused') expect(answer).to.contain(String(code))
      expect(pushed('A')).to.have.length(1)
    })
  }

  it('tells that a message is too long', async () => {
    await start()
    await befriend('A')
    const reason = text('en-US', 'qq-user.reason.refused')
    expect(await ask(`qq-user.push A ${'x'.repeat(5000)}`)).to.equal(message('push.failed', { reason, code: 40054007 }))
  })

  it('tells when nobody knows what became of it, or the platform looks at it first', async () => {
    await start()
    await befriend('A')
    platform.fail({ status: 500, when: ({ route }) => route === 'proactive' })
    expect(await ask('qq-user.push A hi')).to.contain(text('en-US', 'qq-user.reason.unknown-outcome'))
    const audit = { code: 304023, message: 'audit', data: { message_audit: { audit_id: '1' } } }
    platform.fail({ status: 202, body: audit, when: ({ route }) => route === 'proactive' })
    expect(await ask('qq-user.push A hi')).to.equal(message('push.audited'))
    expect(pushed('A')).to.have.length(2)
  })

  it('tells what the reason does not say, or that the log does', async () => {
    let stop: ((session: Session) => unknown) | undefined
    await start({
      prepare(app) {
        app.command('relay <content:rawtext>').action(({ session }, content) => session!.execute(`qq-user.push A ${h.unescape(content)}`))
        app.on('before-send', (session) => session.channelId === 'A' ? stop?.(session) as undefined : undefined)
      },
    })
    await befriend('A')
    const remark = (key: string) => text('en-US', `qq-user.remark.${key}`)
    stop = session => session.elements!.length = 0
    expect(await ask('qq-user.push A hi')).to.contain(remark('empty'))
    stop = () => { throw new Error('odd one') }
    expect(await ask('qq-user.push A hi')).to.contain(remark('log'))
    expect(harness.log.filter(line => line.includes('odd one'))).to.have.length(1)
    stop = () => true
    expect(await ask('qq-user.push A hi')).to.equal(`Not sent: ${text('en-US', 'qq-user.reason.aborted')}`)
    stop = undefined
    platform.message('A')
    await until(async () => (await harness.app.qqUser.get(platform.selfId, 'A'))?.lastMessageAt)
    platform.pushBanned = true
    const parts = (count: number) => `relay ${'<message>one</message>'.repeat(count)}`
    expect(await ask(parts(5))).to.contain(remark('parts'))
    platform.fail({ code: 40034006, when: () => platform.accepted('A').length > 0 })
    expect(await ask(parts(2))).to.contain(text('en-US', 'qq-user.reason.unknown-outcome')).and.to.contain(remark('partial'))
  })

  it("tells it in the operator's language", async () => {
    await start()
    await befriend('A')
    await consent('A', 'rejected')
    for (const locale in locales) {
      await enroll(locale, 4, locale)
      expect(await ask('qq-user.push A hi', locale)).to.contain(locales[locale]['qq-user'].reason.rejected)
    }
  })
})
