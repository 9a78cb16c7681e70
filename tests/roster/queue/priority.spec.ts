/** Rule: what users did goes before what was only concluded, and what they wait for before both. */
import { expect } from 'chai'
import { clock, database, follow, isPending, minute, open, outcomes, push, pushTask, pushUrgently, pushWith, queue, range, useLine } from './line'

describe('the line of writes', () => {
  useLine()

  const low = (...ids: number[]) => pushWith({ priority: 'low' }, ...ids)

  /** Keeps the line busy, so that what is pushed next waits together. */
  async function busy() {
    database.delay = 10
    push(0)
    await clock.tickAsync(1)
  }

  describe('priorities', () => {
    it('go before one another, and share a batch', async () => {
      await busy()
      low(5, 6)
      push(3, 4)
      pushUrgently(1)
      pushUrgently(2)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[0], [1], [2], [3, 4, 5, 6]])
    })

    it('keep their own order', async () => {
      await busy()
      for (const id of range(1, 300)) {
        if (id % 3) push(id)
        else low(id)
      }
      await clock.tickAsync(minute)
      expect(database.committed.slice(1)).to.deep.equal([
        ...range(1, 300).filter(id => id % 3),
        ...range(1, 300).filter(id => !(id % 3)),
      ])
    })

    it('do not make a task share a batch, nor go before what is of its own', async () => {
      await busy()
      low(4)
      push(1)
      pushTask(2)
      push(3)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[0], [1], [2], [3, 4]])
    })

    it('let what users did wait for one batch at most, however much was concluded', async () => {
      open(100_000)
      database.delay = 1
      low(...range(1, 10_000))
      await clock.tickAsync(20)
      const before = database.committed.length
      expect(before).to.be.within(1, 9000)
      push(0)
      await clock.tickAsync(3)
      expect(outcomes.get(0)).to.equal('written')
      expect(database.committed.indexOf(0) - before).to.be.at.most(300)
    })

    it('give up what matters least when too much waits, the oldest first', async () => {
      open(4)
      database.down = true
      push(1)
      await clock.tickAsync(0)
      low(2, 3)
      push(4)
      push(5, 6)
      await clock.tickAsync(0)
      expect([...outcomes]).to.deep.equal([[2, 'given up'], [3, 'given up']])
      push(7)
      await clock.tickAsync(0)
      expect(outcomes.get(1)).to.equal('given up')
      database.down = false
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([4, 5, 6, 7])
    })
  })

  describe('what is about the same user', () => {
    it('is written in the order of its arrival', async () => {
      await busy()
      pushWith({ priority: 'low', key: 'A' }, 4)
      pushWith({ priority: 'low', key: 'B' }, 1, 2)
      pushWith({ priority: 'low', key: 'C' }, 5)
      pushWith({ key: 'B' }, 3)
      pushWith({ priority: 'low', key: 'B' }, 6)
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal(range(0, 6))
    })

    it('is so whatever task comes', async () => {
      await busy()
      pushWith({ priority: 'low' }, 3)
      pushWith({ priority: 'low', key: 'B' }, 1)
      follow(2, queue.push(database.task(2), { key: 'B' }))
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal(range(0, 3))
    })
  })

  it('who waits for all that was pushed before waits for what was only concluded as well, and for nothing later', async () => {
    await busy()
    low(1)
    const settled = queue.settled()
    push(2)
    pushTask(3)
    await clock.tickAsync(22)
    expect(database.committed).to.deep.equal([0, 2])
    expect(await isPending(settled)).to.equal(true)
    await clock.tickAsync(20)
    expect(database.committed).to.deep.equal([0, 2, 3, 1])
    expect(await isPending(settled)).to.equal(false)
  })
})
