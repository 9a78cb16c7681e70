/** Rule: who waits until all is settled waits for what was pushed before, for nothing later, and not while the database is down. */
import { expect } from 'chai'
import { clock, database, isPending, log, minute, open, outcomes, push, queue, range, useLine, written } from './line'

describe('the line of writes', () => {
  useLine()

  describe('waiting until all is settled', () => {
    it('takes no time when nothing waits', async () => {
      expect(await isPending(queue.settled())).to.equal(false)
    })

    it('takes until everything before is written', async () => {
      database.delay = 10
      push(...range(1, 100))
      expect(await untilSettled()).to.deep.equal(range(1, 100))
    })

    it('does not take until everything after is written', async () => {
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      const settled = queue.settled()
      push(2)
      await clock.tickAsync(9)
      expect(await isPending(settled)).to.equal(false)
      expect(database.committed).to.deep.equal([1])
    })

    it('takes no time while the database is down', async () => {
      database.down = true
      push(1)
      await clock.tickAsync(0)
      expect(await isPending(queue.settled())).to.equal(false)
    })

    it('ends when the database turns out to be down', async () => {
      database.down = true
      database.delay = 10
      push(1)
      const settled = queue.settled()
      expect(await isPending(settled)).to.equal(true)
      await clock.tickAsync(10)
      expect(await isPending(settled)).to.equal(false)
    })

    it('ends well when what it waits for is given up', async () => {
      open(2)
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      push(2)
      const settled = queue.settled().then(() => 'well', () => 'badly')
      push(3, 4)
      await clock.tickAsync(minute)
      expect(outcomes.get(2)).to.equal('given up')
      expect(await settled).to.equal('well')
    })

    it('ends when the database has not answered for ten seconds, which is told of once', async () => {
      database.delay = 5 * minute
      database.probe = () => new Promise(() => {})
      push(1, 2)
      const settled = queue.settled()
      await clock.tickAsync(9_999)
      expect(await isPending(settled)).to.equal(true)
      expect(queue.failing).to.equal(false)
      await clock.tickAsync(1)
      expect(await isPending(settled)).to.equal(false)
      expect(await isPending(queue.settled())).to.equal(false)
      expect(queue.failing).to.equal(true)
      await clock.tickAsync(5 * minute)
      expect(queue.failing).to.equal(false)
      expect(database.committed).to.deep.equal([1, 2])
      expect(log).to.have.length(1)
      expect(log[0]).to.match(/^warn a write has not been answered for 10 s/)
    })

    it('takes until a write is written that arrives just when the line has run empty', async () => {
      for (const ticks of range(0, 8)) {
        open()
        await written(1)
        database.delay = 10
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
        push(2)
        expect(await untilSettled(), `${ticks} ticks`).to.deep.equal([1, 2])
      }
    })

    /** What is committed at that moment. */
    async function untilSettled() {
      const settled = queue.settled().then(() => [...database.committed])
      await clock.tickAsync(minute)
      return settled
    }
  })
})
