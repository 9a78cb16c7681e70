import { createPrivateKey, createPublicKey, randomUUID, sign, verify } from 'node:crypto'
import { setMaxListeners } from 'node:events'
import { request } from 'node:http'
import { readText } from './answer'
import { Envelope } from './types'

const pkcs8 = Buffer.from('302e020100300506032b657004220420', 'hex')

export interface Webhook {
  url: string
  /** How often an event is sent again when it was not answered with 2xx. */
  retries?: number
}

export interface WebhookOptions {
  appid: string
  secret: string
  now: () => number
}

/** The webhook side: signs events and posts them, one after the other. */
export class Poster {
  readonly undelivered: Envelope[] = []
  private queue: Promise<void> = Promise.resolve()
  private controller = new AbortController()

  constructor(private options: WebhookOptions) {
    // as many as are under way at once
    setMaxListeners(0, this.controller.signal)
  }

  /** Returns at once; `idle` tells when it is through. */
  enqueue(webhook: Webhook, envelope: Envelope) {
    this.queue = this.queue.then(() => this.push(webhook, envelope))
  }

  async idle(): Promise<void> {
    const queue = this.queue
    await queue
    if (queue !== this.queue) return this.idle()
  }

  stop() {
    this.controller.abort()
  }

  deliver(url: string, payload: unknown) {
    const { appid, secret, now } = this.options
    const text = JSON.stringify(payload)
    const timestamp = Math.floor(now() / 1000).toString()
    return post(url, text, this.controller.signal, {
      'content-type': 'application/json',
      'X-Bot-Appid': appid,
      'X-Signature-Timestamp': timestamp,
      'X-Signature-Ed25519': sign(null, Buffer.from(timestamp + text), privateKey(secret)).toString('hex'),
    })
  }

  /** Asks whether whoever answers at the address holds the secret. */
  async verify(url: string) {
    const { secret, now } = this.options
    const token = randomUUID()
    const time = Math.floor(now() / 1000).toString()
    const response = await this.deliver(url, { op: 13, d: { plain_token: token, event_ts: time } })
    const answer: any = await response.json().catch(() => undefined)
    if (answer?.plain_token !== token || typeof answer.signature !== 'string') return false
    const signature = Buffer.from(answer.signature, 'hex')
    return verify(null, Buffer.from(time + token), createPublicKey(privateKey(secret)), signature)
  }

  private async push({ url, retries = 3 }: Webhook, envelope: Envelope) {
    for (let i = 0; i <= retries && !this.controller.signal.aborted; i++) {
      const response = await this.deliver(url, envelope).catch(() => undefined)
      if (response?.ok) return
    }
    this.undelivered.push(envelope)
  }
}

function privateKey(secret: string) {
  const seed = Buffer.from(secret.repeat(Math.ceil(32 / secret.length))).subarray(0, 32)
  return createPrivateKey({ key: Buffer.concat([pkcs8, seed]), format: 'der', type: 'pkcs8' })
}

// Not `fetch`, whose timers would be at the mercy of a faked clock.
function post(url: string, text: string, signal: AbortSignal, headers: Record<string, string>) {
  return new Promise<Response>((resolve, reject) => {
    const call = request(url, { method: 'POST', agent: false, headers, signal }, async (message) => {
      try {
        const body = await readText(message)
        const status = message.statusCode!
        resolve(new Response([204, 304].includes(status) ? null : body, { status }))
      } catch (error) {
        reject(error)
      }
    })
    call.on('error', reject)
    call.end(text)
  })
}
