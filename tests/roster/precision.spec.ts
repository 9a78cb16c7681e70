/** Rule: where one channel tells whole seconds and the other milliseconds, the order of arrival decides within a second. */
import { expect } from 'chai'
import { applied, at, duplicates, event, Kind, kinds, state } from './replay'

const { reject, receive, authorizeOff, authorizeOn } = kinds

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
      expect(duplicates(...events)).to.deep.equal([false, true])
    }
    const weak = event(authorizeOff, 110.9, { weak: true })
    for (const events of [[event(receive, 100), weak], [weak, event(receive, 100)]]) {
      expect(state(...events)).to.deep.include({ consent: 'allowed', consentAt: at(100) })
    }
  })
})
