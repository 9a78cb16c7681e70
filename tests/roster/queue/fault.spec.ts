/** Rule: what is at fault is found among what is written together, with few attempts; none is while the database is down. */
import { expect } from 'chai'
import { clock, database, log, minute, open, outcomes, push, pushTask, pushUrgently, pushWith, queue, range, useLine } from './line'

const hour = 60 * minute

describe('the line of writes', () => {
  useLine()

  /** Some time, but too little for anything to be tried again. */
  const turn = () => clock.tickAsync(40)
  const ids = () => queue.setAside.map(({ id }) => id)

  describe('what cannot be written while others are', () => {
    it('is set aside, and the rest is written in order', async () => {
      database.poison.add(7)
      push(...range(1, 40))
      await turn()
      expect(database.committed).to.deep.equal(range(1, 40).filter(id => id !== 7))
      expect(ids()).to.deep.equal(['#7'])
      expect(queue.size).to.equal(0)
      expect(queue.failing).to.equal(false)
      expect(outcomes.has(7)).to.equal(false)
    })

    it('is so alone, when nothing else waits', async () => {
      database.poison.add(1)
      push(1)
      await turn()
      expect(ids()).to.deep.equal(['#1'])
      expect(queue.failing).to.equal(false)
    })

    it('is so when nothing that waits can be written', async () => {
      range(1, 50).forEach(id => database.poison.add(id))
      push(...range(1, 50))
      await clock.tickAsync(1000)
      expect(ids()).to.deep.equal(range(1, 50).map(id => `#${id}`))
      push(51)
      await turn()
      expect(database.committed).to.deep.equal([51])
    })

    it('was tried a few times by itself', async () => {
      database.poison.add(2)
      push(1, 2, 3)
      await turn()
      expect(database.batches.filter(batch => batch.length === 1 && batch[0] === 2)).to.have.length(3)
    })

    it('was tried once, where the one before had the same fault', async () => {
      database.complaint = () => 'too long'
      range(2, 40).forEach(id => database.poison.add(id))
      push(...range(1, 41))
      await clock.tickAsync(1000)
      expect(database.committed).to.deep.equal([1, 41])
      const alone = (id: number) => database.batches.filter(batch => batch.length === 1 && batch[0] === id).length
      expect(range(2, 40).map(alone)).to.deep.equal([3, ...Array.from({ length: 38 }, () => 1)])
      // later ones may have it for a passing reason
      push(42)
      await turn()
      database.poison.add(50)
      push(50)
      await turn()
      expect(alone(50)).to.equal(3)
    })

    it('is found with few attempts', async () => {
      open(1000)
      // batches have grown by then
      push(...range(1, 300))
      await turn()
      const before = database.attempts.length
      database.poison.add(350)
      push(...range(301, 400))
      await turn()
      expect(database.committed).to.have.length(399)
      expect(database.attempts.length - before).to.be.at.most(2 * Math.ceil(Math.log2(100)) + 4)
    })

    it('is found in as many waits as it takes steps where another session has a lock on it', async () => {
      push(...range(1, 300))
      await turn()
      const begun = Date.now()
      database.patience = 2000
      database.poison.add(350)
      pushTask(700)
      database.poison.add(700)
      push(...range(301, 600))
      await clock.tickAsync(12_000 + 40)
      expect(database.committed).to.have.length(599)
      expect(ids()).to.deep.equal(['#350'])
      expect(outcomes.get(700)).to.be.an('error')
      const waits = database.attempts.filter(({ ids, at }) => at >= begun && ids.some(id => database.poison.has(id)))
      // the batch, one of its parts, the row itself twice; and the task twice
      expect(waits).to.have.length(6)
    })

    it('is tried once more where that took long, as what was under way when a server was started again', async () => {
      database.patience = 2000
      database.poison.add(1)
      push(1)
      pushTask(2)
      await clock.tickAsync(1000)
      database.poison.clear()
      database.poison.add(2)
      await clock.tickAsync(2000)
      database.poison.clear()
      await clock.tickAsync(2000)
      expect([...outcomes]).to.deep.equal([[1, 'written'], [2, 'written']])
      expect(ids()).to.deep.equal([])
    })

    it('may be there in part, which its halves are told', async () => {
      database.poison.add(3)
      push(1, 2, 3, 4)
      await turn()
      expect(database.attempts.map(({ ids, again }) => [ids, again])).to.deep.equal([
        [[1, 2, 3, 4], false], [[1, 2], true], [[3, 4], true], [[3], true], [[3], true], [[3], true], [[4], true],
      ])
    })

    it('is found without a question where a part was written a moment before', async () => {
      database.poison.add(3)
      database.delay = 150
      push(1, 2, 3, 4)
      await clock.tickAsync(150)
      expect(database.probes).to.equal(1)
      await clock.tickAsync(310)
      expect(database.batches).to.deep.equal([[1, 2, 3, 4], [1, 2], [3, 4], [3]])
      expect(database.probes).to.equal(1)
    })

    it('is found with few questions whether the database takes writes', async () => {
      database.poison = new Set(range(1, 15))
      push(...range(1, 16))
      await clock.tickAsync(100)
      expect(database.committed).to.deep.equal([16])
      // after the first batch, and before each is set aside
      expect(database.probes).to.equal(1 + 15)
    })
  })

  describe('a task that cannot be carried out while others are', () => {
    it('is given up after a few tries, with what the database says', async () => {
      database.poison.add(2)
      push(1)
      pushTask(2)
      push(3)
      await turn()
      expect(database.batches).to.deep.equal([[1], [2], [2], [2], [3]])
      expect(outcomes.get(2)).to.be.an('error').with.property('message', '2 is too long')
      expect(queue.setAside).to.deep.equal([])
      expect(log).to.deep.equal([])
    })

    it('is so when it is urgent', async () => {
      database.poison.add(1)
      pushUrgently(1)
      push(2)
      await turn()
      expect(outcomes.get(1)).to.be.an('error')
      expect(outcomes.get(2)).to.equal('written')
    })

    it('does not come to its own error while the database is down', async () => {
      database.poison.add(1)
      database.down = true
      pushTask(1)
      await clock.tickAsync(hour)
      expect(outcomes.size).to.equal(0)
      database.down = false
      await clock.tickAsync(minute)
      expect(outcomes.get(1)).to.be.an('error').with.property('message', '1 is too long')
    })
  })

  it('a write that somebody waits for is given up, with what the database says, and the rest of its batch is written', async () => {
    database.poison.add(2)
    pushWith({ awaited: true }, 1, 2, 3)
    await turn()
    expect(database.committed).to.deep.equal([1, 3])
    expect(outcomes.get(2)).to.be.an('error').with.property('message', '2 is too long')
    expect(queue.setAside).to.deep.equal([])
  })

  describe('while the database is down', () => {
    it('nothing is set aside', async () => {
      database.poison.add(2)
      database.down = true
      push(1, 2, 3)
      await clock.tickAsync(hour)
      expect(queue.setAside).to.deep.equal([])
      expect(queue.size).to.equal(3)
      expect(queue.failing).to.equal(true)
    })

    it('nothing is, though it went down while what is at fault was looked for', async () => {
      for (const attempts of range(1, 12)) {
        open()
        log.length = 0
        database.delay = 10
        database.poison.add(3)
        push(...range(1, 8))
        await clock.tickAsync(10 * attempts - 5)
        const { length } = queue.setAside
        database.down = true
        await clock.tickAsync(minute)
        expect(queue.setAside, `after ${attempts} attempts`).to.have.length(length)
        database.down = false
        await clock.tickAsync(minute)
        expect(ids(), `after ${attempts} attempts`).to.deep.equal(['#3'])
        expect([...database.committed].sort(), `after ${attempts} attempts`).to.deep.equal([1, 2, 4, 5, 6, 7, 8])
        expect(log.filter(line => line.startsWith('error')), `after ${attempts} attempts`).to.have.length(1)
      }
    })
  })

  it('nothing asks whether the database takes writes while it does', async () => {
    push(...range(1, 100))
    await clock.tickAsync(minute)
    expect(database.probes).to.equal(0)
  })
})
