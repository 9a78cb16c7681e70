/** Rule: users who add the bot or turn the switch are told once what the operator wrote, and never proactively after a no. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { pass, silent, until } from '../harness'
import { freeze, harness, platform, start, useStage } from '../stage'

describe('notices', () => {
  useStage()

  const posted = (count: number) => until(() => platform.posts.length >= count)
  const contents = () => platform.accepted().map(({ body }) => body.content)
  const outcomes = async (count: number) => (await harness.settled(count)).map(({ notice, noticeReason }) => [notice, noticeReason])

  describe('tell the user, as a reply', () => {
    it('after an addition, by default in Chinese', async () => {
      await start()
      const { id } = platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['sent', '']])
      const [{ body, route }] = platform.posts
      expect(route).to.equal('event')
      expect(body).to.deep.include({ event_id: id, msg_type: 0 })
      expect(body).not.to.have.property('msg_seq')
      expect(body.content).to.match(/^你好/)
    })

    it('who comes back differently', async () => {
      await start()
      platform.add('A', { timestamp: Date.now() - Time.minute })
      await outcomes(1)
      platform.remove('A', { timestamp: Date.now() - Time.second * 30 })
      await outcomes(2)
      platform.add('A')
      await outcomes(3)
      expect(contents()[1]).to.match(/^欢迎回来/)
    })

    it('after a toggle by event and by interaction', async () => {
      await start()
      platform.allow('A')
      platform.reject('B', { via: 'interaction' })
      platform.allow('C', { via: 'interaction' })
      expect(await outcomes(3)).to.deep.equal([['sent', ''], ['sent', ''], ['sent', '']])
      expect(platform.posts.every(({ route }) => route === 'event')).to.equal(true)
    })

    it('after a rejection on the profile card, through their last message', async () => {
      await start()
      const { d } = platform.message('A')
      platform.reject('A')
      await until(() => platform.posts.length)
      expect(platform.posts[0]).to.deep.include({ route: 'msg', status: 200 })
      expect(platform.posts[0].body.msg_id).to.equal(d.id)
      expect(platform.posts[0].body).not.to.have.property('event_id')
    })

    it('once for a toggle that comes through both channels', async () => {
      await start()
      platform.allow('A', { via: 'both' })
      await outcomes(2)
      await pass()
      expect(platform.posts).to.have.length(1)
      expect((await harness.ledger).map(({ applied, notice }) => [applied, notice])).to.deep.equal([[true, 'sent'], [false, 'none']])
    })

    it('without waiting for what happened to others later', async () => {
      await start()
      const others = (count: number, from = 0) => {
        for (let index = from; index < from + count; index++) platform.remove(`OTHER${index}`)
      }
      others(500)
      platform.add('A')
      others(1500, 500)
      await posted(1)
      expect(await harness.users).to.have.length.within(501, 1500)
    })

    it('not for a deletion, which takes no reply', async () => {
      await start()
      platform.remove('A')
      expect(await outcomes(1)).to.deep.equal([['none', '']])
      expect(platform.posts).to.deep.equal([])
    })
  })

  describe('never disturb', () => {
    it('somebody who rejected and cannot be answered', async () => {
      await start()
      platform.reject('A')
      expect(await outcomes(1)).to.deep.equal([['skipped', 'no-route']])
      expect(platform.posts).to.deep.equal([])
    })

    it('about what was overtaken by a newer event', async () => {
      await start()
      platform.remove('A', { timestamp: Date.now() })
      platform.add('A', { timestamp: Date.now() - Time.minute })
      expect(await outcomes(2)).to.deep.equal([['none', ''], ['skipped', 'stale']])
      expect(platform.posts).to.deep.equal([])
    })

    it('when it is switched off', async () => {
      await start({ config: silent })
      platform.add('A')
      platform.allow('A')
      platform.reject('A', { via: 'interaction' })
      expect(await outcomes(3)).to.deep.equal([['none', ''], ['none', ''], ['none', '']])
      expect(platform.posts).to.deep.equal([])
    })

    it('with an empty message', async () => {
      await start({ config: { icebreaker: { content: '{#if event.returning}again{/if}' } } })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['skipped', 'empty']])
    })

    it('when another plugin stops it', async () => {
      await start({ prepare: app => app.on('before-send', () => true) })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['skipped', 'stopped']])
    })
  })

  describe('are delivered', () => {
    it('again when the id is too fresh for the platform: after 1.5, 2 and 3 seconds', async () => {
      await start({ freshFor: 5 * Time.second })
      const clock = freeze()
      platform.add('A')
      for (const [index, delay] of [1500, 2000, 3000].entries()) {
        await posted(index + 1)
        await pass()
        await clock.tickAsync(delay - 1)
        await pass()
        expect(platform.posts).to.have.length(index + 1)
        await clock.tickAsync(1)
      }
      await posted(4)
      expect(await outcomes(1)).to.deep.equal([['sent', '']])
      expect(platform.posts.map(({ code, body }) => [code, body.msg_seq])).to.deep.equal([
        [40034025, undefined], [40034025, undefined], [40034025, undefined], [undefined, undefined],
      ])
    })

    it('proactively when the id is not taken, if the user may be written to', async () => {
      await start()
      for (const code of [40034026, 40034027, 40034128]) {
        platform.fail({ code, when: ({ route }) => route === 'event' })
        platform.add(`A${code}`)
        await until(() => platform.accepted(`A${code}`).length)
      }
      await outcomes(3)
      expect(platform.accepted().map(({ route }) => route)).to.deep.equal(['proactive', 'proactive', 'proactive'])
    })

    it('not proactively to users whose switch was never seen, if the operator says so', async () => {
      await start({ config: { push: { assumeAllowed: false } } })
      platform.fail({ code: 40034026 })
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['skipped', 'unconfirmed']])
      expect(platform.posts).to.have.length(1)
    })

    it('never again when nobody knows whether they arrived', async () => {
      await start()
      const faults = [{ status: 500 }, { status: 504, body: 'bad gateway' }, { close: true, accept: true }, { status: 502, body: {} }]
      for (const [index, fault] of faults.entries()) {
        platform.fail(fault)
        platform.add(`A${index}`)
        await posted(index + 1)
      }
      await until(async () => harness.warnings.length === faults.length)
      await pass()
      expect(platform.posts).to.have.length(faults.length)
      expect((await harness.ledger).map(({ notice, noticeReason }) => [notice, noticeReason])).to.deep.equal(faults.map(() => ['failed', 'unknown-outcome']))
    })

    it('again after a passing fault, and not after a refusal for good', async () => {
      await start()
      const clock = freeze()
      platform.fail({ code: 40054006 })
      platform.add('A')
      await posted(1)
      await pass()
      await clock.tickAsync(Time.second)
      await posted(2)
      platform.fail({ code: 40054007 })
      platform.add('B')
      await posted(3)
      await clock.tickAsync(Time.minute)
      await until(async () => (await harness.ledger).every(({ notice, noticeReason }) => notice !== 'pending' && noticeReason !== 'unknown-outcome'))
      expect((await harness.ledger).map(({ notice, noticeReason }) => [notice, noticeReason])).to.deep.equal([['sent', ''], ['failed', 'code:40054007']])
    })

    it('and may wait for an audit', async () => {
      await start()
      platform.audit = true
      platform.add('A')
      expect(await outcomes(1)).to.deep.equal([['sent', 'audit']])
    })

    it('and teach, when they are refused', async () => {
      await start()
      platform.fail({ code: 40054004 })
      platform.add('A')
      await until(async () => (await harness.users)[0]?.relation === 'deleted')
      platform.fail({ code: 40034026 })
      platform.fail({ code: 40054013, when: ({ route }) => route === 'proactive' })
      platform.add('B')
      await until(async () => (await harness.users)[1]?.consent === 'rejected')
      await harness.settled(4)
      const ledger = await harness.ledger
      expect(ledger.filter(({ source }) => source === 'send-error').map(({ type }) => type)).to.deep.equal(['friend-deleted', 'friend-push-rejected'])
      expect(ledger.filter(({ source }) => source === 'friend-add').map(({ notice, noticeReason }) => [notice, noticeReason])).to.deep.equal([
        ['skipped', 'deleted'], ['skipped', 'rejected'],
      ])
      platform.allow('B')
      await until(async () => (await harness.users)[1]?.consent === 'allowed')
    })
  })
})
