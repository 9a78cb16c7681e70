/** Rule: what a failed send means is told by the platform's code, else by the HTTP status; it is undelivered only where that is certain. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { listMeanings, Meaning, readFailure, toMeaning } from '../../src/delivery/codes'

/** An error as the adapter throws it for an answer of the platform. */
function answer(status: number | undefined, data?: unknown) {
  return Object.assign(new Error('failed to send'), { errors: [Object.assign(new Error('Bad Request'), { response: { status, data } })] })
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

/** Every code that is documented, or that clients have recorded, for a message to a user. */
const table: [source: string, codes: number[], meaning: Meaning][] = [
  ['recorded: an event that is forged, or fresh', [40034025], 'event-unknown'],
  ['documented: an event\'s id', [40034026, 40034027, 40034128], 'window-closed'],
  ['documented 2026-09: a message\'s id', [40034005, 40034024, 304103], 'window-closed'],
  ['documented: a reply\'s window', [40034031, 304027], 'window-closed'],
  ['documented', [40054005], 'duplicate'],
  ['documented', [40054013], 'rejected'],
  ['documented', [40054004], 'deleted'],
  ['documented: try again', [40054006, 50055002, 40034004, 304082, 304083, 340067, 50001], 'transient'],
  ['documented', [40034100, 22009, 50002, 1100100], 'rate'],
  ['recorded 2026-09: a pair', [100017, 40023001], 'rate'],
  ['recorded 2026-02 to 2026-10', [40034105, 40034102], 'no-permission'],
  ['documented: recall', [40034122], 'recall-used'],
  ['documented: recall', [40034123], 'recall-closed'],
  ['documented: the bot is offline or banned', [40054016, 11265, 11254], 'bot-stopped'],
  ['recorded 2026-09: a pair', [11255, 40011028], 'no-such-user'],
  ['documented: token and application', [11201, ...range(11241, 11253), 11263, 11264, ...range(11273, 11275), 11292], 'credentials'],
  ['recorded 2026-09: the other halves of pairs', [40011027, 40012004, 40012010, 40012002, 40012001], 'credentials'],
  ['documented: the address list of the platform\'s console', [11298], 'address'],
  ['documented: audit', [304023, 304024], 'audit'],
  ['documented', [40034006, 1100101, 1100103], 'content'],
  ['documented: addresses', [304003, 40054010], 'link'],
  ['documented', [40054007, 40054018], 'too-long'],
  ['documented: form', [22006, 50006, 50059, 304061, 304080, ...range(40034008, 40034011), 40034029, 40034106, 40034108, 40034109], 'form'],
  ['documented: form', [40034124, 40034127, 305007, 304036, 304037], 'form'],
  ['recorded 2026-04: a keyboard', [304057], 'form'],
  ['documented: markdown', [40034012], 'form'],
  ['recorded 2026: a number out of bounds', [40011000], 'form'],
  ['documented: an upload', [850026], 'file'],
  ['documented: templates', [304064], 'unsubscribed'],
  ['documented: share links', [51, 10001, 10002, 10003], 'form'],
  ['documented: share links', [10044], 'credentials'],
  ['documented: share links, try again', [11004], 'transient'],
]

const mayHaveArrived: Meaning[] = ['duplicate', 'audit', 'unknown-outcome']
const isCertain = (meaning: Meaning) => !mayHaveArrived.includes(meaning)
const rows = table.flatMap(([source, codes, meaning]) => codes.map(code => ({ source, code, meaning, undelivered: isCertain(meaning) })))
const known = rows.map(({ code }) => code)

describe('what a failed send means', () => {
  describe('is told by the platform\'s code', () => {
    for (const { source, code, ...failure } of rows) {
      it(`${code}: ${failure.meaning}, ${failure.undelivered ? 'certainly not sent' : 'it may have been sent'} (${source})`, () => {
        const expected = { ...failure, code }
        expect(readFailure(answer(400, { err_code: code, message: '', trace_id: '' }))).to.deep.equal(expected)
        expect(readFailure(answer(400, { code, message: '' }))).to.deep.equal(expected)
        expect(readFailure(answer(400, { code, err_code: code, message: '' }))).to.deep.equal(expected)
        expect(readFailure(answer(400, { code: `${code}` }))).to.deep.equal(expected)
        expect(readFailure(answer(400, { err_code: `${code}` }))).to.deep.equal(expected)
      })
    }

    it('which is in the table once', () => {
      expect(new Set(known).size).to.equal(known.length)
      expect(rows.map(({ code }) => toMeaning(code))).to.deep.equal(rows.map(({ meaning }) => meaning))
    })

    it('and each meaning but those of the HTTP status has one', () => {
      expect(listMeanings()).to.have.members([...new Set(rows.map(({ meaning }) => meaning)), 'refused', 'unknown-outcome'])
    })

    it('whatever the HTTP status', () => {
      for (const { code, meaning, undelivered } of rows) {
        for (const status of [undefined, 200, 201, 202, 400, 401, 403, 404, 408, 429, 500, 502, 504]) {
          expect(readFailure(answer(status, { err_code: code }))).to.deep.equal({ meaning, undelivered, code })
        }
      }
    })

    it('of two, by the one that is known', () => {
      expect(readFailure(answer(400, { code: 40099999, err_code: 40054013 }))).to.deep.include({ meaning: 'rejected', code: 40054013 })
      expect(readFailure(answer(400, { code: 40054013, err_code: 40099999 }))).to.deep.include({ meaning: 'rejected', code: 40054013 })
      expect(readFailure(answer(400, { code: 40054013, err_code: 0 }))).to.deep.include({ meaning: 'rejected', code: 40054013 })
      expect(readFailure(answer(400, { code: 1, err_code: 2 }))).to.deep.include({ meaning: 'refused', code: 2 })
    })

    const elsewhere: ['reply' | 'recall', Meaning, number[]][] = [
      ['reply', 'window-closed', [22009, 40034102, 40034105]],
      ['recall', 'recall-closed', [40034102, 40034105]],
    ]
    for (const [way, meaning, codes] of elsewhere) {
      it(`which may say something else of a ${way}`, () => {
        for (const row of rows) {
          const expected = codes.includes(row.code) ? { meaning, undelivered: true } : { meaning: row.meaning, undelivered: row.undelivered }
          expect(readFailure(answer(400, { code: row.code }), way)).to.deep.equal({ ...expected, code: row.code })
        }
      })
    }

    it('and by no other field', () => {
      const data = { code: 1, retcode: 40054013, message: '40054004', trace_id: '40034105' }
      expect(readFailure(answer(400, data))).to.deep.equal({ meaning: 'refused', undelivered: true, code: 1 })
    })

    it('of the first of several errors', () => {
      const error = Object.assign(new Error(), { errors: [...answer(400, { code: 40054013 }).errors, ...answer(400, { code: 40054004 }).errors] })
      expect(readFailure(error).meaning).to.equal('rejected')
    })

    it('of an error by itself', () => {
      const [error] = answer(400, { code: 40054013 }).errors
      expect(readFailure(error)).to.deep.equal({ meaning: 'rejected', undelivered: true, code: 40054013 })
    })
  })

  describe('without a code that is known, by the HTTP status', () => {
    const bodies: [what: string, data: unknown, code?: number][] = [
      ['a code that is new', { code: 40099999 }, 40099999],
      ['a code of zero', { code: 0 }],
      ['a code that is no number', { code: 'E_FAIL' }],
      ['a code below zero', { code: -1 }],
      ['a code that is no whole number', { code: 1.5 }],
      ['the largest code', { code: 2 ** 31 - 1 }, 2 ** 31 - 1],
      ['a code that is larger', { code: 2 ** 31 }],
      ['a code that cannot even be read', { code: [{ toString: 0 }] }],
      ['no code', { message: 'no' }],
      ['an empty body', ''],
      ['no body', undefined],
      ['null', null],
      ['a page', '<html>Bad Gateway</html>'],
      ['a list', []],
    ]

    for (const [what, data, code] of bodies) {
      it(`a refusal with ${what} is one`, () => {
        for (const status of [400, 403, 404, 405, 409, 413, 451, 499]) {
          expect(readFailure(answer(status, data)), `${status}`).to.deep.equal({ meaning: 'refused', undelivered: true, code })
        }
      })

      it(`missing rights with ${what} are the bot's`, () => {
        expect(readFailure(answer(401, data))).to.deep.equal({ meaning: 'credentials', undelivered: true, code })
      })

      it(`too many requests with ${what} are a matter of rate`, () => {
        expect(readFailure(answer(429, data))).to.deep.equal({ meaning: 'rate', undelivered: true, code })
      })

      it(`anything else with ${what} leaves it open whether the message arrived`, () => {
        for (const status of [undefined, 0, 200, 204, 302, 408, 500, 502, 503, 504, 520, 599]) {
          expect(readFailure(answer(status, data)), `${status}`).to.deep.equal({ meaning: 'unknown-outcome', undelivered: false, code })
        }
      })
    }
  })

  describe('without an answer, is unknown', () => {
    const errors: [what: string, error: unknown][] = [
      ['a timeout', Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })],
      ['a timeout of the adapter\'s', Object.assign(new Error(), { errors: [Object.assign(new Error('timeout'), { code: 'ETIMEDOUT' })] })],
      ['a connection that was reset', Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } })],
      ['an error of the program', new TypeError('x is not a function')],
      ['no errors in the list', Object.assign(new Error(), { errors: [] })],
      ['a list that is none', Object.assign(new Error(), { errors: { content: new Error() } })],
      ['a list of nothing', Object.assign(new Error(), { errors: [null, undefined] })],
      ['undefined', undefined],
      ['null', null],
      ['a string', 'failed'],
      ['a number', 40054013],
    ]

    for (const [what, error] of errors) {
      it(what, () => {
        expect(readFailure(error)).to.deep.equal({ meaning: 'unknown-outcome', undelivered: false, code: undefined })
      })
    }
  })

  it('is certain where the adapter was unloaded before it made the request', () => {
    const error = Object.assign(new Error('cannot create effect on inactive context'), { code: 'INACTIVE_EFFECT' })
    expect(readFailure(Object.assign(new Error(), { errors: [error] }))).to.deep.equal({ meaning: 'transient', undelivered: true, code: undefined })
  })

  it('is never certain not to have arrived but for a code that is known or a status of 4xx', () => {
    const status = fc.oneof(fc.constant(undefined), fc.integer({ min: 100, max: 599 }))
    const code = fc.oneof(fc.constantFrom(...known), fc.integer(), fc.jsonValue())
    const body = fc.oneof(fc.jsonValue(), fc.record({ code, err_code: code }))
    fc.assert(fc.property(status, body, (status, data) => {
      const { meaning, undelivered, code } = readFailure(answer(status, data))
      if (undelivered && !known.includes(code!)) expect(status).to.be.within(400, 499)
      if (undelivered) expect(meaning).to.not.be.oneOf(mayHaveArrived)
      if (code !== undefined) expect(code).to.be.a('number')
    }), { numRuns: 1000 })
  })

  it('is told of whatever was thrown', () => {
    const response = fc.record({ response: fc.jsonValue() })
    const thrown = fc.oneof(fc.jsonValue(), response, fc.record({ errors: fc.jsonValue() }), fc.record({ errors: fc.array(response) }))
    fc.assert(fc.property(thrown, (error) => {
      expect(readFailure(error)).to.have.all.keys('meaning', 'undelivered', 'code')
    }), { numRuns: 1000 })
  })
})
