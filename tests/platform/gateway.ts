import { randomUUID } from 'node:crypto'
import { IncomingMessage } from 'node:http'
import { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import { Timers } from './clock'
import { Envelope, Identify, Resume } from './types'

interface Client {
  socket: WebSocket
  /** Undefined until identified. */
  intents?: number
  /** Puts off the end for want of heartbeats. */
  beat(): void
  leave(): void
}

export interface GatewayOptions {
  authorization: string
  selfId: string
  name: string
  strict: boolean
}

/** The WebSocket side. */
export class Gateway {
  readonly identifies: Identify[] = []
  readonly resumes: Resume[] = []
  heartbeatInterval = 30_000
  /** Intents that the bot may subscribe to. */
  permitted = ~0

  private seq = 0
  private log: { s: number; envelope: Envelope }[] = []
  private sessions = new Map<string, number>()
  private clients = new Set<Client>()
  private waiting: (() => void)[] = []
  private server = new WebSocketServer({ noServer: true })
  private timers = new Timers()

  constructor(private options: GatewayOptions) {}

  upgrade(request: IncomingMessage, socket: Duplex, head: Buffer) {
    if (request.url !== '/gateway') return socket.destroy()
    this.server.handleUpgrade(request, socket, head, socket => this.greet(socket))
  }

  next() {
    return ++this.seq
  }

  /** Keeps an event for those who resume. */
  record(s: number, envelope: Envelope) {
    this.log.push({ s, envelope })
  }

  send(envelope: Envelope) {
    for (const { socket, intents } of this.clients) {
      if (intents !== undefined && this.subscribed(intents, envelope)) socket.send(JSON.stringify(envelope))
    }
  }

  async connected() {
    if ([...this.clients].some(({ intents }) => intents !== undefined)) return
    await new Promise<void>(resolve => this.waiting.push(resolve))
  }

  drop(code?: number) {
    for (const { socket, leave } of this.clients) {
      leave()
      if (code) socket.close(code)
      else socket.terminate()
    }
  }

  /** Forgets all sessions, so that none can be resumed. */
  forget() {
    this.sessions.clear()
  }

  stop() {
    for (const socket of this.server.clients) socket.terminate()
    this.clients.clear()
    this.server.close()
    this.timers.clear()
  }

  private subscribed(intents: number, { t }: Envelope) {
    if (!this.options.strict) return true
    if (/^(FRIEND|C2C|GROUP)_/.test(t)) return !!(intents & 1 << 25)
    if (t === 'INTERACTION_CREATE') return !!(intents & 1 << 26)
    return true
  }

  private greet(socket: WebSocket) {
    let cancel = () => {}
    const beat = () => {
      cancel()
      cancel = this.timers.set(() => socket.close(4009), this.heartbeatInterval * 2.5)
    }
    const leave = () => {
      cancel()
      this.clients.delete(client)
    }
    const client: Client = { socket, beat, leave }
    this.clients.add(client)
    beat()
    socket.on('close', leave)
    socket.on('error', () => socket.terminate())
    socket.on('message', data => this.receive(client, data.toString()))
    socket.send(JSON.stringify({ op: 10, d: { heartbeat_interval: this.heartbeatInterval } }))
  }

  private receive(client: Client, text: string) {
    if (!this.clients.has(client)) return
    const { op, d } = parse(text)
    if (op === 1) {
      client.beat()
      client.socket.send(JSON.stringify({ op: 11 }))
    } else if (op === 2) {
      this.identify(client, d)
    } else if (op === 6) {
      this.resume(client, d)
    } else {
      client.socket.close(op === undefined ? 4002 : 4001)
    }
  }

  private identify(client: Client, d: Identify) {
    this.identifies.push(d)
    if (d?.token !== this.options.authorization) return this.invalidate(client, 4006)
    if (d.intents & ~this.permitted) return client.socket.close(4014)
    const sessionId = randomUUID()
    this.sessions.set(sessionId, d.intents)
    const user = { id: this.options.selfId, username: this.options.name, bot: true }
    this.admit(client, d.intents, 'READY', { version: 1, session_id: sessionId, user, shard: d.shard ?? [0, 1] })
  }

  private resume(client: Client, d: Resume) {
    this.resumes.push(d)
    const intents = this.sessions.get(d?.session_id)
    if (intents === undefined || d.token !== this.options.authorization) return this.invalidate(client, 4006)
    if (typeof d.seq !== 'number' || d.seq > this.seq) return this.invalidate(client, 4007)
    for (const { s, envelope } of this.log) {
      if (s > d.seq && this.subscribed(intents, envelope)) client.socket.send(JSON.stringify(envelope))
    }
    this.admit(client, intents, 'RESUMED', '')
  }

  private admit(client: Client, intents: number, t: string, d: unknown) {
    client.intents = intents
    client.socket.send(JSON.stringify({ op: 0, s: this.next(), t, d }))
    for (const resolve of this.waiting.splice(0)) resolve()
  }

  private invalidate({ socket }: Client, code: number) {
    socket.send(JSON.stringify({ op: 9, d: false }))
    socket.close(code)
  }
}

function parse(text: string): { op?: number; d?: any } {
  try {
    return Object(JSON.parse(text))
  } catch {
    return {}
  }
}
