/** Rule: whatever fails, whenever, the line of writes commits what was pushed, in that order, or gives it up and says so. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { clock, database, minute, open, outcomes, push, pushTask, queue, range, useLine } from './line'

describe('the line of writes', () => {
  useLine()

  describe('whatever fails, whenever', () => {
    type Step = ['push', count: number] | ['task'] | ['wait', time: number]

    const step: fc.Arbitrary<Step> = fc.oneof(
      fc.tuple(fc.constant('push' as const), fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 60 }))),
      fc.constant<Step>(['task']),
      fc.tuple(fc.constant('wait' as const), fc.constantFrom(0, 1, 10, 50, 300, 2000)),
    )
    const scenario = fc.record({
      steps: fc.array(step, { minLength: 1, maxLength: 16 }),
      // undefined: this attempt succeeds
      faults: fc.array(fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 20 })), { maxLength: 12 }),
      delay: fc.constantFrom(0, 3, 40),
    })

    async function run({ steps, faults, delay }: typeof scenario extends fc.Arbitrary<infer T> ? T : never, limit: number) {
      open(limit)
      Object.assign(database, { faults: [...faults], delay })
      let id = 0
      for (const [action, value = 0] of steps) {
        if (action === 'wait') await clock.tickAsync(value)
        else if (action === 'task') pushTask(++id)
        else push(...range(id + 1, id += value))
      }
      await clock.tickAsync(10 * minute)
      return range(1, id)
    }

    it('what is committed is what was pushed, in that order', async () => {
      await fc.assert(fc.asyncProperty(scenario, async (scenario) => {
        const pushed = await run(scenario, 100_000)
        expect(database.committed).to.deep.equal(pushed)
        expect([...outcomes]).to.deep.equal(pushed.map(id => [id, 'written']))
        expect(queue.size).to.equal(0)
      }), { numRuns: 100 })
    })

    it('what is not committed was given up, and said so', async () => {
      await fc.assert(fc.asyncProperty(scenario, fc.oneof(fc.integer({ min: 1, max: 4 }), fc.integer({ min: 1, max: 40 })), async (scenario, limit) => {
        const pushed = await run(scenario, limit)
        expect([...outcomes.keys()].sort((a, b) => a - b)).to.deep.equal(pushed)
        const written = pushed.filter(id => outcomes.get(id) === 'written')
        // part of a batch that was given up may have been written before
        expect(database.committed.filter(id => outcomes.get(id) === 'written')).to.deep.equal(written)
        expect(queue.size).to.equal(0)
      }), { numRuns: 100 })
    })
  })
})
