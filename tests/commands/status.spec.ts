/** Rule: push-status tells any user, in their language, what they chose about proactive messages and how to change it. */
import { expect } from 'chai'
import { locales } from '../../src/config'
import { ask, befriend, consent, enroll, harness, start, text } from './operator'

describe('push-status', () => {
  afterEach(() => harness.stop())

  it('tells users what they chose, and how to change it', async () => {
    await start()
    await befriend('A', 'B', 'C')
    await consent('B', 'allowed')
    await consent('C', 'rejected')
    const howTo = text('zh-CN', 'qq-user.answers.how-to')
    expect(await ask('push-status', 'A')).to.equal(`${text('zh-CN', 'commands.push-status.messages.unknown')}\n${howTo}`)
    expect(await ask('push-status', 'B')).to.match(/^你在 \d{4}-\d\d-\d\d \d\d:\d\d 开启了我的主动消息。\n/).and.to.contain(howTo)
    expect(await ask('push-status', 'C')).to.match(/^你在 \d{4}-\d\d-\d\d \d\d:\d\d 关闭了我的主动消息/).and.to.contain(howTo)
  })

  it('answers somebody who was not on the roster', async () => {
    await start()
    expect(await ask('push-status', 'X')).to.contain(text('zh-CN', 'commands.push-status.messages.unknown'))
  })

  it("answers in the user's language", async () => {
    await start()
    for (const locale in locales) {
      await enroll(locale, 0, locale)
      expect(await ask('push-status', locale)).to.contain(locales[locale]['qq-user'].answers['how-to'])
    }
  })
})
