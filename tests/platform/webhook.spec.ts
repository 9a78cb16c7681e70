/** Rule: the stand-in's webhook is verified, its calls are signed and in order, and it tries again with the same id. */
import { createServer, Server } from 'node:http'
import { once } from 'node:events'
import { AddressInfo } from 'node:net'
import { getPublicKeyAsync, signAsync, verifyAsync } from '@noble/ed25519'
import { expect } from 'chai'
import { readText } from './answer'
import { platform, start, usePlatform } from './setup'

describe('the stand-in platform', () => {
  usePlatform()

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
})
