/** Rule: what happened recently is remembered from the last time on, until its time is over or too much is newer. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { RecentMap } from '../../src/shared/recent-map'
import { Clock, freeze } from '../clock'

describe('what happened recently', () => {
  let clock: Clock

  beforeEach(() => { clock = freeze(Date.UTC(2026, 0, 1)) })

  afterEach(() => clock.uninstall())

  it('is remembered', () => {
    const recent = new RecentMap<number>(2)
    recent.set('a', 1)
    expect(recent.get('a')).to.equal(1)
    expect(recent.get('b')).to.equal(undefined)
  })

  it('is forgotten when told so', () => {
    const recent = new RecentMap<number>(2)
    recent.set('a', 1)
    recent.delete('a')
    recent.delete('b')
    expect(recent.get('a')).to.equal(undefined)
  })

  it('is forgotten after some time', () => {
    const recent = new RecentMap<number>(2, 1000)
    recent.set('a', 1)
    clock.tick(999)
    expect(recent.get('a')).to.equal(1)
    clock.tick(1)
    expect(recent.get('a')).to.equal(undefined)
  })

  it('is remembered for ever unless told otherwise', () => {
    const recent = new RecentMap<number>(2)
    recent.set('a', 1)
    clock.tick(1e12)
    expect(recent.get('a')).to.equal(1)
  })

  it('is remembered from the last time on', () => {
    const recent = new RecentMap<number>(2, 1000)
    recent.set('a', 1)
    clock.tick(900)
    recent.set('a', 2)
    clock.tick(900)
    expect(recent.get('a')).to.equal(2)
  })

  it('is not remembered for longer because somebody asked', () => {
    const recent = new RecentMap<number>(2, 1000)
    recent.set('a', 1)
    clock.tick(900)
    recent.get('a')
    clock.tick(100)
    expect(recent.get('a')).to.equal(undefined)
  })

  it('gives way to what is newer', () => {
    const recent = new RecentMap<number>(2)
    recent.set('a', 1)
    recent.set('b', 2)
    recent.set('a', 3)
    recent.set('c', 4)
    expect(['a', 'b', 'c'].map(key => recent.get(key))).to.deep.equal([3, undefined, 4])
  })

  it('is what was set last, among the newest, within its time', () => {
    const step = fc.oneof(
      fc.tuple(fc.constant('set' as const), fc.constantFrom('a', 'b', 'c', 'd', '__proto__')),
      fc.tuple(fc.constant('delete' as const), fc.constantFrom('a', 'b', 'c', 'd', '__proto__')),
      fc.tuple(fc.constant('pass' as const), fc.constant('')),
    )
    fc.assert(fc.property(fc.integer({ min: 1, max: 4 }), fc.array(step, { maxLength: 30 }), (size, steps) => {
      const recent = new RecentMap<number>(size, 1000)
      let model: { key: string; value: number; at: number }[] = []
      for (const [value, [action, key]] of steps.entries()) {
        if (action === 'pass') {
          clock.tick(400)
          continue
        }
        model = model.filter(entry => entry.key !== key)
        if (action === 'delete') {
          recent.delete(key)
        } else {
          recent.set(key, value)
          model = [...model, { key, value, at: Date.now() }].slice(-size)
        }
      }
      for (const key of ['a', 'b', 'c', 'd', '__proto__']) {
        const entry = model.find(entry => entry.key === key && Date.now() - entry.at < 1000)
        expect(recent.get(key)).to.equal(entry?.value)
      }
    }), { numRuns: 500 })
  })
})
