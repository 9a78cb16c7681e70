/** Rule: the stand-in's gateway numbers dispatches, delivers what was subscribed to, replays what was missed, and refuses the rest. */
import { setTimeout as sleep } from 'node:timers/promises'
import { expect } from 'chai'
import { client, platform, start, usePlatform } from './setup'

describe('the stand-in platform', () => {
  usePlatform()

  describe('gateway', () => {
    it('numbers all dispatches', async () => {
      const ready = await client.identify()
      await platform.connected()
      expect(ready.d.user).to.deep.equal({ id: platform.selfId, username: 'stand-in', bot: true })
      const sent = [platform.add('u'), platform.message('u', 'hi'), platform.dispatch('FRIEND_ADD', { openid: 1 })]
      for (const [index, envelope] of sent.entries()) {
        expect(await client.until(() => true)).to.deep.equal(envelope)
        expect(envelope.s).to.equal(ready.s + index + 1)
      }
      platform.replay(sent[0])
      expect(await client.until(() => true)).to.deep.equal(sent[0])
      expect(platform.dispatch('FRIEND_ADD', {}, { id: null, s: false })).to.deep.equal({ op: 0, t: 'FRIEND_ADD', d: {} })
    })

    it('delivers what was subscribed to', async () => {
      await client.identify(1 << 26)
      platform.add('u')
      const { id } = platform.reject('u', { via: 'both' })[1]
      expect(await client.until(() => true)).to.have.property('id', id)
      client.terminate()
      await client.close()
      await client.identify(1 << 25)
      platform.allow('u', { via: 'interaction' })
      platform.add('u')
      expect(await client.until(() => true)).to.have.property('t', 'FRIEND_ADD')
      await start({ strict: false })
      await client.identify(0)
      platform.add('u')
      expect(await client.until(() => true)).to.have.property('t', 'FRIEND_ADD')
    })

    it('replays what was missed, then goes on', async () => {
      const ready = await client.identify()
      const first = platform.add('u')
      await client.until(({ id }) => id === first.id)
      platform.drop(4009)
      expect(await client.close()).to.equal(4009)
      const missed = [platform.message('u'), platform.remove('u')]
      expect(await client.resume(ready.d.session_id, first.s)).to.have.property('t', 'RESUMED')
      expect(client.received).to.deep.equal(missed)
      const next = platform.add('u')
      expect(await client.until(({ id }) => id === next.id)).to.deep.equal(next)
      expect(platform.resumes).to.have.length(1)
    })

    it('replays nothing to a new session', async () => {
      platform.add('u')
      const ready = await client.identify()
      const { id } = platform.remove('u')
      await client.until(payload => payload.id === id)
      expect(client.received).to.have.length(0)
      expect(ready.s).to.equal(2)
    })

    it('refuses sessions it does not know', async () => {
      const ready = await client.identify()
      platform.drop()
      await client.close()
      platform.forget()
      expect(await client.resume(ready.d.session_id, 1)).to.have.property('op', 9)
      expect(await client.close()).to.equal(4006)
      const { d } = await client.identify()
      platform.drop()
      await client.close()
      await client.resume(d.session_id, undefined)
      expect(await client.close()).to.equal(4007)
    })

    it('refuses intents that are not permitted', async () => {
      platform.permittedIntents = 1 << 25
      await client.identify().catch(() => {})
      expect(client.closed).to.equal(4014)
    })

    it('wants heartbeats', async () => {
      platform.heartbeatInterval = 60
      await client.identify()
      await sleep(60)
      client.post(1, 1)
      const beat = Date.now()
      await client.until(({ op }) => op === 11)
      expect(await client.close()).to.equal(4009)
      expect(Date.now() - beat).to.be.at.least(140)
    })
  })
})
