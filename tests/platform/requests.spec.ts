/** Rule: the stand-in checks bodies, rights and the number of requests, refuses by the platform's codes, and fails as it is told. */
import { expect } from 'chai'
import { freeze } from '../clock'
import { toMeaning } from '../../src/delivery/codes'
import { findCode, listCodes } from './codes'
import { client, minute, pass, platform, start, usePlatform } from './setup'

describe('the stand-in platform', () => {
  usePlatform()

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
      expect(await client.send('u', '{')).to.equal(40011000)
      for (const seq of [-1, 1.5, 2 ** 32, '1']) {
        expect(await client.send('u', { content: 'hi', msg_id: d.id, msg_seq: seq })).to.equal(40011000)
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

  describe('refusals', () => {
    beforeEach(() => platform.add('u'))

    it('know every code', async () => {
      for (const code of listCodes()) {
        platform.fail({ code })
        const { status, data } = await client.call('POST', '/v2/users/u/messages', { content: 'hi' })
        expect(data.code).to.equal(code)
        expect(status).to.be.oneOf([202, 400, 401])
        expect(data.message, `${code}`).to.not.equal('request failed')
      }
    })

    it('are the platform\'s own for every code that the plugin knows', () => {
      const inner = listCodes().map(code => findCode(code).inner)
      for (const code of listCodes()) expect(toMeaning(code), `${code}`).to.be.a('string')
      for (const code of inner) if (code) expect(toMeaning(code), `${code}`).to.be.a('string')
    })

    it('of the gateway carry two different numbers', async () => {
      platform.fail({ code: 11244 })
      const { status, data } = await client.call('POST', '/v2/users/u/messages', { content: 'hi' })
      expect([status, data.code, data.err_code]).to.deep.equal([401, 11244, 40011027])
    })

    for (const [field, codes] of [['both', [11255, 40011028]], ['code', [11255, undefined]], ['err_code', [undefined, 40011028]]] as const) {
      it(`carry their code as ${field}`, async () => {
        platform.codeField = field
        platform.fail({ code: 11255 })
        const { data } = await client.call('POST', '/v2/users/u/messages', { content: 'hi' })
        expect([data.code, data.err_code]).to.deep.equal(codes)
        expect(platform.posts[0].code).to.equal(11255)
        platform.audit = true
        const audit = await client.call('POST', '/v2/users/u/messages', { content: 'hi' })
        expect([audit.status, audit.data.code ?? audit.data.err_code]).to.deep.equal([202, 304023])
      })
    }
  })

  describe('too many requests', () => {
    it('are refused, files included, whatever they are for', async () => {
      platform.add('u')
      platform.requestsPerSecond = 3
      const { d } = platform.message('u')
      expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
      expect(await client.send('u', { content: 'hi', msg_id: d.id })).to.equal(undefined)
      expect((await client.call('POST', '/v2/users/u/files', {})).status).to.equal(200)
      const { status, data } = await client.call('POST', '/v2/users/u/messages', { content: 'hi', msg_id: d.id, msg_seq: 2 })
      expect([status, data.code, data.err_code]).to.deep.equal([429, 100017, 40023001])
      expect((await client.call('POST', '/v2/users/u/files', {})).status).to.equal(429)
      expect(platform.tooFrequent).to.equal(2)
      pass(1000)
      expect(await client.send('u', { content: 'hi', msg_id: d.id, msg_seq: 2 })).to.equal(undefined)
    })
  })

  describe('links', () => {
    const make = async (data: unknown) => (await client.call('POST', '/v2/generate_url_link', { callback_data: data })).data

    it('are answered in three ways', async () => {
      const url = /^https:\/\/bot\.q\.qq\.com\/s\/\w{8}$/
      const first = await make('poster-1')
      expect(first).to.deep.include({ retcode: 0, msg: 'success' })
      expect(first.data.url).to.match(url)
      platform.links.shape = 'data'
      expect(Object.keys(await make('poster-1'))).to.deep.equal(['data'])
      platform.links.shape = 'url_link'
      expect((await make('poster-1')).url_link).to.match(url)
      expect([...platform.links.made.values()]).to.deep.equal(['poster-1', 'poster-1', 'poster-1'])
    })

    it('carry letters, digits and hyphens', async () => {
      for (const data of ['', 'a:b', 'a b', '中', 'x'.repeat(33), 5]) {
        expect(await make(data)).to.include({ retcode: 51 })
        pass(minute)
      }
      expect(await make('x'.repeat(32))).to.include({ retcode: 0 })
    })

    it('are asked for with nothing else, and refused where a test says so', async () => {
      const { data } = await client.call('POST', '/v2/generate_url_link', { callback_data: 'a', callbackData: 'a' })
      expect(data).to.include({ retcode: 51 })
      platform.links.misbehaviour.push({ status: 200, body: { retcode: 10044, msg: 'no' } })
      expect(await make('a')).to.deep.equal({ retcode: 10044, msg: 'no' })
      expect(await make('a')).to.include({ retcode: 0 })
      expect(platform.links.asked).to.deep.equal(['a', 'a', 'a'])
    })

    it('are made nine in a row', async () => {
      for (let time = 0; time < 9; time++) expect(await make('a')).to.include({ retcode: 0 })
      expect(await make('a')).to.include({ code: 100017, err_code: 40023001 })
      pass(minute)
      expect(await make('a')).to.include({ retcode: 0 })
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
      const clock = freeze()
      try {
        platform.latency = 5
        platform.fail({ delay: 5 })
        expect(await client.send('u', { content: 'hi' })).to.equal(undefined)
      } finally {
        clock.uninstall()
      }
    })
  })
})
