/** Rule: whatever comes in as a payload is read as a fact by the rules, as nothing, or as malformed, and never throws. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { decode, MalformedError, UnknownError, WireType } from '../../src/gateway/decode'
import { Fact } from '../../src/event'
import { day, earliest, now, openid, types, wrongIds, wrongTimes } from './payloads'

describe('reading a payload', () => {
  describe('whatever comes in', () => {
    const fields: Record<WireType, string[]> = {
      FRIEND_ADD: ['d', 'openid', 'timestamp'],
      FRIEND_DEL: ['d', 'openid', 'timestamp'],
      C2C_MSG_REJECT: ['d', 'openid', 'timestamp'],
      C2C_MSG_RECEIVE: ['d', 'openid', 'timestamp'],
      INTERACTION_CREATE: ['d', 'authorize_data', 'scope', 'switch', 'user_openid', 'timestamp'],
      C2C_MESSAGE_CREATE: ['d', 'author', 'author.id'],
    }

    const outcomes: Record<WireType, string[]> = {
      FRIEND_ADD: ['friend-added friend-add'],
      FRIEND_DEL: ['friend-deleted friend-del'],
      C2C_MSG_REJECT: ['friend-push-rejected msg-reject'],
      C2C_MSG_RECEIVE: ['friend-push-allowed msg-receive'],
      INTERACTION_CREATE: ['friend-push-rejected authorize', 'friend-push-allowed authorize'],
      C2C_MESSAGE_CREATE: ['friend-added message'],
    }

    // any UTF-16, with surrogates and control characters in plenty
    const unit = fc.oneof(fc.integer({ min: 0, max: 0xffff }), fc.integer({ min: 0xd800, max: 0xdfff }), fc.integer({ min: 0, max: 0x9f }))
    const text = fc.oneof(fc.array(unit, { maxLength: 120 }).map(units => String.fromCharCode(...units)), fc.string({ unit: 'grapheme' }))
    const wrong = [...wrongIds, ...wrongTimes].map(([, value]) => value)
    const anything = fc.oneof(fc.jsonValue(), text, fc.double(), fc.constantFrom(...wrong))
    const mostly = (value: fc.Arbitrary<unknown>) => fc.oneof({ weight: 3, arbitrary: value }, { weight: 1, arbitrary: anything })
    const record = (model: Record<string, fc.Arbitrary<unknown>>) => mostly(fc.record(model, { requiredKeys: [] }))

    const id = mostly(fc.constant(openid))
    const time = mostly(fc.oneof(
      fc.integer({ min: 1e9, max: now / 1000 }),
      fc.integer({ min: 1e9, max: now / 1000 }).map(String),
      fc.date({ min: new Date(earliest), max: new Date(now), noInvalidDate: true }).map(date => date.toISOString()),
      fc.double({ min: 1e9, max: now / 1000, noNaN: true }),
    ))
    const scope = mostly(fc.constantFrom('c2c_push', 'group_push'))
    const place = mostly(fc.constantFrom('setting', 'dialog', 'friend_del'))
    const data = record({ resolved: record({ authorize_data: record({ scope, opt_scene: place, switch: mostly(fc.boolean()) }) }) })
    const payload = record({
      openid: id,
      user_openid: id,
      timestamp: time,
      scene: mostly(fc.integer()),
      scene_param: mostly(text),
      type: mostly(fc.constant(18)),
      author: record({ id, user_openid: id, username: mostly(text) }),
      data,
    })

    function verify(type: WireType, fact: Fact) {
      expect(outcomes[type]).to.include(`${fact.type} ${fact.source}`)
      expect(fact.userId).to.match(/^[!-~]{1,100}$/)
      expect(Number.isSafeInteger(fact.occurredAt)).to.equal(true)
      expect(fact.occurredAt).to.be.within(earliest, now + day)
      if (fact.scene !== undefined) {
        expect(Number.isInteger(fact.scene)).to.equal(true)
        expect(fact.scene).to.be.within(-(2 ** 31), 2 ** 31 - 1)
      }
      for (const text of [fact.sceneParam, fact.name]) {
        if (text === undefined) continue
        expect(text).to.not.equal('')
        expect(text).to.not.match(/[\p{Cc}\p{Cs}]/u)
        expect([...text].length).to.be.at.most(64)
      }
      if (fact.unread) expect(fact).to.include({ type: 'friend-push-rejected', occurredAt: now })
      expect(['type', 'source', 'userId', 'occurredAt', 'scene', 'sceneParam', 'name', 'weak', 'unread']).to.include.members(Object.keys(fact))
    }

    it('is a fact by the rules, or nothing, or malformed', () => {
      fc.assert(fc.property(fc.constantFrom(...types), payload, (type, d) => {
        const before = structuredClone(d)
        try {
          const fact = decode(type, d, now)
          if (fact) verify(type, fact)
          else expect(type).to.equal('INTERACTION_CREATE')
        } catch (error) {
          if (!(error instanceof MalformedError || error instanceof UnknownError)) throw error
          expect(error.type).to.equal(type)
          if (error instanceof MalformedError) expect(fields[type]).to.include(error.field)
        }
        expect(d).to.deep.equal(before)
      }), { numRuns: 2000 })
    })

    it('is well-formed often enough for this to mean something', () => {
      const seen = new Set<string>()
      for (const [type, d] of fc.sample(fc.tuple(fc.constantFrom(...types), payload), { numRuns: 2000, seed: 1 })) {
        try {
          seen.add(decode(type, d, now)?.type ?? 'ignored')
        } catch {
          seen.add('malformed')
        }
      }
      expect([...seen]).to.have.members([
        'friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed', 'ignored', 'malformed',
      ])
    })
  })
})
