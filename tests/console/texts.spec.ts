/** Rule: the preview of a notice is its text as it would be sent, or its faults and where they are, and sends nothing. */
import { expect } from 'chai'
import type { NoticeKey } from '../../src/console/texts/protocol'
import { Site } from './site'

describe('console: texts', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('shows the text, or what is wrong with it and where', async () => {
    const page = await site.start({
      config: {
        icebreaker: { enabled: false, content: 'Hello {user.nmae} and {' },
        pushAllowed: { enabled: false, content: 'Good, {event.returning ? "again" : "first"} {bot.name}' },
        pushRejected: { enabled: false, content: '{null.boom}' },
      },
    })
    const { selfId } = site.platform
    await site.befriend('A')
    const preview = (key: NoticeKey, locale = 'en-US', userId = 'A') => page.call('qq-user/preview', { key, selfId, userId, locale })
    expect(await preview('icebreaker')).to.deep.equal({
      content: '',
      source: 'Hello {user.nmae} and {',
      errors: [{ index: 6, expression: 'user.nmae', kind: 'unknown' }, { index: 22, expression: '', kind: 'unclosed' }],
    })
    expect(await preview('pushAllowed')).to.deep.include({ content: 'Good, first stand-in', errors: [] })
    expect(await preview('pushAllowed', 'zh-CN', '')).to.deep.include({ content: 'Good, first stand-in', errors: [] })
    expect((await preview('pushRejected')).source).to.equal('{null.boom}')
    expect(await page.error('qq-user/send-notice', { key: 'icebreaker', selfId, userId: 'A', locale: '' })).to.equal('template')
    expect(await page.error('qq-user/preview', { key: 'icebreaker', selfId: 'nobody', userId: 'A', locale: '' })).to.equal('unknown-bot')
    expect(site.platform.posts).to.deep.equal([])
  })
})
