/** Rule: a user whom the bot may not write to rests for an hour; three in a row suspend the bot for an hour or until it is back. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Time } from 'koishi'
import { createPermissionState, PermissionWatch } from '../../src/push/permission-watch'
import { Clock, date } from '../clock'

const now = Date.UTC(2026, 0, 1)

describe('a permission that is missing', () => {
  let clock: Clock
  let watch: PermissionWatch

  beforeEach(() => {
    clock = date(now)
    watch = new PermissionWatch()
  })

  afterEach(() => clock.uninstall())

  const refuse = (...users: string[]) => users.map(userId => watch.refused('1', userId))
  const blocked = (...users: string[]) => users.filter(userId => watch.isBlocked('1', userId))

  describe('is the user\'s at first', () => {
    it('for an hour', () => {
      expect(refuse('A')).to.deep.equal([false])
      expect(blocked('A', 'B')).to.deep.equal(['A'])
      expect(watch.isBlocked('2', 'A')).to.equal(false)
      expect(watch.suspendedUntil('1')).to.equal(undefined)
      clock.setSystemTime(now + Time.hour - 1)
      expect(blocked('A')).to.deep.equal(['A'])
      clock.setSystemTime(now + Time.hour)
      expect(blocked('A')).to.deep.equal([])
    })

    it('however often it is said of the same user', () => {
      expect(refuse('A', 'A', 'B', 'A', 'B')).to.deep.equal([false, false, false, false, false])
      expect(blocked('A', 'B', 'C')).to.deep.equal(['A', 'B'])
    })

    it('until a message to them gets through', () => {
      refuse('A', 'B')
      watch.succeeded('1', 'A')
      expect(blocked('A', 'B')).to.deep.equal(['B'])
    })
  })

  describe('is the bot\'s when three users in a row are concerned', () => {
    it('for an hour, which is told once', () => {
      expect(refuse('A', 'B', 'C', 'D', 'E', 'F', 'G')).to.deep.equal([false, false, true, false, false, false, false])
      expect(blocked('A', 'X')).to.deep.equal(['A', 'X'])
      expect(watch.suspendedUntil('1')).to.equal(now + Time.hour)
      expect(watch.isBlocked('2', 'X')).to.equal(false)
      clock.setSystemTime(now + Time.hour)
      expect(watch.suspendedUntil('1')).to.equal(undefined)
      expect(blocked('A', 'X')).to.deep.equal([])
    })

    it('and again after that hour', () => {
      refuse('A', 'B', 'C')
      clock.setSystemTime(now + Time.hour)
      expect(refuse('A', 'B', 'C')).to.deep.equal([false, false, true])
    })

    it('not with a success in between', () => {
      refuse('A', 'B')
      watch.succeeded('1', 'C')
      expect(refuse('D', 'E')).to.deep.equal([false, false])
      expect(blocked('X')).to.deep.equal([])
    })

    it('but with one of another bot', () => {
      refuse('A', 'B')
      watch.succeeded('2', 'C')
      expect(refuse('D')).to.deep.equal([true])
    })

    it('until the bot is back online; its users wait on', () => {
      refuse('A', 'B', 'C')
      watch.online('1')
      expect(watch.suspendedUntil('1')).to.equal(undefined)
      expect(blocked('A', 'B', 'C', 'X')).to.deep.equal(['A', 'B', 'C'])
      expect(refuse('D', 'E')).to.deep.equal([false, false])
    })
  })

  it('holds no longer for a clock that was set back', () => {
    refuse('A', 'B', 'C')
    clock.setSystemTime(now - Time.day)
    expect(blocked('A', 'X')).to.deep.equal([])
  })

  it('outlives the plugin', () => {
    const state = createPermissionState()
    new PermissionWatch(state).refused('1', 'A')
    new PermissionWatch(state).refused('1', 'B')
    expect(new PermissionWatch(state).isBlocked('1', 'A')).to.equal(true)
    expect(new PermissionWatch(state).refused('1', 'C')).to.equal(true)
  })

  it('suspends the bot just when the last refusals without a success name three users', () => {
    const step = fc.record({ userId: fc.constantFrom('A', 'B', 'C', 'D'), refused: fc.boolean() })
    fc.assert(fc.property(fc.array(step, { maxLength: 20 }), (steps) => {
      const watch = new PermissionWatch()
      let row = new Set<string>()
      for (const { userId, refused } of steps) {
        if (watch.suspendedUntil('1')) return
        if (refused) watch.refused('1', userId)
        else watch.succeeded('1', userId)
        row = refused ? row.add(userId) : new Set()
        expect(!!watch.suspendedUntil('1')).to.equal(row.size === 3)
        expect(watch.isBlocked('1', userId)).to.equal(refused)
      }
    }))
  })
})
