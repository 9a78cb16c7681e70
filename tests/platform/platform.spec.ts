import { createServer, Server } from 'node:http'
import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { AddressInfo } from 'node:net'
import { getPublicKeyAsync, signAsync, verifyAsync } from '@noble/ed25519'
import { QQBot } from '@satorijs/adapter-qq'
import { HTTP } from '@koishijs/plugin-http'
import { install } from '@sinonjs/fake-timers'
import { expect } from 'chai'
import * as fc from 'fast-check'
import { Context, Dict, Plugin, Universal } from 'koishi'
import { Platform, PlatformOptions } from '.'
import { readText } from './answer'
import { Client } from './client'
import { judge, Situation } from './rules'
import { World } from './world'

const minute = 60_000
const unlimited = { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity }

describe('the stand-in platform', () => {
  let platform: Platform
  let client: Client
  let now: number

  async function start(options: PlatformOptions = {}) {
    await platform?.stop()
    now = Date.UTC(2026, 0, 1)
    platform = await Platform.start({ now: () => now, limits: unlimited, ...options })
    client = new Client(platform)
  }

  beforeEach(() => start())

  afterEach(async () => {
    client.terminate()
    await platform.stop()
    platform = undefined!
  })

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
      expect(await client.send('u', { content: 'hi', msg_id: d.id })).to.equal(40034025)
      expect(await client.send('v', { content: 'hi', msg_id: d.id, event_id: id })).to.equal(40034025)
    })

    it('refuses ids that are too old, or too new', async () => {
      await start({ freshFor: 1000 })
      const event = platform.add('u')
      const message = platform.message('u')
      expect(await client.send('u', { content: 'hi', event_id: event.id })).to.equal(40034025)
      expect(await client.send('u', { content: 'hi', msg_id: message.d.id })).to.equal(undefined)
      now += 1000
      expect(await client.send('u', { content: 'hi', event_id: event.id })).to.equal(undefined)
      now += 60 * minute
      expect(await client.send('u', { content: 'hi', event_id: event.id, msg_seq: 2 })).to.equal(40034026)
      expect(await client.send('u', { content: 'hi', msg_id: message.d.id, msg_seq: 2 })).to.equal(40034026)
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
      now += 1000
      expect(await send('u', 2)).to.deep.equal([0, 22009])
      expect(await send('v', 2)).to.deep.equal([0, 0])
      now += 1000
      expect(await send('v', 1)).to.deep.equal([22009])
      now += minute
      expect(await send('u', 2)).to.deep.equal([0, 40034100])
      now += 24 * 60 * minute
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

  describe('bodies', () => {
    it('are checked', async () => {
      platform.add('u')
      const { d } = platform.message('u')
      expect(await client.send('u', { content: ' ' })).to.equal(40034006)
      expect(await client.send('u', {})).to.equal(40034006)
      expect(await client.send('u', { content: 'x'.repeat(4001) })).to.equal(40054007)
      expect(await client.send('u', { content: 'x'.repeat(4000) })).to.equal(undefined)
      expect(await client.send('u', { markdown: { content: '# hi' }, msg_type: 2 })).to.equal(undefined)
      expect(await client.send('u', { content: ' ', media: { file_info: 'x' }, msg_type: 7 })).to.equal(undefined)
      expect(await client.send('u', '{')).to.equal(11255)
      for (const seq of [-1, 1.5, 2 ** 32, '1']) {
        expect(await client.send('u', { content: 'hi', msg_id: d.id, msg_seq: seq })).to.equal(11255)
      }
      expect(await client.send('u', { content: 'hi', msg_id: d.id, msg_seq: 2 ** 32 - 1 })).to.equal(undefined)
    })

    it('are answered in the platform\'s form', async () => {
      platform.add('u')
      const refused = await client.call('POST', '/v2/users/x/messages', { content: 'hi' })
      expect(refused.status).to.equal(400)
      expect(refused.data).to.have.all.keys('code', 'err_code', 'message', 'trace_id')
      const { data } = await client.call('POST', '/v2/users/u/messages', { content: 'hi' })
      expect(data).to.deep.equal({ id: platform.posts[1].id, timestamp: '2026-01-01T08:00:00+08:00' })
    })
  })

  describe('other requests', () => {
    it('need the right authorization', async () => {
      const { status, data } = await client.call('GET', '/gateway', undefined, 'Bot 1.x')
      expect([status, data.code]).to.deep.equal([401, 11241])
    })

    it('include the bot itself, files and acknowledgements', async () => {
      expect((await client.call('GET', '/users/@me')).data.id).to.equal(platform.selfId)
      expect((await client.call('POST', '/v2/users/u/files', {})).data).to.have.all.keys('file_uuid', 'file_info', 'ttl')
      const { d } = platform.reject('u', { via: 'interaction' })
      expect((await client.call('PUT', `/interactions/${d.id}`, { code: 0 })).status).to.equal(204)
      expect(platform.acknowledged).to.deep.equal([d.id])
      expect(platform.unknownRequests).to.have.length(0)
    })

    it('reach groups that are known', async () => {
      platform.groupMessage('g', 'm', 'hi')
      expect((await client.call('POST', '/v2/groups/g/messages', { content: 'hi' })).status).to.equal(200)
      expect(platform.unknownRequests).to.have.length(0)
      expect((await client.call('POST', '/v2/groups/undefined/messages', { content: 'hi' })).data.code).to.equal(11255)
      expect((await client.call('GET', '/v2/users')).status).to.equal(404)
      expect((await client.call('PUT', '/interactions/undefined', {})).status).to.equal(404)
      expect(platform.unknownRequests.map(({ path }) => path)).to.deep.equal(['/v2/groups/undefined/messages', '/v2/users', '/interactions/undefined'])
      expect(platform.posts.map(({ kind, reached }) => [kind, reached])).to.deep.equal([['group', true], ['group', false]])
    })
  })

  describe('faults', () => {
    beforeEach(() => platform.add('u'))

    it('answer with a code, as often as told', async () => {
      platform.fail({ code: 40054006, times: 2 })
      expect(await client.send('u', { content: 'hi' })).to.equal(40054006)
      expect(await client.send('u', { content: 'hi' })).to.equal(40054006)
      expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
      expect(platform.accepted()).to.have.length(1)
    })

    it('hit the posts they are meant for, until taken back', async () => {
      const cancel = platform.fail({ status: 502, times: Infinity, when: ({ target }) => target === 'v' })
      platform.add('v')
      expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
      expect((await client.call('POST', '/v2/users/v/messages', { content: 'hi' })).status).to.equal(502)
      cancel()
      expect(await client.send('v', { content: 'hi' })).to.equal(undefined)
    })

    it('lose an answer, but not the message', async () => {
      for (const accept of [true, false]) {
        platform.fail({ close: true, accept })
        const outcome = await client.send('u', { content: 'hi' }).then(() => 'answered', () => 'lost')
        expect(outcome).to.equal('lost')
        expect(platform.accepted()).to.have.length(1)
      }
    })

    it('garble an answer', async () => {
      platform.fail({ body: '<html>' })
      const outcome = await client.send('u', { content: 'hi' }).then(() => 'parsed', () => 'garbled')
      expect(outcome).to.equal('garbled')
    })

    it('hang until the end', async () => {
      platform.fail({ hang: true })
      const outcome = client.send('u', { content: 'hi' }).then(() => 'answered', () => 'lost')
      expect((await platform.posted()).status).to.equal(0)
      await start()
      expect(await outcome).to.equal('lost')
    })

    it('take their time whatever the clock says', async () => {
      const clock = install({ toFake: ['Date', 'setTimeout', 'setInterval', 'clearTimeout', 'clearInterval'] })
      try {
        platform.latency = 5
        platform.fail({ delay: 5 })
        expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
      } finally {
        clock.uninstall()
      }
    })
  })

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

  describe('webhook', () => {
    const key = new TextEncoder().encode('0123456789'.repeat(4).slice(0, 32))
    let server: Server
    let received: { valid: boolean; body: any }[]
    let statuses: number[]

    beforeEach(async () => {
      await start({ secret: '0123456789' })
      received = []
      statuses = []
      server = createServer(async (request, response) => {
        const text = await readText(request)
        const body = JSON.parse(text)
        const signature = request.headers['x-signature-ed25519'] as string
        const message = Buffer.from(request.headers['x-signature-timestamp'] + text)
        const valid = await verifyAsync(signature, message, await getPublicKeyAsync(key))
        received.push({ valid: valid && request.headers['x-bot-appid'] === platform.appid, body })
        response.statusCode = statuses.shift() ?? 200
        if (body.op !== 13) return response.end('{"d":{},"op":12}')
        const answer = await signAsync(Buffer.from(body.d.event_ts + body.d.plain_token), key)
        response.end(JSON.stringify({ plain_token: body.d.plain_token, signature: Buffer.from(answer).toString('hex') }))
      })
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      platform.webhook = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/qq` }
    })

    afterEach(() => {
      server.close()
    })

    it('is signed, and in order', async () => {
      const sent = [platform.add('u'), platform.message('u', '你好'), platform.remove('u')]
      await platform.idle()
      expect(received).to.deep.equal(sent.map(body => ({ valid: true, body })))
      const response = await platform.deliver(sent[0])
      expect([response.status, await response.json()]).to.deep.equal([200, { d: {}, op: 12 }])
    })

    it('is tried again, with the same id', async () => {
      statuses = [500, 403, 200]
      const { id } = platform.add('u')
      await platform.idle()
      expect(received.map(({ body }) => body.id)).to.deep.equal([id, id, id])
      statuses = [500, 500, 500, 500]
      platform.remove('u')
      await platform.idle()
      expect(received).to.have.length(7)
      expect(platform.undelivered.map(({ t }) => t)).to.deep.equal(['FRIEND_DEL'])
    })

    it('is verified', async () => {
      expect(await platform.verifyWebhook()).to.equal(true)
      key[0] ^= 1
      expect(await platform.verifyWebhook()).to.equal(false)
      key[0] ^= 1
    })
  })

  describe('with the real adapter', () => {
    it('comes online, hears a message, and is answered', async () => {
      const app = new Context()
      app.plugin(HTTP as never)
      const adapter = app.plugin(QQBot as never as Plugin.Constructor<Context, Dict>, {
        id: platform.appid,
        token: platform.token,
        secret: platform.secret,
        type: 'public',
        authType: 'bot',
        endpoint: platform.endpoint,
        intents: 1 << 25 | 1 << 26,
        protocol: 'websocket',
        retryWhen: [],
        manualAcknowledge: false,
        sandbox: false,
        retryTimes: 6,
        retryInterval: 5,
        retryLazy: 5,
      })
      now = Date.now()
      const sent = new Promise((resolve) => {
        app.on('message', session => resolve(session.send(`${session.content}, too`)))
      })
      await app.start()
      await platform.connected()
      const bot = () => app.bots[`qq:${platform.selfId}`]
      while (bot()?.status !== Universal.Status.ONLINE) await new Promise<void>(resolve => setImmediate(resolve))
      const { d } = platform.message('u', 'hello')
      const post = await platform.posted()
      expect(post).to.deep.include({ kind: 'user', target: 'u', route: 'msg', status: 200, reached: true })
      expect(await sent).to.deep.equal([post.id])
      expect(post.body).to.deep.include({ content: 'hello, too', msg_id: d.id, msg_seq: 1 })
      expect(platform.unknownRequests).to.have.length(0)
      adapter.dispose()
      await app.stop()
    })
  })
})
