/** Rule: writes are committed in the order of arrival, in bounded batches; a task runs alone in its turn, an urgent write goes first. */
import { expect } from 'chai'
import { clock, database, follow, minute, open, outcomes, push, pushTask, pushUrgently, queue, range, useLine } from './line'

describe('the line of writes', () => {
  useLine()

  describe('order', () => {
    it('is that of arrival', async () => {
      for (const id of range(1, 10)) {
        push(id)
        if (id % 3 === 0) await clock.tickAsync(1)
      }
      await clock.tickAsync(1)
      expect(database.committed).to.deep.equal(range(1, 10))
    })

    it('is kept while commits take their time', async () => {
      database.delay = 20
      for (const id of range(1, 10)) {
        push(id)
        await clock.tickAsync(7)
      }
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal(range(1, 10))
    })

    it('is that in which pushes are told that they were written', async () => {
      push(...range(1, 100))
      await clock.tickAsync(1)
      expect([...outcomes.keys()]).to.deep.equal(range(1, 100))
    })
  })

  describe('batches', () => {
    it('hold what arrives in the same tick', async () => {
      push(1, 2, 3)
      await clock.tickAsync(0)
      expect(database.batches).to.deep.equal([[1, 2, 3]])
    })

    it('hold what arrives while another is written', async () => {
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      push(2)
      await clock.tickAsync(1)
      push(3)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [2, 3]])
    })

    it('are bounded', async () => {
      open(100_000)
      push(...range(1, 5000))
      await clock.tickAsync(minute)
      expect(database.batches.flat()).to.deep.equal(range(1, 5000))
      expect(Math.max(...database.batches.map(ids => ids.length))).to.be.at.most(300)
      expect(database.batches.length).to.be.below(500)
    })

    it('become smaller when they keep the event loop to themselves, and larger again', async () => {
      const sizes = async (from: number) => {
        const start = database.attempts.length
        push(...range(from, from + 1199))
        await clock.tickAsync(minute)
        return database.batches.slice(start).map(ids => ids.length)
      }
      expect(Math.max(...await sizes(1))).to.equal(300)
      const { commit } = database
      database.commit = (batch, again) => {
        const start = process.cpuUsage()
        const spent = () => process.cpuUsage(start).user + process.cpuUsage(start).system
        while (spent() < 40_000);
        return commit(batch, again)
      }
      expect((await sizes(1201)).slice(0, 6)).to.deep.equal([300, 150, 75, 37, 18, 16])
      database.commit = commit
      expect((await sizes(2401)).at(-1)).to.be.above(16)
    })

    it('are written one after another', async () => {
      database.delay = 10
      push(...range(1, 100))
      await clock.tickAsync(minute)
      const times = database.attempts.map(({ at }) => at)
      expect(times.length).to.be.above(1)
      for (const [index, time] of times.slice(1).entries()) expect(time - times[index]).to.be.at.least(10)
    })

    it('tell each of their writes when they are written, and not before', async () => {
      database.delay = 10
      push(1, 2)
      await clock.tickAsync(9)
      expect(outcomes.size).to.equal(0)
      await clock.tickAsync(1)
      expect([...outcomes]).to.deep.equal([[1, 'written'], [2, 'written']])
    })
  })

  describe('a task', () => {
    it('runs alone, in its turn', async () => {
      push(1, 2)
      pushTask(3)
      push(4)
      pushTask(5)
      pushTask(6)
      push(7, 8)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1, 2], [3], [4], [5], [6], [7, 8]])
      expect(database.committed).to.deep.equal(range(1, 8))
    })

    it('keeps others waiting while it runs', async () => {
      database.delay = 10
      pushTask(1)
      push(2)
      await clock.tickAsync(11)
      expect(database.batches).to.deep.equal([[1], [2]])
      expect([...outcomes.keys()]).to.deep.equal([1])
    })

    it('keeps its turn when it fails', async () => {
      database.faults = [undefined, 0, 0]
      push(1)
      pushTask(2)
      push(3)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [2], [2], [2], [3]])
      expect(database.committed).to.deep.equal([1, 2, 3])
    })

    it('may push further writes', async () => {
      follow(1, queue.push(async () => push(3)))
      push(2)
      await clock.tickAsync(1)
      expect(database.committed).to.deep.equal([2, 3])
    })
  })

  describe('an urgent write', () => {
    beforeEach(async () => {
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      push(2)
    })

    it('goes before all that waits, and waits for what is being written', async () => {
      pushUrgently(3)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [3], [2]])
    })

    it('may come from somebody who was just told that theirs is written', async () => {
      await clock.tickAsync(9)
      expect(outcomes.get(1)).to.equal('written')
      pushUrgently(3)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [3], [2]])
    })

    it('keeps its turn when it fails', async () => {
      pushUrgently(3)
      database.faults = [undefined, 0]
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [3], [3], [2]])
    })

    it('waits for what was refused, which may be written in part', async () => {
      database.faults = [0]
      await clock.tickAsync(20)
      pushUrgently(3)
      push(4)
      await clock.tickAsync(minute)
      expect(database.batches).to.deep.equal([[1], [1], [3], [2, 4]])
      expect(database.attempts.map(({ again }) => again)).to.deep.equal([false, true, false, false])
    })

    it('goes first when the oldest were given up', async () => {
      open(2)
      database.down = true
      push(1)
      await clock.tickAsync(1)
      push(2, 4)
      pushUrgently(3)
      database.down = false
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([3, 4])
    })
  })
})
