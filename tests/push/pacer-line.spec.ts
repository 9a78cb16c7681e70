/** Rule: users who wait for proactive messages take turns; what waits is bounded, can be withdrawn, and ends with the plugin. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Release } from '../../src/push/pacer'
import { clock, fork, pace, pacer, pass, refused, send, sent, usePace, users } from './pace'

describe('the pace of proactive messages', () => {
  usePace()

  describe('is fair', () => {
    it('to a user with one message beside one with 500', async () => {
      pace({ botSecond: 1, userMinute: 500 })
      for (let index = 0; index < 500; index++) send('greedy')
      await pass(10_000)
      const before = sent.length
      send('modest')
      await pass(2000)
      expect(users().slice(before)).to.include('modest')
      expect(users().indexOf('modest') - before).to.be.at.most(1)
    })

    it('to everybody: nobody is let out twice while somebody else waits', async () => {
      pace({ botSecond: 2 })
      await Promise.all([send('first'), send('first')])
      const counts = [9, 1, 4, 2]
      counts.forEach((count, user) => {
        for (let index = 0; index < count; index++) send(`U${user}`, 30)
      })
      await pass(Time.minute)
      const rounds = Array.from({ length: 9 }, (_, round) => counts.flatMap((count, user) => count > round ? [`U${user}`] : []))
      expect(users().slice(2)).to.deep.equal(rounds.flat())
    })

    it('to the others, when a user has had as many as a minute allows', async () => {
      pace({ botSecond: 10, userMinute: 2 })
      send('A')
      send('A')
      await pass(0)
      send('A')
      send('A')
      send('B')
      send('C')
      await pass(0)
      expect(users()).to.deep.equal(['A', 'A', 'B', 'C'])
      await pass(59_999)
      expect(sent).to.have.length(4)
      await pass(1)
      expect(users()).to.deep.equal(['A', 'A', 'B', 'C', 'A', 'A'])
    })

    it('within a user: first come, first served', async () => {
      pace({ botSecond: 1 })
      const order: number[] = []
      for (let index = 0; index < 5; index++) pacer.acquire('A').then((release) => { order.push(index); release(true) })
      await pass(5000)
      expect(order).to.deep.equal([0, 1, 2, 3, 4])
    })
  })

  describe('has bounds', () => {
    it('for what waits altogether', async () => {
      pace({ botSecond: 1 }, 3)
      const outcomes = Array.from({ length: 6 }, (_, index) => refused(send(`U${index}`)))
      await pass(1000)
      const late = refused(send('late'))
      expect(await refused(send('later'))).to.equal('queue-full')
      await pass(3000)
      expect(await Promise.all([...outcomes, late])).to.deep.equal(['sent', 'sent', 'sent', 'sent', 'queue-full', 'queue-full', 'sent'])
    })

    it('for what waits for one user', async () => {
      pace({ botSecond: 1, userMinute: 2 })
      const outcomes = Array.from({ length: 5 }, () => refused(send('A')))
      outcomes.push(refused(send('B')))
      await pass(2 * Time.minute)
      expect(await Promise.all(outcomes)).to.deep.equal(['sent', 'sent', 'sent', 'user-minute', 'user-minute', 'sent'])
    })

    it('and forgets users who are done', async () => {
      pace({ botSecond: 50, userMinute: 1 })
      for (let index = 0; index < 200; index++) send(`U${index}`)
      await pass(2 * Time.minute)
      send('last')
      send('last')
      await pass(Time.minute)
      expect((pacer as unknown as { users: Map<string, unknown> }).users.size).to.be.at.most(1)
    })
  })

  describe('can be withdrawn from', () => {
    it('before', async () => {
      pace({ botSecond: 1 })
      expect(await refused(send('A', 0, true, AbortSignal.abort()))).to.equal('aborted')
      send('B')
      await pass(0)
      expect(users()).to.deep.equal(['B'])
    })

    it('while waiting, without the loss of a slot or of the order', async () => {
      pace({ botSecond: 1 }, 3)
      const controller = new AbortController()
      send('A')
      const withdrawn = refused(send('B', 0, true, controller.signal))
      send('C')
      send('D')
      await pass(500)
      controller.abort()
      expect(await withdrawn).to.equal('aborted')
      // its place in the queue is free
      send('E')
      await pass(500)
      expect(users()).to.deep.equal(['A', 'C'])
      await pass(2000)
      expect(users()).to.deep.equal(['A', 'C', 'D', 'E'])
    })

    it('but not any more once the slot is taken', async () => {
      pace({ botSecond: 1 })
      const controller = new AbortController()
      const release: Release = await pacer.acquire('A', controller.signal)
      controller.abort()
      release(true)
      send('B')
      await pass(999)
      expect(sent).to.have.length(0)
      await pass(1)
      expect(users()).to.deep.equal(['B'])
    })

    it('by all at once, which leaves nothing behind', async () => {
      pace({ botSecond: 1 })
      const controller = new AbortController()
      await send('A')
      const outcomes = Array.from({ length: 8 }, (_, index) => refused(send(`U${index}`, 0, true, controller.signal)))
      await pass(100)
      controller.abort()
      expect(new Set(await Promise.all(outcomes))).to.deep.equal(new Set(['aborted']))
      await pass(2000)
      expect(sent).to.have.length(1)
      expect(clock.countTimers()).to.equal(0)
    })
  })

  describe('ends with the plugin', () => {
    it('for those who wait, and leaves no timer', async () => {
      pace({ botSecond: 1, userMinute: 5 })
      const timers = clock.countTimers()
      await send('A')
      const outcomes = ['A', 'A', 'B', 'C'].map(userId => refused(send(userId)))
      await pass(100)
      fork.dispose()
      expect(await Promise.all(outcomes)).to.deep.equal(['aborted', 'aborted', 'aborted', 'aborted'])
      expect(clock.countTimers()).to.equal(timers)
      await pass(Time.minute)
      expect(sent).to.have.length(1)
    })

    it('also when something was under way', async () => {
      pace({ botSecond: 1 })
      const timers = clock.countTimers()
      const release = await pacer.acquire('A')
      const waiting = refused(send('B'))
      fork.dispose()
      expect(await waiting).to.equal('aborted')
      release(true)
      await pass(Time.minute)
      expect(sent).to.have.length(0)
      expect(clock.countTimers()).to.equal(timers)
    })

    it('for those who come too late', async () => {
      pace({ botSecond: 1 })
      fork.dispose()
      expect(await refused(send('A'))).to.equal('aborted')
      expect(await refused(send('A'))).to.equal('aborted')
      expect(clock.countTimers()).to.equal(0)
    })
  })
})
