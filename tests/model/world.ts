import { Session, Time } from 'koishi'
import { PushError } from '../../src'
import { unwrap } from '../../src/shared/patch'
import { Clock, freeze } from '../clock'
import { Engine } from '../database'
import { Harness, until } from '../harness'
import { Envelope, Limits, Platform } from '../platform'
import { Dice } from '../random'
import { check } from './check'
import { Model } from './model'
import { Newsroom } from './newsroom'

const { setTimeout: start, setImmediate: turn } = globalThis
const sleep = (ms: number) => new Promise(resolve => start(resolve, ms))

export interface Options {
  /** How many operations. */
  steps: number
  /** Whether other plugins write to users as well. */
  foreign?: boolean
  /** Whether some messages have several parts, each of which is a request. */
  parts?: boolean
  /** Whether another plugin takes its time in `before-send`. */
  slowPlugin?: boolean
  /** Whether the database takes its time. */
  slowDatabase?: boolean
  guard?: boolean
  /** Whether operators make broadcasts. */
  broadcasts?: boolean
  /** Whether the plugin is reloaded now and then. */
  reloads?: boolean
  /** The kind of database, SQLite unless told. */
  engine?: Engine
}

interface Request {
  sequence: number
  userId: string
  content: string
  /** What the bot had been told by then, if that forbids it. */
  violation?: string
}

interface Push {
  userId: string
  contents: string[]
  outcome: string
  signal?: AbortSignal
}

const raw = ['friend-add', 'friend-del', 'c2c-msg-reject', 'c2c-msg-receive', 'interaction-create', 'c2c-message-create']

/** Refusals that say nothing about the user. */
const refusals = [40054006, 50055002, 40034006, 40054007, 40054018]
const routeRefusals = [40034025, 40034026, 40034027, 40034128]

/** A bot and its users, who do what they like at any time. */
export class World {
  readonly model = new Model()
  readonly requests: Request[] = []
  readonly pushes: Push[] = []
  readonly rejections: unknown[] = []
  readonly mistakes: string[] = []

  readonly users: string[]
  readonly limits: Limits
  newsroom?: Newsroom
  harness!: Harness
  platform!: Platform
  /** How many events the platform sent. */
  dispatched = 0

  private clock!: Clock
  private sequence = 0
  private content = 0
  private running = new Set<Promise<unknown>>()
  private reading = 0
  private envelopes: Envelope[] = []
  private sessions: Session[] = []
  private controllers: AbortController[] = []
  private last = new Map<string, number>()

  /** For how many more steps the bot is offline. */
  private away = 0

  constructor(private dice: Dice, readonly options: Options) {
    this.users = Array.from({ length: 3 + this.dice.below(options.broadcasts ? 12 : 4) }, (_, index) => `U${index}`)
    this.limits = { botSecond: this.dice.pick([3, 8, 20]), botMinute: this.dice.pick([60, 300]), userMinute: this.dice.pick([6, 15, 30]), userDay: 10_000 }
  }

  async run() {
    const note = (error: unknown) => { this.rejections.push(error) }
    process.on('unhandledRejection', note)
    try {
      await this.start()
      for (let step = 0; step < this.options.steps; step++) await this.step()
      await this.end()
      await check(this)
    } finally {
      process.off('unhandledRejection', note)
      this.clock?.uninstall()
      await this.harness?.stop()
      await this.platform.stop()
    }
  }

  private async start() {
    const { limits, options: { foreign, slowPlugin, slowDatabase, engine, broadcasts } } = this
    // messages of others are not paced, so there the bot's own are counted below
    this.platform = await Platform.start({ limits: foreign ? { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity } : limits })
    this.platform.heartbeatInterval = Time.day
    this.harness = await Harness.start({
      platform: this.platform,
      order: ['adapter'],
      database: engine?.create(),
      prepare: app => raw.forEach(type => app.on(`qq/${type}` as never, ((d: unknown) => {
        this.sequence++
        this.model.receive(type, d)
        this.newsroom?.observe()
      }) as never)),
    })
    this.observe()
    const { app } = this.harness
    this.load()
    await until(() => app.get('qqUser'))
    await app.database.prepared()
    app.on('message', (session) => { this.sessions.push(session) })
    if (slowPlugin) app.on('before-send', async () => { await sleep(this.dice.below(6)) })
    if (slowDatabase) this.delayDatabase()
    if (broadcasts) this.openNewsroom()
    this.clock = freeze()
  }

  private load() {
    const { guard = true } = this.options
    this.harness.load({ push: { guard, tier: 'custom', ...this.limits } })
  }

  private openNewsroom() {
    const { dice, model, platform, users, mistakes, harness: { app } } = this
    const newsroom = this.newsroom = new Newsroom({
      dice,
      model,
      platform,
      users,
      mistakes,
      service: () => app.get('qqUser')?.broadcasts,
      isFixed: async id => !!(await app.database.get('qq_user_broadcast', id, ['complete']))[0]?.complete,
      follow: promise => this.follow(promise),
      write: kind => this.write(kind),
    })
    app.on('qq-user/broadcast', broadcast => newsroom.changed(broadcast))
  }

  /** Takes note of every request of the adapter's at the moment that it is made, after whatever the plugin puts before it. */
  private observe() {
    const internal = unwrap(this.harness.bot).internal as { sendPrivateMessage(openid: string, data: any): Promise<unknown> }
    const send = internal.sendPrivateMessage
    internal.sendPrivateMessage = (userId, data) => {
      const { content } = data
      const violation = this.model.forbids(userId)
      if (!data.msg_id && !data.event_id) this.requests.push({ sequence: ++this.sequence, userId, content, violation })
      // who said no is not written to on another way, either
      else if (violation && /^(push|news) /.test(content)) this.mistakes.push(`${content} as a reply to ${userId}, who is ${violation}`)
      this.newsroom?.request(userId, content)
      return send.call(internal, userId, data)
    }
  }

  private delayDatabase() {
    for (const driver of this.harness.app.database['drivers'] as Record<string, any>[]) {
      for (const name of ['get', 'eval', 'set', 'remove', 'create', 'upsert']) {
        const method = driver[name]
        driver[name] = async (...args: unknown[]) => {
          this.reading++
          try {
            if (this.dice.chance(0.5)) await sleep(this.dice.below(3))
            const result = await method.apply(driver, args)
            if (this.dice.chance(0.5)) await sleep(this.dice.below(3))
            return result
          } finally {
            this.reading--
          }
        }
      }
    }
  }

  // operations

  private async step() {
    const { foreign, reloads } = this.options
    const weights: [number, () => unknown][] = [
      [14, () => this.toggle()],
      [4, () => this.remove()],
      [4, () => this.add()],
      [6, () => this.message()],
      [2, () => this.replay()],
      [16, () => this.push()],
      [1, () => this.burst()],
      [2, () => this.controllers.length && this.dice.pick(this.controllers).abort()],
      [4, () => this.ask()],
      [3, () => { this.platform.latency = this.dice.pick([0, 0, 2, 5, 15]) }],
      [2, () => this.fail()],
      [0.3, () => this.leap()],
      ...foreign ? [
        [6, () => this.sendPrivately()],
        [3, () => this.broadcast()],
        [3, () => this.reply()],
      ] as [number, () => unknown][] : [],
      ...this.newsroom ? [
        ...this.newsroom.steps,
        [2, () => this.failBroadcasts()],
        [0.5, () => { this.platform.pushBanned = !this.platform.pushBanned }],
        [1, () => this.leave()],
      ] as [number, () => unknown][] : [],
      ...reloads ? [[3, () => this.reload()]] as [number, () => unknown][] : [],
    ]
    let mark = this.dice.next() * weights.reduce((sum, [weight]) => sum + weight, 0)
    await weights.find(([weight]) => (mark -= weight) < 0)![1]()
    if (this.away && !--this.away) this.harness.bot.online()
    await this.wait()
    await this.newsroom?.poll()
  }

  /** What lies between two operations: nothing, so that they coincide, or a moment, and time. */
  private async wait() {
    const throws = this.dice.next()
    if (throws < 0.3) return
    if (throws < 0.6) for (let turns = this.dice.below(6); turns >= 0; turns--) await new Promise(resolve => turn(resolve))
    else if (throws < 0.9) await this.clock.tickAsync(this.dice.below(300))
    else await sleep(this.dice.below(8))
  }

  /** When an event of a user's happens: no two of them in the same second. */
  private now(userId: string, apart = 1) {
    const second = Math.max(Math.floor(Date.now() / 1000), (this.last.get(userId) ?? 0) + apart)
    this.last.set(userId, second)
    return { timestamp: second * 1000 }
  }

  private dispatch(...envelopes: Envelope[]) {
    this.dispatched += envelopes.length
    this.envelopes.push(...envelopes)
    this.newsroom?.observe()
  }

  private toggle(userId = this.dice.pick(this.users), on = this.dice.chance(0.6)) {
    const via = this.dice.pick(['c2c', 'interaction', 'both'] as const)
    // what an interaction only implies gives way to what the other channel says within ten seconds
    const options = { ...this.now(userId, 11), via, optScene: this.dice.pick(['setting', 'dialog'] as const) } as { via: 'both' }
    const envelopes: Envelope | Envelope[] = on ? this.platform.allow(userId, options) : this.platform.reject(userId, options)
    this.dispatch(...[envelopes].flat())
  }

  private remove(userId = this.dice.pick(this.users)) {
    const now = this.now(userId)
    this.dispatch(this.platform.remove(userId, now))
    if (this.dice.chance(0.3)) this.dispatch(this.platform.reject(userId, { ...now, via: 'interaction', optScene: 'friend_del' }))
  }

  private add(userId = this.dice.pick(this.users)) {
    this.dispatch(this.platform.add(userId, this.now(userId)))
  }

  private message(userId = this.dice.pick(this.users)) {
    this.dispatch(this.platform.message(userId, 'hello', this.now(userId)))
  }

  private replay() {
    if (!this.envelopes.length) return
    this.dispatched++
    this.platform.replay(this.dice.pick(this.envelopes))
  }

  private follow(promise: Promise<unknown>) {
    const running = promise.catch((error) => { this.mistakes.push(`${error?.stack ?? error}`) }).finally(() => this.running.delete(running))
    this.running.add(running)
  }

  private write(kind: string) {
    const count = this.options.parts && this.dice.chance(0.3) ? 2 + this.dice.below(2) : 1
    const contents = Array.from({ length: count }, () => `${kind} ${++this.content}`)
    return { contents, content: count > 1 ? contents.map(text => `<message>${text}</message>`).join('') : contents[0] }
  }

  private push() {
    const service = this.harness.app.get('qqUser')
    if (!service) return
    const userId = this.dice.pick(this.users)
    const { contents, content } = this.write('push')
    const controller = new AbortController()
    if (this.dice.chance(0.3)) this.controllers.push(controller)
    const push: Push = { userId, contents, outcome: '' }
    this.pushes.push(push)
    push.signal = controller.signal
    this.follow(service.push(this.platform.selfId, userId, content, { signal: controller.signal }).then((ids) => {
      push.outcome = 'sent'
      if (ids.length !== contents.length) this.mistakes.push(`${ids.length} ids for ${content}`)
    }, (error) => {
      if (!(error instanceof PushError)) throw error
      push.outcome = error.reason
    }))
  }

  private burst() {
    for (let count = 5 + this.dice.below(30); count > 0; count--) this.push()
  }

  private ask() {
    const service = this.harness.app.get('qqUser')
    if (!service) return
    const userId = this.dice.pick(this.users)
    this.follow(service.canPush(this.platform.selfId, userId).then(({ ok }) => {
      const reason = this.model.forbids(userId)
      if (ok && reason) this.mistakes.push(`canPush() is true for ${userId}, who is ${reason}`)
    }))
  }

  private fail() {
    if (this.dice.chance(0.5)) this.platform.fail({ code: this.dice.pick(refusals), times: 1 + this.dice.below(3) })
    else this.platform.fail({ code: this.dice.pick(routeRefusals), times: 1 + this.dice.below(2), when: ({ route }) => route === 'event' })
  }

  /** What concerns broadcasts only: their text is refused, the bot is, or nobody learns what became of it. */
  private failBroadcasts() {
    const { dice } = this
    this.platform.fail({
      ...dice.pick([
        { code: 40034006, times: 25 }, { code: 40054016 }, { code: 11264 },
        { close: true }, { close: true, accept: true }, { status: 502 }, { status: 502, accept: true },
      ]),
      when: ({ body }) => /^news /.test(body.content),
    })
  }

  /** The bot is not there for a while. */
  private leave() {
    if (this.away) return
    this.harness.bot.offline()
    this.away = 1 + this.dice.below(10)
  }

  private reload() {
    this.harness.plugin!.dispose()
    this.load()
  }

  // what other plugins do, to people who may be strangers

  private sendPrivately() {
    // the platform refuses, or the bot takes them for a group
    this.follow(this.harness.bot.sendPrivateMessage(this.dice.pick(this.users), this.write('foreign').content).catch(() => {}))
  }

  private broadcast() {
    const targets = this.users.filter(() => this.dice.chance(0.6))
    const sessions = this.sessions.filter(() => this.dice.chance(0.1)).slice(-3)
    this.follow(this.harness.bot.broadcast([...targets, ...sessions] as string[], this.write('foreign').content, this.dice.pick([0, 20, 200])))
  }

  private reply() {
    if (this.sessions.length) this.follow(this.dice.pick(this.sessions).send(this.write('foreign').content))
  }

  // time

  /** Waits for the database, whose client may wait for a timer. */
  private read() {
    return until(async () => !this.reading || (await this.clock.tickAsync(1), false))
  }

  /** Lets minutes pass: when nothing that takes real time is under way, as that would take minutes then. */
  private async leap() {
    this.platform.latency = 0
    await sleep(20)
    await this.read()
    const end = Date.now() + this.dice.below(6) * Time.minute
    while (Date.now() < end) {
      await this.clock.tickAsync(2000)
      if (this.running.size) await sleep(1)
    }
    await this.read()
  }

  private async end() {
    const { newsroom, platform, harness: { app, bot } } = this
    platform.latency = 0
    platform.pushBanned = false
    // whoever comes back may write again
    if (newsroom) bot.offline()
    if (newsroom) bot.online()
    await until(() => app.get('qqUser'))
    const pending = async () => {
      await this.harness.app.qqUser.history(this.platform.selfId, this.users[0])
      return (await this.harness.ledger).filter(({ notice, noticeReason }) => notice === 'pending' || noticeReason === 'unknown-outcome')
    }
    let open: string[] = []
    for (let round = 0; round < 600; round++) {
      await this.clock.tickAsync(3000)
      await sleep(1)
      await this.read()
      if (round <= 20 || round % 10 || this.model.received < this.dispatched || this.running.size || (await pending()).length) continue
      open = await newsroom?.finish() ?? []
      if (!open.length) return
      // three who may not be written to stop the bot for longer than this waits
      bot.offline()
      bot.online()
    }
    const notices = (await pending()).map(({ id, notice }) => `${id} (${notice})`)
    const events = this.dispatched - this.model.received
    throw new Error(`no end of ${this.running.size} operations, ${events} events, the notices of ${notices}, the broadcasts ${open.join(', ')}`)
  }
}
