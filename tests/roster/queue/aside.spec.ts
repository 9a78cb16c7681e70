/** Rule: what was set aside is told of and listed, tried again ever more seldom, and holds nobody up. */
import { expect } from 'chai'
import { clock, database, fork, isPending, log, minute, open, outcomes, push, pushWith, queue, range, useLine } from './line'

const hour = 60 * minute

describe('the line of writes', () => {
  useLine()

  /** Some time, but too little for anything to be tried again. */
  const turn = () => clock.tickAsync(40)
  const close = () => Promise.all([queue.close(), turn()])
  const ids = () => queue.setAside.map(({ id }) => id)

  describe('what cannot be written while others are', () => {
    it('is told of once, by its id and with the words of the database', async () => {
      database.poison.add(2)
      push(1, 2, 3)
      await clock.tickAsync(5 * hour)
      expect(log).to.have.length(1)
      expect(log[0]).to.match(/^error #2 .*2 is too long/)
    })

    it('is listed', async () => {
      const before = Date.now()
      database.poison.add(1)
      push(1)
      await turn()
      const [{ since, ...rest }] = queue.setAside
      expect(rest).to.deep.equal({ id: '#1', error: '1 is too long', tries: 3 })
      expect(since - before).to.be.within(0, 40)
      await clock.tickAsync(minute)
      expect(queue.setAside).to.deep.equal([{ ...rest, tries: 4, since }])
    })

    it('is tried again, ever more seldom, but once an hour at least', async () => {
      database.poison.add(1)
      push(1)
      await turn()
      const start = database.attempts.length
      await clock.tickAsync(12 * hour)
      const times = database.attempts.slice(start - 1).map(({ at }) => at)
      const pauses = times.slice(1).map((time, index) => time - times[index])
      expect(pauses[0]).to.be.within(minute - 40, minute)
      expect(pauses).to.deep.equal([...pauses].sort((a, b) => a - b))
      expect(pauses.at(-1)).to.be.within(hour - minute, hour + minute)
      expect(pauses.length).to.be.within(12, 20)
    })

    it('is written when it can be, and is told of', async () => {
      database.poison.add(1)
      push(1, 2)
      await turn()
      database.poison.clear()
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([2, 1])
      expect(outcomes.get(1)).to.equal('written')
      expect(queue.setAside).to.deep.equal([])
      expect(log.at(-1)).to.match(/^info #1 is written/)
    })

    it('is tried again even where others never cease to wait', async () => {
      database.poison.add(1)
      push(1)
      await turn()
      database.poison.clear()
      database.delay = 10
      let id = 2
      push(id++)
      const busy = setInterval(() => push(id++), 5)
      await clock.tickAsync(minute)
      expect(database.committed).to.not.include(1)
      await clock.tickAsync(minute)
      clearInterval(busy)
      expect(outcomes.get(1)).to.equal('written')
    })

    it('is tried again once in twenty batches at most where others never cease to wait', async () => {
      for (const id of range(1, 10)) database.poison.add(id)
      push(...range(1, 10))
      await turn()
      await clock.tickAsync(minute - 100)
      database.delay = 10
      const begun = database.attempts.length
      let id = 11
      push(id++)
      const busy = setInterval(() => push(id++), 5)
      await clock.tickAsync(2000)
      clearInterval(busy)
      const old = database.batches.slice(begun).flatMap(([id], index) => id <= 10 ? [index] : [])
      expect(old).to.have.length.within(5, 10)
      for (const [place, index] of old.slice(1).entries()) expect(index - old[place]).to.be.at.least(20)
    })

    it('spoils no batch when it is tried again', async () => {
      database.poison.add(1)
      push(1)
      await clock.tickAsync(minute - 41)
      database.delay = 10
      const start = database.attempts.length
      push(2)
      await clock.tickAsync(2)
      push(3, 4)
      await clock.tickAsync(100)
      expect(database.batches.slice(start)).to.deep.equal([[2], [3, 4], [1]])
    })

    it('is tried again when the database was down, which may have been its fault', async () => {
      database.poison.add(1)
      push(1)
      await turn()
      database.poison.clear()
      database.down = true
      push(2)
      await turn()
      database.down = false
      await clock.tickAsync(1000)
      expect(database.committed).to.deep.equal([2, 1])
    })

    it('keeps nobody waiting who waits for all that was pushed before', async () => {
      database.poison.add(1)
      push(1, 2)
      const settled = queue.settled()
      await turn()
      expect(await isPending(settled)).to.equal(false)
      expect(database.committed).to.deep.equal([2])
    })

    it('is given up when too much is set aside, the oldest first', async () => {
      open(2)
      range(1, 3).forEach(id => database.poison.add(id))
      for (const id of range(1, 3)) {
        push(id)
        await turn()
      }
      expect(ids()).to.deep.equal(['#2', '#3'])
      expect([...outcomes]).to.deep.equal([[1, 'given up']])
    })

    it('can be withdrawn, and is not tried again', async () => {
      database.poison.add(1).add(2)
      push(1, 2)
      await turn()
      queue.withdraw(({ id }) => id === 1)
      database.poison.clear()
      await clock.tickAsync(hour)
      expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'written']])
      expect(database.committed).to.deep.equal([2])
    })

    it('ends with the plugin', async () => {
      database.poison.add(1)
      push(1)
      await turn()
      fork.dispose()
      await close()
      expect(outcomes.get(1)).to.equal('given up')
      expect(log.at(-1)).to.match(/^warn 1 writes wait until the plugin is loaded again/)
      expect(clock.countTimers()).to.equal(0)
    })

    it('is not looked for any more once the plugin is unloaded', async () => {
      push(...range(1, 100))
      database.poison.add(50)
      await close()
      expect(database.batches.at(-1)).to.include(50)
      expect(outcomes.size).to.equal(100)
      expect(database.probes).to.equal(0)
      expect(queue.size).to.equal(0)
    })

    it('waits for all that is new when it is tried again', async () => {
      database.poison.add(1).add(2)
      push(1, 2)
      await clock.tickAsync(minute - 41)
      database.delay = 10
      const start = database.attempts.length
      push(...range(3, 400))
      await clock.tickAsync(45)
      pushWith({ priority: 'low' }, 401)
      const settled = queue.settled()
      await clock.tickAsync(35)
      expect(await isPending(settled)).to.equal(false)
      await clock.tickAsync(200)
      expect(database.batches.slice(start).flat().slice(-2)).to.have.members([1, 2])
    })

    it('is not waited for when it is tried again', async () => {
      database.poison.add(1)
      push(1)
      await turn()
      database.delay = 10
      await clock.tickAsync(minute - 35)
      expect(database.attempts.at(-1)!.at).to.be.above(Date.now() - 10)
      expect(await isPending(queue.settled())).to.equal(false)
    })

    it('is tried again with twenty others at most, each in its turn, unless they are written', async () => {
      range(1, 50).forEach(id => database.poison.add(id))
      push(...range(1, 50))
      await clock.tickAsync(minute / 2)
      const tried: number[][] = []
      for (let round = 0; round < 3; round++) {
        const start = database.attempts.length
        await clock.tickAsync(minute)
        tried.push(database.batches.slice(start).flat())
      }
      expect(tried.map(({ length }) => length)).to.deep.equal([20, 20, 20])
      expect(new Set(tried.flat())).to.have.property('size', 50)
      database.poison.clear()
      await clock.tickAsync(4 * minute)
      expect(queue.setAside).to.deep.equal([])
    })

    it('is given up when too much is set aside, what matters least first, which is told of once', async () => {
      open(3)
      range(1, 5).forEach(id => database.poison.add(id))
      for (const id of range(1, 5)) {
        pushWith({ priority: id === 1 ? 'normal' : 'low' }, id)
        await turn()
      }
      expect(ids()).to.deep.equal(['#1', '#4', '#5'])
      expect(log.filter(line => line.includes('least'))).to.have.length(1)
    })

    it('waits like all else, while the database is down, when its time has come', async () => {
      database.poison.add(1)
      push(1)
      await turn()
      database.down = true
      await clock.tickAsync(hour)
      database.down = false
      database.poison.clear()
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1])
    })
  })
})
