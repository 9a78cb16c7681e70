import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { createServer, Server } from 'node:http'
import { AddressInfo } from 'node:net'
import { Api } from './api'
import { Gateway } from './gateway'
import * as payloads from './payloads'
import { CodeField, Envelope, Fault, PlatformOptions, Post } from './types'
import { Poster, Webhook } from './webhook'
import { World } from './world'

export * from './types'
export type { Webhook } from './webhook'

export interface DispatchOptions {
  /** Id of the envelope; `null` leaves it out. */
  id?: string | null
  /** With `false`, the envelope carries no `s`. */
  s?: boolean
}

export interface EventOptions {
  /** Id of the envelope. */
  id?: string
  /** When it happened, in milliseconds, as the payload tells it; reply windows count from the dispatch. */
  timestamp?: number
}

export interface SwitchOptions extends EventOptions {
  via?: 'c2c' | 'interaction' | 'both'
  optScene?: 'setting' | 'dialog' | 'friend_del'
}

export interface MessageOptions extends EventOptions {
  username?: string
  /** Id of the message itself. */
  messageId?: string
}

/** A strict stand-in for the QQ bot platform, on loopback, for one bot. */
export class Platform {
  readonly appid: string
  readonly token: string
  readonly secret: string
  readonly selfId = randomUUID().replace(/\D/g, '').padEnd(19, '0').slice(0, 19)
  /** Where events are posted to, instead of the WebSocket. */
  webhook?: Webhook

  private world: World
  private gateway: Gateway
  private api: Api
  private poster: Poster
  private server: Server
  private port = 0

  static async start(options: PlatformOptions = {}) {
    const platform = new Platform(options)
    platform.server.listen(options.port ?? 0, '127.0.0.1')
    await once(platform.server, 'listening')
    platform.port = (platform.server.address() as AddressInfo).port
    return platform
  }

  private constructor({ strict = true, ...options }: PlatformOptions) {
    this.appid = options.appid ?? '102000001'
    this.token = options.token ?? 'token'
    this.secret = options.secret ?? 'stand-in-secret-of-32-characters'
    const now = options.now ?? (() => Date.now())
    const authorization = `Bot ${this.appid}.${this.token}`
    const { selfId } = this
    const name = options.name ?? 'stand-in'
    this.world = new World(now, options.limits, options.freshFor)
    this.gateway = new Gateway({ authorization, selfId, name, strict })
    const gatewayUrl = () => this.endpoint.replace('http', 'ws') + 'gateway'
    this.api = new Api({ world: this.world, authorization, selfId, name, gatewayUrl })
    this.poster = new Poster({ appid: this.appid, secret: this.secret, now })
    // longer than a client keeps what is idle, as a proxy on the web has it: Node's own five seconds may end while a request sets out
    this.server = createServer({ keepAliveTimeout: 75_000 }, (request, response) => this.api.handle(request, response))
    this.server.on('upgrade', (request, socket, head) => this.gateway.upgrade(request, socket, head))
  }

  get endpoint() {
    return `http://127.0.0.1:${this.port}/`
  }

  async stop() {
    this.poster.stop()
    this.api.stop()
    this.gateway.stop()
    const closed = once(this.server, 'close')
    this.server.close()
    this.server.closeAllConnections()
    await closed
  }

  // what users do

  /** Adds the bot. The user's switch stays as it was. */
  add(openid: string, { scene, sceneParam, ...options }: payloads.Arrival & EventOptions = {}) {
    const returning = this.world.users.has(openid) && scene === undefined && sceneParam === undefined
    this.world.user(openid).friend = true
    const arrival = returning ? undefined : { scene, sceneParam }
    return this.dispatch('FRIEND_ADD', payloads.friendAdd(openid, this.time(options), arrival), options)
  }

  /** Deletes the bot. */
  remove(openid: string, options: EventOptions = {}) {
    this.world.user(openid).friend = false
    return this.dispatch('FRIEND_DEL', payloads.plain(openid, this.time(options)), options)
  }

  /** Turns proactive messages off. With `optScene: 'friend_del'` the switch stays as it was. */
  reject(openid: string, options: SwitchOptions & { via: 'both' }): [Envelope, Envelope]
  reject(openid: string, options?: SwitchOptions & { via?: 'c2c' | 'interaction' }): Envelope
  reject(openid: string, options: SwitchOptions = {}) {
    return this.toggle(openid, false, options)
  }

  /** Turns proactive messages on. */
  allow(openid: string, options: SwitchOptions & { via: 'both' }): [Envelope, Envelope]
  allow(openid: string, options?: SwitchOptions & { via?: 'c2c' | 'interaction' }): Envelope
  allow(openid: string, options: SwitchOptions = {}) {
    return this.toggle(openid, true, options)
  }

  /** Writes to the bot, which makes the user a friend. */
  message(openid: string, content = 'hello', { username, messageId, ...options }: MessageOptions = {}) {
    const user = this.world.user(openid)
    user.friend = true
    user.username = username ?? user.username
    const d = payloads.c2cMessage(openid, this.time(options), content, user.username, messageId)
    return this.dispatch('C2C_MESSAGE_CREATE', d, options)
  }

  /** Mentions the bot in a group, which makes the group known. */
  groupMessage(groupOpenid: string, memberOpenid: string, content = 'hello') {
    return this.dispatch('GROUP_AT_MESSAGE_CREATE', payloads.groupMessage(groupOpenid, memberOpenid, this.world.now(), content))
  }

  /** Sends out any event, `d` exactly as given. Users' state stays as it was. */
  dispatch(t: string, d: unknown, { id = `${t}:${randomUUID()}`, s: numbered = true }: DispatchOptions = {}) {
    const s = this.gateway.next()
    const envelope = { ...id !== null && { id }, op: 0, ...numbered && { s }, t, d } as Envelope
    this.world.learn(envelope)
    if (!this.webhook) this.gateway.record(s, envelope)
    this.replay(envelope)
    return envelope
  }

  /** Sends out the very same envelope again. */
  replay(envelope: Envelope) {
    if (this.webhook) this.poster.enqueue(this.webhook, envelope)
    else this.gateway.send(envelope)
  }

  /** Tells of the same once more, in an envelope of its own. */
  double({ t, d }: Envelope) {
    return this.dispatch(t, d)
  }

  // transports

  /** Posts one event to the webhook and hands back the answer. */
  async deliver(envelope: Envelope) {
    return this.poster.deliver(this.webhook!.url, envelope)
  }

  /** The handshake by which the platform makes sure of the webhook's address. */
  async verifyWebhook() {
    return this.poster.verify(this.webhook!.url)
  }

  /** Resolves once all events were posted to the webhook, or given up. */
  idle() {
    return this.poster.idle()
  }

  /** Events that the webhook did not take, retries included. */
  get undelivered() { return this.poster.undelivered }

  /** Counts the connections that are open from now on. */
  watchSockets() {
    const sockets = { open: 0, most: 0 }
    this.server.on('connection', (socket) => {
      sockets.most = Math.max(sockets.most, ++sockets.open)
      socket.on('close', () => sockets.open--)
    })
    return sockets
  }

  /** Resolves once a client is identified or resumed. */
  connected() {
    return this.gateway.connected()
  }

  /** Closes all sockets with a code, or breaks them without one. Sessions can be resumed. */
  drop(code?: number) {
    this.gateway.drop(code)
  }

  /** Forgets all sessions: the next RESUME is refused. */
  forget() {
    this.gateway.forget()
  }

  get heartbeatInterval() { return this.gateway.heartbeatInterval }
  set heartbeatInterval(value) { this.gateway.heartbeatInterval = value }
  /** Intents that the bot may subscribe to; others close the gateway with 4014. */
  get permittedIntents() { return this.gateway.permitted }
  set permittedIntents(value) { this.gateway.permitted = value }
  get identifies() { return this.gateway.identifies }
  get resumes() { return this.gateway.resumes }

  // what the bot did

  get posts() { return this.api.posts }
  get files() { return this.api.files }
  get tooFrequent() { return this.api.tooFrequent }
  get acknowledged() { return this.api.acknowledged }
  get unknownRequests() { return this.api.unknownRequests }

  /** Messages that reached users, or this user. */
  accepted(openid?: string) {
    return this.posts.filter(post => post.reached && post.kind === 'user' && (!openid || post.target === openid))
  }

  /** Resolves with the first post that fits, past or future. */
  posted(when: (post: Post) => boolean = () => true) {
    const past = this.posts.find(when)
    if (past) return Promise.resolve(past)
    return new Promise<Post>((resolve) => {
      const cancel = this.api.watch((post) => {
        if (!when(post)) return
        cancel()
        resolve(post)
      })
    })
  }

  get users() { return this.world.users }

  // faults

  /** Makes the API misbehave; returns a way to take it back. */
  fail(fault: Fault) {
    return this.api.faults.add(fault)
  }

  get latency() { return this.api.latency }
  set latency(value) { this.api.latency = value }
  /** Whether bots are not told who they are. */
  get secretive() { return this.api.secretive }
  set secretive(value) { this.api.secretive = value }

  get requestsPerSecond() { return this.api.requestsPerSecond }
  set requestsPerSecond(value) { this.api.requestsPerSecond = value }
  get fileCode() { return this.api.fileCode }
  set fileCode(value) { this.api.fileCode = value }
  get fileAnswer() { return this.api.fileAnswer }
  set fileAnswer(value) { this.api.fileAnswer = value }
  get audit() { return this.api.audit }
  set audit(value) { this.api.audit = value }
  get pushBanned() { return this.world.pushBanned }
  set pushBanned(value) { this.world.pushBanned = value }
  /** Whether no user may be recalled by this bot. */
  get recallClosed() { return this.world.recallClosed }
  set recallClosed(value) { this.world.recallClosed = value }
  /** Where the code stands in the body of a refusal; `both` unless told. */
  get codeField(): CodeField { return this.api.codeField }
  set codeField(value) { this.api.codeField = value }
  /** Links that were made, and how they are answered. */
  get links() { return this.api.links }
  get freshFor() { return this.world.freshFor }
  set freshFor(value) { this.world.freshFor = value }
  /** May be changed at any time. */
  get limits() { return this.world.limits }

  private time({ timestamp }: EventOptions) {
    return timestamp ?? this.world.now()
  }

  private toggle(openid: string, push: boolean, { via = 'c2c', optScene = 'setting', ...options }: SwitchOptions) {
    const time = this.time(options)
    if (optScene !== 'friend_del') this.world.user(openid).push = push
    const c2c = () => this.dispatch(push ? 'C2C_MSG_RECEIVE' : 'C2C_MSG_REJECT', payloads.plain(openid, time), options)
    const interaction = (id?: string) => this.dispatch('INTERACTION_CREATE', payloads.authorize(openid, time, push, optScene), { id })
    if (via === 'both') return [c2c(), interaction()] as [Envelope, Envelope]
    return via === 'c2c' ? c2c() : interaction(options.id)
  }
}
