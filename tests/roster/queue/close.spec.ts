/** Rule: when the plugin is unloaded, the line writes what waits, or gives it up after one attempt and says how much that is. */
import { expect } from 'chai'
import { clock, database, isPending, log, minute, open, outcomes, push, pushTask, queue, range, useLine, written } from './line'

describe('the line of writes', () => {
  useLine()

  describe('closing', () => {
    it('takes no time when nothing waits', async () => {
      expect(await isPending(queue.close())).to.equal(false)
      expect(log).to.deep.equal([])
    })

    it('writes what waits', async () => {
      database.delay = 10
      push(...range(1, 100))
      pushTask(101)
      push(102)
      const closed = queue.close()
      await clock.tickAsync(minute)
      await closed
      expect(database.committed).to.deep.equal(range(1, 102))
      expect([...outcomes.values()].every(outcome => outcome === 'written')).to.equal(true)
      expect(log).to.deep.equal([])
    })

    it('waits for what is being written, and writes it once', async () => {
      database.delay = 10
      push(1)
      await clock.tickAsync(5)
      const closed = queue.close()
      expect(await isPending(closed)).to.equal(true)
      await clock.tickAsync(5)
      expect(await isPending(closed)).to.equal(false)
      expect(database.batches).to.deep.equal([[1]])
    })

    it('takes no more', async () => {
      const closed = queue.close()
      push(1)
      await closed
      push(2)
      pushTask(3)
      await clock.tickAsync(minute)
      expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'given up'], [3, 'given up']])
      expect(database.attempts).to.deep.equal([])
    })

    it('can be done twice', async () => {
      push(1)
      await Promise.all([queue.close(), queue.close()])
      await queue.close()
      expect(database.batches).to.deep.equal([[1]])
      expect(outcomes.get(1)).to.equal('written')
    })

    it('does not lose what arrived just when the line has run empty', async () => {
      for (const ticks of range(0, 8)) {
        open()
        await written(1)
        database.delay = 10
        for (let tick = 0; tick < ticks; tick++) await Promise.resolve()
        push(2)
        const closed = queue.close()
        await clock.tickAsync(minute)
        await closed
        expect(database.committed, `${ticks} ticks`).to.deep.equal([1, 2])
        expect(outcomes.get(2), `${ticks} ticks`).to.equal('written')
      }
    })

    describe('while the database is down', () => {
      beforeEach(async () => {
        database.down = true
        push(1, 2)
        await clock.tickAsync(1)
        push(3)
      })

      it('tries once, then gives up', async () => {
        const attempts = database.attempts.length
        await queue.close()
        await clock.tickAsync(10 * minute)
        expect(database.attempts).to.have.length(attempts + 1)
        expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'given up'], [3, 'given up']])
        expect(queue.size).to.equal(0)
      })

      it('says how much waits for the next time', async () => {
        await queue.close()
        expect(log.at(-1)).to.match(/^warn 3 writes wait/)
      })

      it('does not try again when an attempt was under way', async () => {
        database.delay = 10
        await clock.tickAsync(200)
        const attempts = database.attempts.length
        const closed = queue.close()
        await clock.tickAsync(10)
        expect(await isPending(closed)).to.equal(false)
        await clock.tickAsync(10 * minute)
        expect(database.attempts).to.have.length(attempts)
        expect(outcomes.size).to.equal(3)
      })

      it('writes all if it is back', async () => {
        database.down = false
        await queue.close()
        expect(database.committed).to.deep.equal([1, 2, 3])
        expect([...outcomes.values()]).to.deep.equal(['written', 'written', 'written'])
      })

      it('writes what it can if it is back for a moment', async () => {
        pushTask(4)
        database.down = false
        database.faults = [undefined, 0]
        const attempts = database.attempts.length
        const closed = queue.close()
        await clock.tickAsync(10 * minute)
        await closed
        expect(database.committed).to.deep.equal([1, 2, 3])
        expect(outcomes.get(3)).to.equal('written')
        expect(outcomes.get(4)).to.equal('given up')
        expect(database.attempts).to.have.length(attempts + 2)
      })
    })

    it('gives up at the first failure', async () => {
      database.down = true
      database.delay = 10
      push(1)
      await clock.tickAsync(1)
      const closed = queue.close()
      await clock.tickAsync(10 * minute)
      await closed
      expect(database.batches).to.deep.equal([[1]])
      expect(outcomes.get(1)).to.equal('given up')
    })
  })
})
