/** Rule: the stand-in takes proactive messages to friends whose switch is on, within the rates, unless the bot is denied them. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { World } from './world'
import { client, minute, pass, platform, start, usePlatform } from './setup'

describe('the stand-in platform', () => {
  usePlatform()

  describe('proactive messages', () => {
    it('reach friends only', async () => {
      expect(await client.send('u', { content: 'hi' })).to.equal(40054004)
      platform.add('u')
      expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
      platform.remove('u')
      expect(await client.send('u', { content: 'hi' })).to.equal(40054004)
      platform.message('u')
      expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
    })

    for (const via of ['c2c', 'interaction', 'both'] as const) {
      it(`follow the switch (${via})`, async () => {
        platform.add('u')
        platform.reject('u', { via } as {})
        expect(await client.send('u', { content: 'hi' })).to.equal(40054013)
        platform.remove('u')
        platform.add('u')
        expect(await client.send('u', { content: 'hi' })).to.equal(40054013)
        platform.allow('u', { via } as {})
        expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
      })
    }

    it('do not follow an authorization that goes with a deletion', () => {
      platform.add('u')
      const { d } = platform.reject('u', { via: 'interaction', optScene: 'friend_del' })
      expect(d.data.resolved.authorize_data).to.deep.equal({ scope: 'c2c_push', opt_scene: 'friend_del' })
      expect(platform.users.get('u')!.push).to.equal(true)
    })

    it('can be denied to the bot', async () => {
      platform.add('u')
      platform.pushBanned = true
      expect(await client.send('u', { content: 'hi' })).to.equal(40034105)
    })

    it('can be denied to one recipient', async () => {
      platform.add('u')
      platform.add('v')
      platform.users.get('u')!.pushBanned = true
      expect(await client.send('u', { content: 'hi' })).to.equal(40034105)
      expect(await client.send('v', { content: 'hi' })).to.equal(undefined)
    })

    it('keep within the rates', async () => {
      await start({ limits: { botSecond: 3, botMinute: 6, userMinute: 4, userDay: 5 } })
      platform.add('u')
      platform.add('v')
      const send = async (openid: string, times: number) => {
        const codes = []
        for (let i = 0; i < times; i++) codes.push(await client.send(openid, { content: 'hi' }) ?? 0)
        return codes
      }
      expect(await send('u', 4)).to.deep.equal([0, 0, 0, 22009])
      pass(1000)
      expect(await send('u', 2)).to.deep.equal([0, 22009])
      expect(await send('v', 2)).to.deep.equal([0, 0])
      pass(1000)
      expect(await send('v', 1)).to.deep.equal([22009])
      pass(minute)
      expect(await send('u', 2)).to.deep.equal([0, 40034100])
      pass(24 * 60 * minute)
      expect(await send('u', 1)).to.deep.equal([0])
    })

    it('never exceed a rate in any span of time', () => {
      const limits = { botSecond: 3, botMinute: 20, userMinute: 5, userDay: 30 }
      fc.assert(fc.property(fc.array(fc.record({ step: fc.nat(20_000), openid: fc.constantFrom('u', 'v') }), { maxLength: 200 }), (steps) => {
        let time = 0
        const world = new World(() => time, limits)
        const sent: { openid: string; time: number }[] = []
        for (const { step, openid } of steps) {
          time += step > 10_000 ? step - 10_000 : 0
          world.user(openid)
          const verdict = world.judge(openid, { content: 'hi' })
          if (verdict.code) continue
          world.commit(openid, { content: 'hi' }, verdict)
          sent.push({ openid, time })
        }
        for (const last of sent) {
          const within = (span: number) => sent.filter(item => item.time <= last.time && item.time > last.time - span)
          expect(within(1000).length).to.be.at.most(3)
          expect(within(minute).length).to.be.at.most(20)
          expect(within(minute).filter(({ openid }) => openid === last.openid).length).to.be.at.most(5)
        }
      }))
    })

    it('may wait for audit', async () => {
      platform.add('u')
      platform.audit = true
      const { status, data } = await client.call('POST', '/v2/users/u/messages', { content: 'hi' })
      expect([status, data.code]).to.deep.equal([202, 304023])
      expect(data.data.message_audit.audit_id).to.be.a('string')
      expect(platform.accepted()).to.have.length(0)
    })
  })
})
