/** Rule: whatever cannot be written, exactly that is set aside; all else is written once, in order. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Priority } from '../../../src/roster/lanes'
import { clock, database, minute, open, outcomes, pushTask, pushWith, queue, useLine } from './line'

describe('the line of writes', () => {
  useLine()

  describe('whatever cannot be written, and whenever the database is down', () => {
    interface Write {
      priority: Priority
      task: boolean
      poison: boolean
      /** How long nothing follows, in ms. */
      pause: number
    }

    const write: fc.Arbitrary<Write> = fc.record({
      priority: fc.constantFrom<Priority>('normal', 'low'),
      task: fc.nat(9).map(value => value === 0),
      poison: fc.nat(5).map(value => value === 0),
      pause: fc.oneof({ weight: 8, arbitrary: fc.constant(0) }, { weight: 1, arbitrary: fc.constantFrom(1, 20, 400) }),
    })
    const scenario = fc.record({
      writes: fc.array(write, { minLength: 1, maxLength: 120 }),
      // how long it is up, and then down, in ms
      outages: fc.array(fc.tuple(fc.integer({ min: 100, max: 3000 }), fc.integer({ min: 100, max: 8000 })), { maxLength: 3 }),
      delay: fc.constantFrom(0, 3),
    })

    it('exactly that is set aside or given up, and everything else is written once, in order', async () => {
      await fc.assert(fc.asyncProperty(scenario, async ({ writes, outages, delay }) => {
        open(100_000)
        Object.assign(database, { delay })
        let at = 0
        for (const [up, down] of outages) {
          setTimeout(() => { database.down = true }, at += up)
          setTimeout(() => { database.down = false }, at += down)
        }
        const early: string[] = []
        for (const [id, { priority, task, poison, pause }] of writes.entries()) {
          if (poison) database.poison.add(id)
          if (task) pushTask(id)
          else pushWith({ priority }, id)
          if (pause) await clock.tickAsync(pause)
          early.push(...queue.setAside.map(({ id }) => id))
        }
        await clock.tickAsync(at + 2.5 * minute)

        const by = (matches: (write: Write) => boolean) => [...writes.keys()].filter(id => matches(writes[id]))
        const names = (ids: number[]) => ids.map(id => `#${id}`).sort()
        const lost = names(by(({ poison, task }) => poison && !task))
        expect(queue.setAside.map(({ id }) => id).sort()).to.deep.equal(lost)
        expect(lost).to.include.members(early)
        expect([...outcomes].filter(([, outcome]) => outcome !== 'written').map(([id]) => id).sort())
          .to.deep.equal(by(({ poison, task }) => poison && task).sort())
        expect([...database.committed].sort((a, b) => a - b)).to.deep.equal(by(({ poison }) => !poison))
        for (const priority of ['normal', 'low']) {
          const lane = by(write => !write.poison && (write.task ? 'normal' : write.priority) === priority)
          expect(database.committed.filter(id => lane.includes(id)), priority).to.deep.equal(lane)
        }
        expect(queue.size).to.equal(0)
        expect(queue.failing).to.equal(false)
      }), { numRuns: 300 })
    })
  })
})
