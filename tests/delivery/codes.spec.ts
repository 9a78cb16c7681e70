import { expect } from 'chai'
import * as fc from 'fast-check'
import { Meaning, readFailure } from '../../src/delivery/codes'

/** An error as the adapter throws it for an answer of the platform. */
function answer(status: number | undefined, data?: unknown) {
  return Object.assign(new Error('failed to send'), { errors: [Object.assign(new Error('Bad Request'), { response: { status, data } })] })
}

const table: [codes: number[], meaning: Meaning, definite: boolean][] = [
  [[40034025], 'event-unknown', true],
  [[40034026, 40034027, 40034128], 'window-closed', true],
  [[40054005], 'duplicate', false],
  [[40054013], 'rejected', true],
  [[40054004], 'deleted', true],
  [[40054006, 50055002], 'transient', true],
  [[40034100, 22009], 'rate', true],
  [[40034105, 40034102], 'no-permission', true],
  [[304023, 304024], 'audit', false],
  [[40034006, 40054007, 40054018, 304057], 'content', true],
]

const known = table.flatMap(([codes]) => codes)

describe('what a failed send means', () => {
  describe('is told by the platform\'s code', () => {
    for (const [codes, meaning, definite] of table) {
      for (const code of codes) {
        it(`${code}: ${meaning}, ${definite ? 'certainly not sent' : 'it may have been sent'}`, () => {
          expect(readFailure(answer(400, { code, err_code: code, message: '', trace_id: '' }))).to.deep.equal({ meaning, definite, code })
        })
      }
    }

    it('whatever the HTTP status', () => {
      for (const [codes, meaning, definite] of table) {
        for (const status of [undefined, 200, 201, 202, 400, 403, 404, 408, 429, 500, 502, 504]) {
          for (const code of codes) {
            expect(readFailure(answer(status, { code }))).to.deep.equal({ meaning, definite, code })
          }
        }
      }
    })

    it('also where it is a string', () => {
      expect(readFailure(answer(400, { code: '40054013' }))).to.deep.equal({ meaning: 'rejected', definite: true, code: 40054013 })
    })

    it('and by no other field', () => {
      const data = { code: 11255, err_code: 40054013, message: '40054004', trace_id: '40034105' }
      expect(readFailure(answer(400, data))).to.deep.equal({ meaning: 'refused', definite: true, code: 11255 })
    })

    it('of the first of several errors', () => {
      const error = Object.assign(new Error(), { errors: [...answer(400, { code: 40054013 }).errors, ...answer(400, { code: 40054004 }).errors] })
      expect(readFailure(error).meaning).to.equal('rejected')
    })

    it('of an error by itself', () => {
      const [error] = answer(400, { code: 40054013 }).errors
      expect(readFailure(error)).to.deep.equal({ meaning: 'rejected', definite: true, code: 40054013 })
    })
  })

  describe('without a code that is known, by the HTTP status', () => {
    const bodies: [what: string, data: unknown, code?: number][] = [
      ['a code that is new', { code: 40099999 }, 40099999],
      ['a code of zero', { code: 0 }],
      ['a code that is no number', { code: 'E_FAIL' }],
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
        for (const status of [400, 401, 403, 404, 405, 409, 413, 451, 499]) {
          expect(readFailure(answer(status, data)), `${status}`).to.deep.equal({ meaning: 'refused', definite: true, code })
        }
      })

      it(`too many requests with ${what} are a matter of rate`, () => {
        expect(readFailure(answer(429, data))).to.deep.equal({ meaning: 'rate', definite: true, code })
      })

      it(`anything else with ${what} leaves it open whether the message arrived`, () => {
        for (const status of [undefined, 0, 200, 204, 302, 408, 500, 502, 503, 504, 520, 599]) {
          expect(readFailure(answer(status, data)), `${status}`).to.deep.equal({ meaning: 'unknown-outcome', definite: false, code })
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
        expect(readFailure(error)).to.deep.equal({ meaning: 'unknown-outcome', definite: false, code: undefined })
      })
    }
  })

  it('is never definite but for a code that is known or a status of 4xx', () => {
    const status = fc.oneof(fc.constant(undefined), fc.integer({ min: 100, max: 599 }))
    const body = fc.oneof(fc.jsonValue(), fc.record({ code: fc.oneof(fc.constantFrom(...known), fc.integer(), fc.jsonValue()) }))
    fc.assert(fc.property(status, body, (status, data) => {
      const { meaning, definite, code } = readFailure(answer(status, data))
      if (definite && !known.includes(code!)) expect(status).to.be.within(400, 499)
      if (definite) expect(meaning).to.not.be.oneOf(['unknown-outcome', 'duplicate', 'audit'])
      if (code !== undefined) expect(code).to.be.a('number')
    }), { numRuns: 1000 })
  })

  it('is told of whatever was thrown', () => {
    const response = fc.record({ response: fc.jsonValue() })
    const thrown = fc.oneof(fc.jsonValue(), response, fc.record({ errors: fc.jsonValue() }), fc.record({ errors: fc.array(response) }))
    fc.assert(fc.property(thrown, (error) => {
      expect(readFailure(error)).to.have.all.keys('meaning', 'definite', 'code')
    }), { numRuns: 1000 })
  })
})
