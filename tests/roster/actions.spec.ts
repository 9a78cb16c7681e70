/** Rule: a user action is told and answered once, although a later message came first or the platform tells of it again. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Harness, pass, until } from '../harness'
import { Platform } from '../platform'

const config = { icebreaker: { content: 'hello{#if event.returning} again{/if}' } }

describe('what a user does', () => {
  let harness: Harness
  let platform: Platform
  let now: number

  beforeEach(async () => {
    harness = await Harness.start({ config })
    platform = harness.platform
    now = Math.floor(Date.now() / Time.second) * Time.second
  })

  afterEach(() => harness.stop())

  const texts = () => platform.posts.map(({ body }) => body.content)
  const told = () => harness.sessions.map(({ type, userId }) => `${type} ${userId}`)

  it('is told and answered, though a message that they wrote later came first', async () => {
    platform.message('A', 'hi', { timestamp: now })
    await until(async () => (await harness.ledger).length === 1)
    platform.add('A', { timestamp: now - Time.second })
    const ledger = await harness.settled(2)
    expect(ledger.map(({ source, applied, notice }) => [source, applied, notice])).to.deep.equal([['message', true, 'none'], ['friend-add', true, 'sent']])
    expect(told()).to.deep.equal(['friend-added A'])
    expect(texts()).to.deep.equal(['hello'])
    expect((await harness.users)[0]).to.deep.include({ relation: 'friend', relationAt: new Date(now), firstSeen: new Date(now - Time.second) })
  })

  for (const [when, wait] of [['at once', false], ['later', true]] as const) {
    it(`is told and answered once, though the platform tells of it again ${when}`, async () => {
      const first = platform.add('A', { timestamp: now })
      if (wait) await harness.settled(1)
      const second = platform.add('A', { timestamp: now })
      const ledger = await harness.settled(2)
      await pass()
      const rows = new Map(ledger.map(row => [row.id, row]))
      expect(rows.get(first.id)).to.include({ applied: true, notice: 'sent' })
      expect(rows.get(second.id)).to.include({ applied: false, notice: 'none', noticeReason: '' })
      expect(told()).to.deep.equal(['friend-added A'])
      expect(texts()).to.deep.equal(['hello'])
    })
  }

  describe('is answered as a return', () => {
    it('if they had left', async () => {
      platform.add('A', { timestamp: now - 3 * Time.second })
      await harness.settled(1)
      platform.remove('A', { timestamp: now - 2 * Time.second })
      platform.add('A', { timestamp: now - Time.second })
      await harness.settled(3)
      expect(texts()).to.deep.equal(['hello', 'hello again'])
    })

    it('not if they are new, and chose or wrote something a moment before', async () => {
      platform.reject('A', { timestamp: now - 2 * Time.second })
      platform.message('B', 'hi', { timestamp: now - 2 * Time.second })
      await until(async () => (await harness.ledger).length === 2)
      platform.add('A', { timestamp: now - Time.second })
      platform.add('B', { timestamp: now - Time.second })
      await harness.settled(4)
      expect(texts().filter(text => /^hello/.test(text as string))).to.deep.equal(['hello', 'hello'])
    })

    for (const [who, earlier, text] of [['had left', true, 'hello again'], ['are new', false, 'hello']] as const) {
      it(`after a restart, if they ${who}: ${text}`, async () => {
        if (earlier) {
          platform.add('A', { timestamp: now - 3 * Time.second })
          platform.remove('A', { timestamp: now - 2 * Time.second })
        } else {
          platform.message('A', 'hi', { timestamp: now - 2 * Time.second })
        }
        await harness.settled(earlier ? 2 : 1)
        const { id } = platform.add('A', { timestamp: now - Time.second })
        await harness.settled(earlier ? 3 : 2)
        harness.plugin!.dispose()
        await harness.app.database.set('qq_user_event', { id }, { notice: 'pending', noticeReason: '', origin: 'earlier' })
        const count = platform.posts.length
        harness.load(config)
        await until(() => platform.posts.length > count)
        await harness.settled(2)
        expect(texts().at(-1)).to.equal(text)
      })
    }
  })
})
