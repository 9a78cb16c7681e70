/** Rule: while the database is down, writes wait in order and are tried ever more slowly; beyond the limit the oldest are dropped. */
import { expect } from 'chai'
import { clock, database, fork, log, minute, open, outcomes, push, pushTask, queue, range, useLine } from './line'

describe('the line of writes', () => {
  useLine()

  describe('while the database is down', () => {
    beforeEach(async () => {
      database.down = true
      push(1, 2)
      await clock.tickAsync(0)
    })

    it('everything waits', async () => {
      await clock.tickAsync(minute)
      push(3)
      await clock.tickAsync(minute)
      expect(queue.size).to.equal(3)
      expect(queue.failing).to.equal(true)
      expect(outcomes.size).to.equal(0)
      expect(database.committed).to.deep.equal([])
    })

    it('everything keeps its place', async () => {
      await clock.tickAsync(minute)
      push(3)
      pushTask(4)
      push(5)
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1, 2, 3, 4, 5])
      expect([...outcomes]).to.deep.equal(range(1, 5).map(id => [id, 'written']))
      expect(queue.size).to.equal(0)
      expect(queue.failing).to.equal(false)
    })

    it('it is tried again, ever more slowly, but never less than every five seconds', async () => {
      await clock.tickAsync(minute)
      const times = database.attempts.map(({ at }) => at)
      const pauses = times.slice(1).map((time, index) => time - times[index])
      expect(pauses.length).to.be.above(10)
      expect(pauses).to.deep.equal([...pauses].sort((a, b) => a - b))
      expect(pauses[0]).to.be.within(50, 1000)
      expect(pauses.at(-1)).to.equal(5000)
    })

    it('new writes do not try it more often', async () => {
      const attempts = database.attempts.length
      for (const id of range(3, 12)) {
        push(id)
        await clock.tickAsync(1)
      }
      expect(database.attempts).to.have.length(attempts)
    })

    it('there is one warning', async () => {
      push(3)
      await clock.tickAsync(10 * minute)
      expect(log).to.have.length(1)
      expect(log[0]).to.match(/^warn .*2 wait.*connection refused/)
    })

    it('there is one line when it is back', async () => {
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      push(3)
      await clock.tickAsync(minute)
      expect(log).to.have.length(2)
      expect(log[1]).to.match(/^info .*again/)
    })

    it('there is a warning and a line for each time', async () => {
      database.down = false
      await clock.tickAsync(minute)
      database.down = true
      push(3)
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      expect(log.map(line => line.split(' ')[0])).to.deep.equal(['warn', 'info', 'warn', 'info'])
    })

    it('the next time begins with short pauses', async () => {
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      database.down = true
      push(3)
      await clock.tickAsync(1000)
      const tried = database.attempts.filter(({ ids }) => ids.includes(3))
      expect(tried.length).to.be.above(1)
    })

    it('a commit is told that it is tried again, and only then', async () => {
      await clock.tickAsync(minute)
      database.down = false
      await clock.tickAsync(minute)
      push(3)
      await clock.tickAsync(1)
      const flags = database.attempts.map(({ again }) => again)
      expect(flags[0]).to.equal(false)
      expect(flags.slice(1, -1)).to.satisfy((flags: boolean[]) => flags.length > 0 && flags.every(again => again))
      expect(flags.at(-1)).to.equal(false)
    })

    it('nothing is written twice that was written in part', async () => {
      database.down = false
      database.faults = [1, 2, 0]
      push(3)
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1, 2, 3])
    })

    it('nothing goes on after the plugin was unloaded', async () => {
      fork.dispose()
      await queue.close()
      const attempts = database.attempts.length
      await clock.tickAsync(10 * minute)
      expect(database.attempts).to.have.length(attempts)
      expect(clock.countTimers()).to.equal(0)
    })
  })

  describe('the limit', () => {
    it('drops the oldest', async () => {
      open(3)
      database.down = true
      push(1, 2, 3)
      await clock.tickAsync(0)
      push(4, 5)
      await clock.tickAsync(0)
      expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'given up']])
      expect(queue.size).to.equal(3)
      database.down = false
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([3, 4, 5])
    })

    it('drops the oldest that is not being written', async () => {
      open(3)
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      push(2, 3, 4)
      await clock.tickAsync(1)
      expect([...outcomes]).to.deep.equal([[2, 'given up']])
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1, 3, 4])
      expect([...outcomes]).to.deep.equal([[2, 'given up'], [1, 'written'], [3, 'written'], [4, 'written']])
    })

    it('drops nothing that is being written, and loses nothing, even if that is all there is', async () => {
      open(2)
      database.delay = 10
      push(1, 2)
      await clock.tickAsync(1)
      push(3)
      await clock.tickAsync(minute)
      expect(outcomes.get(1)).to.equal('written')
      expect(outcomes.get(2)).to.equal('written')
      expect(outcomes.get(3)).to.equal(database.committed.includes(3) ? 'written' : 'given up')
    })

    it('is told of once, and how many there were when the database is back', async () => {
      open(3)
      database.down = true
      push(...range(1, 13))
      await clock.tickAsync(minute)
      expect(log.filter(line => line.startsWith('error'))).to.have.length(1)
      expect(log.filter(line => line.startsWith('error'))[0]).to.match(/3 writes wait/)
      database.down = false
      await clock.tickAsync(minute)
      expect(log.at(-1)).to.match(/^info .*10 were given up/)
    })

    it('is told of, and counted, anew the next time', async () => {
      open(3)
      for (const id of [0, 10]) {
        database.down = true
        push(...range(id + 1, id + 5))
        await clock.tickAsync(minute)
        database.down = false
        await clock.tickAsync(minute)
      }
      expect(log.filter(line => line.startsWith('error'))).to.have.length(2)
      expect(log.at(-1)).to.match(/^info .*2 were given up/)
    })

    it('drops tasks as well', async () => {
      open(2)
      database.down = true
      pushTask(1)
      push(2, 3)
      await clock.tickAsync(0)
      expect([...outcomes]).to.deep.equal([[1, 'given up']])
    })
  })
})
