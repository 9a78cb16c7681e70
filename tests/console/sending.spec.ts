/** Rule: a message sent on the console passes the gate, runs nothing that was typed, and only its sender is told what became of it. */
import { expect } from 'chai'
import { h } from 'koishi'
import type { Calls } from '../../src/console/protocol'
import { pass, until } from '../harness'
import { Site } from './site'

describe('console: sending', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('tells whoever sent what became of it, and nobody else', async () => {
    const page = await site.start()
    const other = await site.open()
    await site.befriend('A')
    const { ticket } = await page.call('qq-user/push', site.platform.selfId, 'A', 'hello <b>there</b> {1+1} 1 < 2')
    const sent = await page.until('qq-user/sent')
    const [post] = site.platform.posts
    expect(sent).to.deep.equal({ ticket, ok: true, ids: [post.id] })
    expect(post.body.content).to.equal('hello there {1+1} 1 < 2')
    expect(post.route).to.equal('proactive')
    site.platform.fail({ code: 40034006 })
    const refused = await page.call('qq-user/push', site.platform.selfId, 'A', 'news')
    expect(await page.until('qq-user/sent', ({ ticket }) => ticket === refused.ticket))
      .to.deep.equal({ ...refused, ok: false, reason: 'refused', code: 40034006 })
    await pass()
    expect(other.messages('qq-user/sent')).to.deep.equal([])
  })

  it('tells what the reason does not say', async () => {
    const page = await site.start()
    const { selfId } = site.platform
    await site.befriend('A')
    site.platform.message('A')
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'A'))?.lastMessageAt)
    site.platform.pushBanned = true
    const { ticket } = await page.call('qq-user/push', selfId, 'A', '<message>one</message>'.repeat(5))
    expect(await page.until('qq-user/sent')).to.deep.equal({ ticket, ok: false, reason: 'no-permission', code: 40034105, remark: 'parts' })
  })

  it('runs nothing of what was typed, and all of what the config says', async () => {
    const runs: string[] = []
    const page = await site.start({
      config: { icebreaker: { enabled: false, content: 'hello <execute>danger</execute>' } },
      prepare(app) {
        app.command('danger').action(({ session }) => { runs.push(session!.userId!) })
      },
    })
    const { selfId } = site.platform
    await site.befriend('A')
    expect(await page.error('qq-user/push', selfId, 'A', 'hello <execute>danger</execute>')).to.equal('component:execute')
    expect(await page.error('qq-user/push', selfId, 'A', 'hello <b><PROMPT/></b>')).to.equal('component:PROMPT')
    await pass()
    expect(site.platform.posts).to.deep.equal([])
    expect(runs).to.deep.equal([])
    await page.call('qq-user/send-notice', { key: 'icebreaker', selfId, userId: 'A', locale: 'en-US' })
    await page.until('qq-user/sent')
    expect(site.platform.posts.map(({ body }) => body.content.trim())).to.deep.equal(['hello'])
    expect(runs).to.deep.equal(['A'])
  })

  it('goes through the gate', async () => {
    const page = await site.start()
    const { selfId } = site.platform
    await site.befriend('A')
    site.platform.reject('A')
    await until(() => site.harness.sessions.length === 2)
    const outcome = async (...args: Parameters<Calls['qq-user/push']>) => {
      const { ticket } = await page.call('qq-user/push', ...args)
      const { ok, reason } = await page.until('qq-user/sent', body => body.ticket === ticket)
      return ok ? 'ok' : reason
    }
    expect(await outcome(selfId, 'A', 'news')).to.equal('rejected')
    expect(await outcome(selfId, 'nobody', 'news')).to.equal('unknown-user')
    const { ticket } = await page.call('qq-user/send-notice', { key: 'pushRejected', selfId, userId: 'A', locale: 'en-US' })
    expect(await page.until('qq-user/sent', body => body.ticket === ticket)).to.include({ ok: false, reason: 'rejected' })
    expect(site.platform.posts).to.deep.equal([])
  })

  it('sends a notice as a user of that language gets it', async () => {
    const page = await site.start({ config: { pushAllowed: { enabled: false, content: 'Yes, {user.name}! <b>{user.id}</b>' } } })
    const { selfId } = site.platform
    await site.befriend('A')
    site.platform.message('A', 'hello', { username: '<at id="1"/>' })
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'A'))?.name)
    for (const key of ['icebreaker', 'pushAllowed'] as const) {
      for (const locale of ['en-US', 'zh-CN']) {
        const { content } = await page.call('qq-user/preview', { key, selfId, userId: 'A', locale })
        const { ticket } = await page.call('qq-user/send-notice', { key, selfId, userId: 'A', locale })
        expect(await page.until('qq-user/sent', body => body.ticket === ticket)).to.include({ ok: true })
        expect(site.platform.posts.at(-1)!.body.content).to.equal(h.select(h.parse(content), 'text').map(({ attrs }) => attrs.content).join(''))
      }
    }
    expect(new Set(site.platform.posts.map(({ body }) => body.content)).size).to.equal(3)
    expect(site.platform.posts.at(-1)!.body.content).to.equal('Yes, <at id="1"/>! A')
  })

  it('takes only so many at a time', async () => {
    const page = await site.start()
    await site.befriend('A')
    site.platform.latency = 300
    const errors = await Promise.all(Array.from({ length: 14 }, () => page.error('qq-user/push', site.platform.selfId, 'A', 'news')))
    expect(errors.filter(error => error === 'busy')).to.have.length(4)
    site.platform.latency = 0
    await until(() => page.messages('qq-user/sent').length === 10)
    expect(await page.error('qq-user/push', site.platform.selfId, 'A', 'news')).to.equal(undefined)
  })
})
