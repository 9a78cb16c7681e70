/** Rule: a write that is not answered while the database takes others holds up nobody but whoever it is about. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { clock, database, fork, isPending, log, minute, open, outcomes, push, pushTask, pushWith, queue, range, useLine } from './line'

const second = 1000
/** Until others go on. */
const patience = 10 * second + 2

describe('the line of writes', () => {
  useLine()

  const ids = () => queue.setAside.map(({ id }) => id)

  /** Locks what is written first, and lets so much time pass that others go on. */
  async function lock(id: number, key?: string) {
    database.locked.add(id)
    pushWith({ key }, id)
    await clock.tickAsync(0)
  }

  describe('what is not answered while others are', () => {
    it('holds them up for ten seconds', async () => {
      await lock(1)
      push(2, 3)
      await clock.tickAsync(10 * second - 1)
      expect(database.committed).to.deep.equal([])
      await clock.tickAsync(2)
      expect(database.committed).to.deep.equal([2, 3])
      push(4)
      await clock.tickAsync(0)
      expect(database.committed).to.deep.equal([2, 3, 4])
      expect(queue.failing).to.equal(false)
    })

    it('is told of, counted and listed until it is written', async () => {
      await lock(1)
      await clock.tickAsync(patience)
      expect(log).to.have.length(2)
      expect(log[1]).to.match(/^warn #1 and 0 more wait for an answer/)
      expect(queue.setAside).to.deep.equal([{ id: '#1', error: '', since: Date.now() - 2, tries: 1 }])
      expect(queue.size).to.equal(1)
      expect(await isPending(queue.settled())).to.equal(false)
      database.unlock()
      await clock.tickAsync(0)
      expect(log[2]).to.equal('info #1 and 0 more are written after all')
      expect([ids(), queue.size, outcomes.get(1)]).to.deep.equal([[], 0, 'written'])
    })

    it('is waited for by what is about the same user, whenever that came, and in order', async () => {
      await lock(1, 'A')
      pushWith({ key: 'A' }, 2)
      pushWith({ key: 'B' }, 3)
      await clock.tickAsync(patience)
      pushWith({ key: 'A' }, 4)
      pushWith({ key: 'B' }, 5)
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([3, 5])
      expect(queue.size).to.equal(3)
      database.unlock()
      await clock.tickAsync(0)
      expect(database.committed).to.deep.equal([3, 5, 1, 2, 4])
    })

    it('is waited for by what was refused together with others', async () => {
      database.faults = [0]
      pushWith({ key: 'A' }, 1)
      pushWith({ key: 'B' }, 2)
      pushWith({ key: 'A' }, 3)
      database.locked.add(1)
      database.locked.add(2)
      database.probe = async () => {}
      await clock.tickAsync(0)
      await clock.tickAsync(patience)
      database.unlock(2)
      await clock.tickAsync(patience)
      expect(database.committed).to.deep.equal([])
      database.unlock(1)
      await clock.tickAsync(second)
      expect(database.committed).to.deep.equal([1, 2, 3])
    })

    it('is waited for by what was refused with it, and is to be tried again after it', async () => {
      database.faults = [0]
      // locked when the three were refused, and are tried again in two parts
      database.probe = async () => {
        if (database.attempts.length === 1) database.locked.add(1)
      }
      pushWith({ key: 'A' }, 1)
      pushWith({ key: 'B' }, 2)
      pushWith({ key: 'A' }, 3)
      await clock.tickAsync(patience)
      expect(database.batches).to.deep.equal([[1, 2, 3], [1, 2]])
      push(4)
      await clock.tickAsync(0)
      expect(database.committed).to.deep.equal([4])
      expect(queue.size).to.equal(3)
      database.unlock()
      await clock.tickAsync(second)
      expect(database.committed).to.deep.equal([4, 1, 2, 3])
    })

    it('is found among others when it is refused at last, and set aside', async () => {
      database.poison.add(2)
      await lock(1)
      await clock.tickAsync(patience)
      database.locked.add(2)
      push(2, 3)
      await clock.tickAsync(patience)
      database.unlock(2)
      await clock.tickAsync(patience)
      expect(database.committed).to.deep.equal([3])
      expect(ids()).to.have.members(['#1', '#2'])
    })

    it('is tried again as what may be written in part when it is refused at last', async () => {
      database.poison.add(2)
      database.locked.add(2)
      push(1, 2)
      await clock.tickAsync(patience)
      database.unlock()
      await clock.tickAsync(second)
      expect(database.committed).to.deep.equal([1])
      expect(database.attempts.map(({ ids, again }) => [ids, again]).slice(0, 3)).to.deep.equal([[[1, 2], false], [[1], true], [[2], true]])
    })

    it('has fewer wait with the next that is not answered', async () => {
      push(...range(1, 48))
      await clock.tickAsync(0)
      await lock(49)
      push(...range(50, 200))
      await clock.tickAsync(patience)
      const sizes = database.batches.map(batch => batch.length)
      expect(Math.max(...sizes.slice(0, 3))).to.be.above(16)
      expect(sizes[sizes.indexOf(1) + 1]).to.equal(16)
    })

    it('is given up when it is refused at last, where somebody waits for it', async () => {
      database.locked.add(1)
      database.poison.add(1)
      pushTask(1)
      push(2)
      await clock.tickAsync(patience)
      expect(database.committed).to.deep.equal([2])
      expect(ids()).to.deep.equal([])
      database.unlock()
      await clock.tickAsync(0)
      expect(outcomes.get(1)).to.be.an('error').with.property('message', '1 is too long')
    })

    it('is tried again where the database went down with it', async () => {
      await lock(1)
      await clock.tickAsync(patience)
      database.down = true
      database.poison.add(1)
      database.unlock()
      await clock.tickAsync(second)
      database.poison.clear()
      database.down = false
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1])
      expect(outcomes.get(1)).to.equal('written')
    })

    it('is no fault of a database that answers nothing', async () => {
      await lock(1)
      database.probe = () => new Promise(() => {})
      push(2)
      await clock.tickAsync(10 * minute)
      expect(database.committed).to.deep.equal([])
      expect(queue.failing).to.equal(true)
      database.unlock()
      await clock.tickAsync(0)
      expect(database.committed).to.deep.equal([1, 2])
    })

    it('is set aside no more while it was tried again', async () => {
      database.poison.add(1)
      push(1)
      await clock.tickAsync(second)
      database.poison.clear()
      database.locked.add(1)
      await clock.tickAsync(minute + patience)
      expect(ids()).to.deep.equal(['#1'])
      await clock.tickAsync(10 * minute)
      expect(database.attempts.filter(({ at }) => at >= Date.now() - 10 * minute)).to.deep.equal([])
      database.unlock()
      await clock.tickAsync(0)
      expect([database.committed, ids()]).to.deep.equal([[1], []])
    })

    it('leaves what waited for it to the next instance when the plugin is unloaded', async () => {
      await lock(1, 'A')
      pushWith({ key: 'A' }, 2)
      await clock.tickAsync(patience)
      const closed = queue.close()
      await clock.tickAsync(0)
      await closed
      expect([...outcomes]).to.deep.equal([[2, 'given up']])
      fork.dispose()
      database.unlock()
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([1])
    })

    it('is no other than written or given up when the plugin is unloaded: whoever waits for it acts on what became of it', async () => {
      database.poison.add(2)
      await lock(1)
      await clock.tickAsync(patience)
      await lock(2)
      await clock.tickAsync(patience)
      const closed = queue.close()
      await clock.tickAsync(0)
      await closed
      fork.dispose()
      await clock.tickAsync(minute)
      expect(outcomes.size).to.equal(0)
      database.unlock()
      await clock.tickAsync(minute)
      expect([...outcomes]).to.deep.equal([[1, 'written'], [2, 'given up']])
    })

    it('is waited for by the next instance, in what is about the same user', async () => {
      await lock(1, 'A')
      await clock.tickAsync(patience)
      const { unanswered } = queue
      const before = database
      await queue.close()
      open()
      queue.inherit(unanswered)
      pushWith({ key: 'A' }, 2)
      pushWith({ key: 'B' }, 3)
      await clock.tickAsync(0)
      expect([database.committed, ids()]).to.deep.equal([[3], ['#1']])
      before.unlock()
      await clock.tickAsync(0)
      expect([before.committed, database.committed, ids()]).to.deep.equal([[1], [3, 2], []])
    })

    it('makes way as soon as the database takes others, if it did not at first', async () => {
      await lock(1)
      const { probe } = database
      database.probe = () => Promise.reject(new Error('connection refused'))
      push(2)
      await clock.tickAsync(patience)
      expect(database.committed).to.deep.equal([])
      database.probe = probe
      await clock.tickAsync(patience)
      expect(database.committed).to.deep.equal([2])
    })

    it('rests as long as before where it was set aside, and is told of once', async () => {
      database.poison.add(1)
      push(1)
      await clock.tickAsync(second)
      database.locked.add(1)
      const since = queue.setAside[0].since
      await clock.tickAsync(minute + patience)
      expect(ids()).to.deep.equal(['#1'])
      database.unlock()
      await clock.tickAsync(0)
      expect(queue.setAside[0].since).to.equal(since)
      expect(log.filter(line => line.startsWith('error'))).to.have.length(1)
      const attempts = database.attempts.length
      await clock.tickAsync(minute)
      expect(database.attempts).to.have.length(attempts)
      await clock.tickAsync(minute)
      expect(database.attempts).to.have.length(attempts + 1)
    })

    it('is waited for by what was set aside of the same user', async () => {
      database.poison.add(1)
      pushWith({ key: 'A' }, 1)
      await clock.tickAsync(second)
      await lock(2, 'A')
      database.poison.clear()
      const attempts = database.attempts.length
      await clock.tickAsync(10 * minute)
      expect(database.attempts).to.have.length(attempts)
      expect(ids()).to.have.members(['#1', '#2'])
      database.unlock()
      await clock.tickAsync(minute)
      expect(database.committed).to.deep.equal([2, 1])
    })

    it('leaves room for others: what waits for it is given up where too many wait', async () => {
      open(5)
      await lock(0, 'A')
      await clock.tickAsync(patience)
      for (const id of [1, 2, 3, 4, 5, 6]) pushWith({ key: 'A' }, id)
      await clock.tickAsync(0)
      expect(queue.size).to.equal(5)
      expect([...outcomes]).to.deep.equal([[1, 'given up'], [2, 'given up']])
      push(7)
      await clock.tickAsync(0)
      expect(outcomes.get(7)).to.equal('written')
      database.unlock()
      await clock.tickAsync(0)
      expect(database.committed).to.deep.equal([7, 0, 4, 5, 6])
    })

    it('takes no more than six of the connections that others need', async () => {
      for (let id = 1; id <= 7; id++) {
        await lock(id)
        await clock.tickAsync(patience)
      }
      push(8)
      await clock.tickAsync(10 * minute)
      expect(database.committed).to.deep.equal([])
      expect(queue.failing).to.equal(true)
      database.unlock(3)
      await clock.tickAsync(patience)
      expect(database.committed).to.deep.equal([3, 8])
    })

    it('holds up nobody for longer than ten seconds each, and all is written once, for each user in order', async () => {
      const write = fc.record({ user: fc.nat(5), locked: fc.nat(9).map(value => value === 0), pause: fc.constantFrom(0, 0, 0, 20, 12 * second) })
      await fc.assert(fc.asyncProperty(fc.array(write, { minLength: 1, maxLength: 40 }), fc.integer({ min: 0, max: 200 * second }), async (writes, held) => {
        open(1000)
        for (const [id, { user, locked, pause }] of writes.entries()) {
          if (locked) database.locked.add(id)
          pushWith({ key: `${user}` }, id)
          if (pause) await clock.tickAsync(pause)
        }
        const stuck = () => writes.filter((_, id) => database.locked.has(id))
        await clock.tickAsync(patience * (stuck().length + 1))
        const users = new Set(stuck().map(({ user }) => user))
        const batches = database.attempts.filter(({ ids }) => ids.some(id => database.locked.has(id))).flatMap(({ ids }) => ids)
        for (const id of batches) users.add(writes[id].user)
        const free = [...writes.keys()].filter(id => !users.has(writes[id].user))
        expect(database.committed).to.include.members(free)
        await clock.tickAsync(held)
        database.unlock()
        await clock.tickAsync(minute)
        expect([...database.committed].sort((a, b) => a - b)).to.deep.equal([...writes.keys()])
        for (let user = 0; user <= 5; user++) {
          const own = [...writes.keys()].filter(id => writes[id].user === user)
          expect(database.committed.filter(id => own.includes(id))).to.deep.equal(own)
        }
        expect([queue.size, ids()]).to.deep.equal([0, []])
      }), { numRuns: 100 })
    })
  })
})
