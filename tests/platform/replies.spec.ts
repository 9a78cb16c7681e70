/** Rule: the stand-in takes four replies to a message or an event of the same user in time, and no msg_seq twice. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { judge, Situation } from './rules'
import { World } from './world'
import { client, minute, pass, platform, start, unlimited, usePlatform } from './setup'

describe('the stand-in platform', () => {
  usePlatform()

  describe('passive replies', () => {
    for (const type of ['FRIEND_ADD', 'C2C_MSG_RECEIVE', 'INTERACTION_CREATE']) {
      it(`answers ${type}, four times`, async () => {
        platform.add('u')
        const { id } = type === 'FRIEND_ADD' ? platform.add('u') : platform.allow('u', { via: type === 'C2C_MSG_RECEIVE' ? 'c2c' : 'interaction' })
        const codes = []
        for (const seq of [undefined, 2, 3, 4, 5]) codes.push(await client.send('u', { content: 'hi', event_id: id, msg_seq: seq }))
        expect(codes).to.deep.equal([undefined, undefined, undefined, undefined, 40034128])
        expect(platform.accepted('u')).to.have.length(4)
        expect(platform.posts.every(({ route }) => route === 'event')).to.equal(true)
      })
    }

    it('answers a message, four times', async () => {
      const { d } = platform.message('u')
      const codes = []
      for (const seq of [undefined, 1, 2, 7, 3, 4]) codes.push(await client.send('u', { content: 'hi', msg_id: d.id, msg_seq: seq }))
      expect(codes).to.deep.equal([undefined, 40054005, undefined, undefined, undefined, 40034128])
      expect(platform.accepted('u').map(({ route }) => route)).to.deep.equal(['msg', 'msg', 'msg', 'msg'])
    })

    it('does not answer a deletion or a rejection, but an authorization', async () => {
      expect(await client.send('u', { content: 'hi', event_id: platform.reject('u').id })).to.equal(40034027)
      expect(await client.send('u', { content: 'hi', event_id: platform.reject('u', { via: 'interaction' }).id })).to.equal(undefined)
      const { id } = platform.remove('u')
      expect(await client.send('u', { content: 'hi', event_id: id })).to.equal(40054004)
      platform.add('u')
      expect(await client.send('u', { content: 'hi', event_id: id })).to.equal(40034027)
    })

    it('refuses ids that are unknown or of another user', async () => {
      platform.add('u')
      const { id } = platform.add('v')
      const { d } = platform.message('v')
      expect(await client.send('u', { content: 'hi', event_id: 'FRIEND_ADD:x' })).to.equal(40034025)
      expect(await client.send('u', { content: 'hi', event_id: id })).to.equal(40034025)
      expect(await client.send('u', { content: 'hi', msg_id: d.id })).to.equal(40034024)
      expect(await client.send('v', { content: 'hi', msg_id: d.id, event_id: id })).to.equal(40034025)
    })

    it('refuses ids that are too old, or too new', async () => {
      await start({ freshFor: 1000 })
      const event = platform.add('u')
      const message = platform.message('u')
      expect(await client.send('u', { content: 'hi', event_id: event.id })).to.equal(40034025)
      expect(await client.send('u', { content: 'hi', msg_id: message.d.id })).to.equal(undefined)
      pass(1000)
      expect(await client.send('u', { content: 'hi', event_id: event.id })).to.equal(undefined)
      pass(60 * minute)
      expect(await client.send('u', { content: 'hi', event_id: event.id, msg_seq: 2 })).to.equal(40034026)
      expect(await client.send('u', { content: 'hi', msg_id: message.d.id, msg_seq: 2 })).to.equal(40034005)
    })

    it('takes a first reply with a msg_seq for a proactive message', async () => {
      const { id } = platform.add('u')
      platform.reject('u')
      for (const seq of [1, 2]) {
        expect(await client.send('u', { content: 'hi', event_id: id, msg_seq: seq })).to.equal(40054013)
      }
      expect(platform.posts[0].route).to.equal('proactive')
      expect(await client.send('u', { content: 'hi', event_id: id })).to.equal(undefined)
      expect(await client.send('u', { content: 'hi', event_id: id })).to.equal(40054005)
      expect(await client.send('u', { content: 'hi', event_id: id, msg_seq: 2 })).to.equal(undefined)
    })

    it('lets no msg_seq through twice, nor more than four of them', () => {
      fc.assert(fc.property(fc.array(fc.option(fc.nat(6), { nil: undefined })), fc.boolean(), (seqs, event) => {
        const world = new World(() => 0, unlimited)
        world.user('u')
        world.learn({ id: 'FRIEND_ADD:1', op: 0, t: 'FRIEND_ADD', d: { openid: 'u' } })
        world.learn({ id: 'C2C_MESSAGE_CREATE:1', op: 0, t: 'C2C_MESSAGE_CREATE', d: { id: 'm', author: { user_openid: 'u' } } })
        const passive = seqs.flatMap((seq) => {
          const body = { content: 'hi', msg_seq: seq, ...event ? { event_id: 'FRIEND_ADD:1' } : { msg_id: 'm' } }
          const verdict = world.judge('u', body)
          if (!verdict.code) world.commit('u', body, verdict)
          return verdict.code || verdict.route === 'proactive' ? [] : [verdict.seq]
        })
        expect(passive.length).to.be.at.most(4)
        expect(new Set(passive).size).to.equal(passive.length)
      }))
    })

    it('knows neither switch nor rates', () => {
      const window = { type: 'FRIEND_ADD', openid: 'u', at: 0, seqs: [] }
      const situation: Situation = {
        openid: 'u',
        now: 0,
        user: { friend: true, push: true },
        event: window,
        source: window,
        freshFor: 0,
        pushBanned: false,
        limits: unlimited,
        sent: { botSecond: 0, botMinute: 0, userMinute: 0, userDay: 0 },
      }
      fc.assert(fc.property(fc.boolean(), fc.boolean(), fc.nat(), fc.boolean(), (push, pushBanned, limit, event) => {
        const limits = { botSecond: 0, botMinute: limit, userMinute: 0, userDay: limit }
        const body = { content: 'hi', ...event ? { event_id: 'e' } : { msg_id: 'm' } }
        const verdict = judge(body, { ...situation, user: { friend: true, push }, pushBanned, limits })
        expect(verdict).to.deep.equal({ route: event ? 'event' : 'msg', seq: 1, code: undefined })
      }))
    })
  })
})
