import { WebSocket } from 'ws'
import { Platform } from './index'

/** A bare bot, which does nothing by itself. */
export class Client {
  readonly received: any[] = []
  closed?: number

  private socket!: WebSocket
  private wake = () => {}

  constructor(private platform: Platform) {}

  get authorization() {
    return `Bot ${this.platform.appid}.${this.platform.token}`
  }

  /** Calls the API, with JSON when there is a body. */
  async call(method: string, path: string, body?: unknown, authorization = this.authorization) {
    const response = await fetch(new URL(path, this.platform.endpoint), {
      method,
      headers: { authorization, 'content-type': 'application/json' },
      body: body === undefined ? undefined : typeof body === 'string' ? body : JSON.stringify(body),
    })
    const text = await response.text()
    return { status: response.status, data: text && JSON.parse(text) }
  }

  /** Sends a message to a user and returns the error code, if there is one. */
  async send(openid: string, body: object | string): Promise<number | undefined> {
    return (await this.call('POST', `/v2/users/${openid}/messages`, body)).data.code
  }

  async open() {
    const { data } = await this.call('GET', '/gateway')
    this.closed = undefined
    this.socket = new WebSocket(data.url)
    this.socket.on('message', (data) => {
      this.received.push(JSON.parse(data.toString()))
      this.wake()
    })
    this.socket.on('close', (code) => {
      this.closed = code
      this.wake()
    })
    return this.until(({ op }) => op === 10)
  }

  post(op: number, d?: object | number) {
    this.socket.send(JSON.stringify({ op, d }))
  }

  async identify(intents = 1 << 25 | 1 << 26) {
    await this.open()
    this.post(2, { token: this.authorization, intents, shard: [0, 1] })
    return this.until(({ t }) => t === 'READY')
  }

  async resume(session: string, seq: unknown) {
    await this.open()
    this.post(6, { token: this.authorization, session_id: session, seq } as object)
    return this.until(({ op, t }) => t === 'RESUMED' || op === 9)
  }

  /** The first payload that fits and was not returned before. */
  async until(when: (payload: any) => boolean) {
    while (true) {
      const index = this.received.findIndex(when)
      if (index >= 0) return this.received.splice(index, 1)[0]
      if (this.closed !== undefined) throw new Error(`closed with ${this.closed}`)
      await this.change()
    }
  }

  async close() {
    while (this.closed === undefined) await this.change()
    return this.closed
  }

  terminate() {
    this.socket?.terminate()
  }

  private change() {
    return new Promise<void>(resolve => this.wake = resolve)
  }
}
