import { expect } from 'chai'
import * as fc from 'fast-check'
import { UserEvent } from '../../src/event'
import { applied, at, event, Kind, kinds, replay, state, twins } from './replay'

const { add, reject, receive, authorizeOff, authorizeOn } = kinds

const implied = (second: number, rest: Partial<UserEvent> = {}) => event(authorizeOff, second, { id: `implied:${second}`, weak: true, ...rest })
const overruled = (...events: UserEvent[]) => results(events).map(({ overruled }) => overruled)
const disputed = (...events: UserEvent[]) => results(events).map(({ disputed }) => disputed)

function results(events: UserEvent[]) {
  const { applied, twins, overruled, disputed } = replay(events)
  return applied.map((_, index) => ({ applied: applied[index], twin: twins[index], overruled: overruled[index], disputed: disputed[index] }))
}

/** Rule: where one of the platform's channels only implies that the switch is off, and the other says that it is on, that one is right. */
describe('a switch that is off by implication', () => {
  it('is off while nothing contradicts', () => {
    expect(state(implied(100))).to.deep.include({ consent: 'rejected', consentAt: at(100) })
    expect(state(event(receive, 100), implied(111))).to.deep.include({ consent: 'rejected', consentAt: at(111) })
    expect(overruled(event(receive, 100), implied(111), event(reject, 140))).to.deep.equal([false, false, false])
  })

  for (const distance of [-10, -3, 0, 3, 10]) {
    it(`is overruled ${distance} s from what says the opposite, whichever comes first`, () => {
      const [plain, weak] = [event(receive, 100), implied(100 + distance)]
      for (const events of [[plain, weak], [weak, plain]]) {
        expect(state(...events)).to.deep.include({ consent: 'allowed', consentAt: at(100) })
        expect(twins(...events)).to.deep.equal([false, false])
        expect(disputed(...events)).to.deep.equal([false, true])
      }
      expect(applied(plain, weak)).to.deep.equal([true, false])
      expect(overruled(plain, weak)).to.deep.equal([false, true])
      expect(applied(weak, plain)).to.deep.equal([true, true])
      expect(overruled(weak, plain)).to.deep.equal([false, false])
    })
  }

  it('is not overruled by an interaction that says the opposite, which is the same channel', () => {
    expect(state(event(authorizeOn, 100), implied(103))).to.include({ consent: 'rejected' })
    expect(state(implied(103), event(authorizeOn, 100))).to.include({ consent: 'rejected' })
  })

  it('is no such thing if the interaction says so outright', () => {
    for (const events of [[event(receive, 100), event(authorizeOff, 103)], [event(authorizeOff, 103), event(receive, 100)]]) {
      expect(state(...events)).to.deep.include({ consent: 'rejected', consentAt: at(103) })
      expect(disputed(...events)).to.deep.equal([false, false])
    }
  })

  it('leaves what was chosen before as it was', () => {
    expect(state(event(reject, 50), event(receive, 100), implied(104))).to.include({ consent: 'allowed' })
    expect(state(implied(104), event(reject, 102), event(receive, 100))).to.deep.include({ consent: 'rejected', consentAt: at(102) })
    expect(state(event(add, 1), implied(104), event(receive, 100))).to.deep.include({ relation: 'friend', consent: 'allowed', consentAt: at(100) })
  })

  it('takes nothing from the next choice', () => {
    const events = [event(receive, 100), implied(105), event(reject, 105)]
    expect(applied(...events)).to.deep.equal([true, false, true])
    expect(twins(...events)).to.deep.equal([false, false, false])
    expect(state(...events)).to.deep.include({ consent: 'rejected', consentAt: at(105) })
  })

  it('is told of again as what it is: the twin of what says the same, and no dispute', () => {
    const off = [event(reject, 100), implied(100)]
    expect(twins(...off)).to.deep.equal([false, true])
    expect(disputed(...off, event(receive, 104), event(authorizeOn, 104))).to.deep.equal([false, false, false, false])
    expect(twins(...off, event(receive, 104), event(authorizeOn, 104))).to.deep.equal([false, true, false, true])
  })

  it('is one dispute, however often the opposite is told', () => {
    expect(disputed(implied(100), event(receive, 100), event(receive, 100, { id: 'again' }), event(authorizeOn, 100))).to.deep.equal([false, true, false, false])
  })

  it('is taken back before everybody who heard of it, though the opposite was told of before', () => {
    const events = [event(authorizeOn, 100), implied(102), event(receive, 103)]
    expect(applied(...events)).to.deep.equal([true, true, true])
    expect(twins(...events)).to.deep.equal([false, false, false])
    const late = [event(authorizeOn, 106), implied(108), event(receive, 100)]
    expect(applied(...late)).to.deep.equal([true, true, true])
    expect(state(...late)).to.deep.include({ consent: 'allowed', consentAt: at(106) })
  })

  const choices: Kind[] = [reject, receive, authorizeOff, authorizeOn]
  const events = fc.uniqueArray(fc.tuple(fc.constantFrom(...choices, undefined, undefined), fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([, second]) => second,
  }).map(list => list.map(([kind, second]) => kind ? event(kind, second) : implied(second)))
  const shuffled = events.chain(events => fc.tuple(
    fc.constant(events),
    fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 }),
  ))

  it('ends, in any order and any duplication, in what the newest says that is not overruled', () => {
    fc.assert(fc.property(shuffled, ([events, stream]) => {
      const stands = (item: UserEvent) => !item.weak || !events.some(({ source, occurredAt }) => {
        return source === 'msg-receive' && Math.abs(occurredAt - item.occurredAt) <= 10_000
      })
      const newest = events.filter(stands).sort((a, b) => a.occurredAt - b.occurredAt).at(-1)
      expect(state(...stream)).to.deep.include({
        consent: newest!.type === 'friend-push-allowed' ? 'allowed' : 'rejected',
        consentAt: new Date(newest!.occurredAt),
      })
    }), { numRuns: 3000 })
  })

  it('leaves whoever listens with what the state says', () => {
    fc.assert(fc.property(shuffled, ([, stream]) => {
      const { applied, user, events } = replay(stream)
      const last = events.filter((_, index) => applied[index]).at(-1)
      expect(last?.type).to.equal(user.consent === 'allowed' ? 'friend-push-allowed' : 'friend-push-rejected')
    }), { numRuns: 3000 })
  })
})

/** Rule: where one channel tells whole seconds and the other milliseconds, the order of arrival decides within a second. */
describe('times of different precision', () => {
  const ms = (kind: Kind, second: number, fraction: number) => event(kind, second + fraction / 1000)

  it('are compared in seconds: the later arrival wins', () => {
    expect(state(ms(authorizeOn, 100, 700), event(reject, 100)).consent).to.equal('rejected')
    expect(state(event(reject, 100), ms(authorizeOn, 100, 700)).consent).to.equal('allowed')
    expect(state(ms(authorizeOff, 100, 700), event(receive, 100)).consent).to.equal('allowed')
    expect(applied(ms(authorizeOn, 100, 700), event(reject, 100))).to.deep.equal([true, true])
    expect(state(ms(kinds.message, 100, 700), event(kinds.del, 100)).relation).to.equal('deleted')
  })

  it('are compared in milliseconds where both have them', () => {
    expect(state(ms(authorizeOn, 100, 700), ms(authorizeOff, 100, 300)).consent).to.equal('allowed')
    expect(applied(ms(authorizeOn, 100, 700), ms(authorizeOff, 100, 300))).to.deep.equal([true, false])
  })

  it('are ten seconds apart by the seconds', () => {
    for (const events of [[event(reject, 100), ms(authorizeOff, 110, 900)], [ms(authorizeOff, 110, 900), event(reject, 100)]]) {
      expect(twins(...events)).to.deep.equal([false, true])
    }
    const weak = implied(110.9)
    for (const events of [[event(receive, 100), weak], [weak, event(receive, 100)]]) {
      expect(state(...events)).to.deep.include({ consent: 'allowed', consentAt: at(100) })
    }
  })
})
