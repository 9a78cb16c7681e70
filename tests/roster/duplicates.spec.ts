/** Rule: a toggle told through both channels within ten seconds is one; through the same channel, or after a change of mind, it is two. */
import { expect } from 'chai'
import { isDuplicate } from '../../src/roster/state'
import { applied, at, duplicates, event, kinds, state } from './replay'

const { add, del, reject, receive, authorizeOff, authorizeOn, message, refusedByUser, notFriends } = kinds

describe('one toggle through both channels', () => {
  const pairs = [['off', reject, authorizeOff], ['on', receive, authorizeOn]] as const

  for (const [what, plain, interaction] of pairs) {
    for (const [first, second] of [[plain, interaction], [interaction, plain]]) {
      it(`turned ${what}: ${first[1]}, then ${second[1]}`, () => {
        for (const distance of [-10, -3, 0, 3, 10]) {
          const events = [event(first, 100), event(second, 100 + distance)]
          expect(duplicates(...events), `${distance} s`).to.deep.equal([false, true])
          expect(applied(...events), `${distance} s`).to.deep.equal([true, false])
        }
      })

      it(`turned ${what}: ${first[1]}, then ${second[1]} more than ten seconds apart, are two`, () => {
        for (const distance of [-11, 11, 3600]) {
          expect(duplicates(event(first, 100), event(second, 100 + distance)), `${distance} s`).to.deep.equal([false, false])
        }
        expect(applied(event(first, 100), event(second, 111))).to.deep.equal([true, true])
      })
    }
  }

  it('ends in the same state, whichever comes first', () => {
    const [one, other] = [event(reject, 100), event(authorizeOff, 103)]
    expect(state(one, other)).to.deep.equal(state(other, one))
    expect(state(one, other)).to.deep.include({ consent: 'rejected', consentAt: at(103), firstSeen: at(100) })
  })

  it('from the same channel is two', () => {
    const again = event(reject, 102)
    expect(duplicates(event(reject, 100), again)).to.deep.equal([false, false])
    expect(applied(event(reject, 100), again)).to.deep.equal([true, true])
  })

  it('with another outcome is two', () => {
    expect(duplicates(event(reject, 100), event(authorizeOn, 100))).to.deep.equal([false, false])
  })

  it('is two when the user has changed their mind in between', () => {
    const events = [event(reject, 100), event(receive, 102), event(authorizeOff, 104)]
    expect(duplicates(...events)).to.deep.equal([false, false, false])
    expect(applied(...events)).to.deep.equal([true, true, true])
    expect(state(...events).consent).to.equal('rejected')
  })

  it('is two when the change of mind arrived late, and lies in between', () => {
    const events = [event(receive, 102), event(reject, 100), event(authorizeOff, 104)]
    expect(duplicates(...events)).to.deep.equal([false, false, false])
    expect(state(...events).consent).to.equal('rejected')
  })

  it('is two when the change of mind shares the second of the later one, and arrived before it', () => {
    const events = [event(receive, 105), event(reject, 100), event(authorizeOff, 105)]
    expect(state(...events).consent).to.equal('rejected')
    expect(duplicates(...events)).to.deep.equal([false, false, false])
    expect(applied(...events)).to.deep.equal([true, false, true])
  })

  it('is one when the user has changed their mind before or after', () => {
    expect(duplicates(event(receive, 98), event(reject, 100), event(authorizeOff, 102))).to.deep.equal([false, false, true])
    expect(duplicates(event(reject, 100), event(receive, 104), event(authorizeOff, 102))).to.deep.equal([false, false, true])
    expect(state(event(reject, 100), event(receive, 104), event(authorizeOff, 102)).consent).to.equal('allowed')
  })

  it('is told apart within one second by the order of arrival', () => {
    expect(duplicates(event(receive, 100), event(reject, 100), event(authorizeOff, 100))).to.deep.equal([false, false, true])
    expect(duplicates(event(reject, 100), event(receive, 100), event(authorizeOff, 100))).to.deep.equal([false, false, false])
    expect(state(event(receive, 100), event(reject, 100), event(authorizeOff, 100)).consent).to.equal('rejected')
    expect(state(event(reject, 100), event(receive, 100), event(authorizeOff, 100)).consent).to.equal('rejected')
  })

  it('follows a toggle to and fro, each with its duplicate', () => {
    const events = [
      event(reject, 100), event(authorizeOff, 100),
      event(receive, 102), event(authorizeOn, 102),
      event(reject, 104), event(authorizeOff, 105),
    ]
    expect(duplicates(...events)).to.deep.equal([false, true, false, true, false, true])
    expect(state(...events)).to.deep.include({ consent: 'rejected', consentAt: at(105) })
  })

  it('is no duplicate of what was concluded or entered', () => {
    expect(duplicates(event(refusedByUser, 100), event(reject, 100))).to.deep.equal([false, false])
    expect(applied(event(refusedByUser, 100), event(reject, 100))).to.deep.equal([true, true])
    for (const source of ['operator', 'import'] as const) {
      expect(duplicates(event(['friend-push-rejected', source], 100), event(reject, 101))).to.deep.equal([false, false])
    }
  })

  it('concerns the switch only', () => {
    expect(isDuplicate(event(message, 100), [{ id: '1', type: 'friend-added', source: 'friend-add', occurredAt: at(100) }])).to.equal(false)
    expect(duplicates(event(add, 100), event(message, 100), event(del, 100), event(notFriends, 100))).to.deep.equal([false, false, false, false])
  })
})

describe('one action told under two ids', () => {
  const again = (kind: Parameters<typeof event>[0], second: number) => event(kind, second, { id: 'again' })

  it('is one', () => {
    for (const kind of [add, del, reject, receive, authorizeOff, authorizeOn]) {
      expect(duplicates(event(kind, 100), again(kind, 100)), `${kind}`).to.deep.equal([false, true])
      expect(applied(event(kind, 100), again(kind, 100)), `${kind}`).to.deep.equal([true, false])
      expect(state(event(kind, 100), again(kind, 100)), `${kind}`).to.deep.equal(state(event(kind, 100)))
    }
  })

  it('is one though something else happened or was concluded since', () => {
    expect(applied(event(add, 100), event(message, 103), again(add, 100))).to.deep.equal([true, false, false])
    expect(applied(event(add, 100), event(reject, 100), again(add, 100))).to.deep.equal([true, true, false])
    expect(applied(event(add, 100), event(del, 103), again(add, 100))).to.deep.equal([true, true, false])
    expect(applied(event(add, 100), event(notFriends, 100), again(add, 100))).to.deep.equal([true, true, false])
  })

  it('is two a second later', () => {
    expect(duplicates(event(add, 100), again(add, 101))).to.deep.equal([false, false])
    expect(applied(event(add, 100), again(add, 101))).to.deep.equal([true, true])
  })

  it('is two when the user has changed their mind in between', () => {
    expect(duplicates(event(reject, 100), event(receive, 100), again(reject, 100))).to.deep.equal([false, false, false])
    expect(state(event(reject, 100), event(receive, 100), again(reject, 100)).consent).to.equal('rejected')
  })

  it('is never what was only concluded', () => {
    expect(duplicates(event(message, 100), event(add, 100), event(notFriends, 101), event(del, 101))).to.deep.equal([false, false, false, false])
  })
})
