/** Rule: nobody is written to proactively who said no, left or was never heard of, nor, if the operator says so, whose switch was never seen. */
import { expect } from 'chai'
import { judge } from '../src/gate'
import { Consent, Relation } from '../src/model'

describe('whether a user may be written to', () => {
  const relations: Relation[] = ['unknown', 'friend', 'deleted']
  const verdicts: [consent: Consent, assumed: [string, string, string], confirmed: [string, string, string]][] = [
    // by relation: unknown, friend, deleted
    ['allowed', ['yes', 'yes', 'deleted'], ['yes', 'yes', 'deleted']],
    ['unknown', ['yes', 'yes', 'deleted'], ['unconfirmed', 'unconfirmed', 'deleted']],
    ['rejected', ['rejected', 'rejected', 'rejected'], ['rejected', 'rejected', 'rejected']],
  ]

  for (const [consent, ...columns] of verdicts) {
    for (const [index, assumeAllowed] of [true, false].entries()) {
      for (const [position, relation] of relations.entries()) {
        const expected = columns[index][position]
        it(`consent ${consent}, relation ${relation}, ${assumeAllowed ? 'unless told otherwise' : 'only if told so'}: ${expected}`, () => {
          const verdict = expected === 'yes' ? { ok: true } : { ok: false, reason: expected }
          expect(judge({ consent, relation }, assumeAllowed)).to.deep.equal(verdict)
        })
      }
    }
  }

  it('somebody of whom the bot never heard: no', () => {
    for (const assumeAllowed of [true, false]) {
      expect(judge(undefined, assumeAllowed)).to.deep.equal({ ok: false, reason: 'unknown-user' })
    }
  })
})
