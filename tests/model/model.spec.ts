import { expect } from 'chai'
import { Session, Time } from 'koishi'
import { PushError } from '../../src'
import { toOriginal } from '../../src/shared/patch'
import { Clock, freeze } from '../clock'
import { Harness, until } from '../harness'
import { random } from '../random'
import { Envelope, Limits, Platform, Post } from '../platform'

const { setTimeout: start, setImmediate: turn } = globalThis
const sleep = (ms: number) => new Promise(resolve => start(resolve, ms))

/** To run one world again, as told by its failure. */
const SEED = Number(process.env.SEED) || 0

interface Options {
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
}

/** The newest that the bot was told about a user. */
interface User {
  relation: 'unknown' | 'friend' | 'deleted'
  relationAt: number
  consent: 'unknown' | 'allowed' | 'rejected'
  consentAt: number
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
}

const raw = ['friend-add', 'friend-del', 'c2c-msg-reject', 'c2c-msg-receive', 'interaction-create', 'c2c-message-create']

/** Refusals that say nothing about the user. */
const refusals = [40054006, 50055002, 40034006, 40054007, 40054018]
const routeRefusals = [40034025, 40034026, 40034027, 40034128]

const quiet = ['rejected', 'deleted', 'unknown-user', 'user-minute', 'aborted', 'refused', 'unknown-outcome']

/** What the bot should know, by what it was told, in the order of the events' own times. */
class Model {
  readonly users = new Map<string, User>()
  received = 0

  receive(type: string, d: any) {
    this.received++
    const at = typeof d.timestamp === 'number' ? d.timestamp * Time.second : Date.parse(d.timestamp)
    const userId = d.openid ?? d.user_openid ?? d.author?.user_openid
    if (type === 'friend-add' || type === 'c2c-message-create') this.relate(userId, 'friend', at)
    else if (type === 'friend-del') this.relate(userId, 'deleted', at)
    else if (type === 'c2c-msg-receive') this.consent(userId, 'allowed', at)
    else if (type === 'c2c-msg-reject') this.consent(userId, 'rejected', at)
    else if (d.data.resolved.authorize_data.opt_scene !== 'friend_del') {
      this.consent(userId, d.data.resolved.authorize_data.switch ? 'allowed' : 'rejected', at)
    }
  }

  private user(userId: string) {
    let user = this.users.get(userId)
    if (!user) this.users.set(userId, user = { relation: 'unknown', relationAt: 0, consent: 'unknown', consentAt: 0 })
    return user
  }

  private relate(userId: string, relation: User['relation'], at: number) {
    const user = this.user(userId)
    if (at >= user.relationAt) Object.assign(user, { relation, relationAt: at })
  }

  private consent(userId: string, consent: User['consent'], at: number) {
    const user = this.user(userId)
    if (at >= user.consentAt) Object.assign(user, { consent, consentAt: at })
  }

  /** Why a user must not be written to. */
  forbids(userId: string) {
    const user = this.users.get(userId)
    return user?.consent === 'rejected' ? 'rejected' : user?.relation === 'deleted' ? 'deleted' : undefined
  }
}

/** A bot and its users, who do what they like at any time. */
class World {
  readonly model = new Model()
  readonly requests: Request[] = []
  readonly pushes: Push[] = []
  readonly rejections: unknown[] = []
  readonly mistakes: string[] = []

  private harness!: Harness
  private platform!: Platform
  private clock!: Clock
  private next: () => number
  private users: string[]
  private limits: Limits
  private sequence = 0
  private content = 0
  private dispatched = 0
  private running = new Set<Promise<unknown>>()
  private reading = 0
  private envelopes: Envelope[] = []
  private sessions: Session[] = []
  private controllers: AbortController[] = []
  private last = new Map<string, number>()

  constructor(seed: number, private options: Options) {
    this.next = random(seed)
    this.users = Array.from({ length: 3 + this.below(4) }, (_, index) => `U${index}`)
    this.limits = { botSecond: this.pick([3, 8, 20]), botMinute: this.pick([60, 300]), userMinute: this.pick([6, 15, 30]), userDay: 10_000 }
  }

  async run() {
    const note = (error: unknown) => { this.rejections.push(error) }
    process.on('unhandledRejection', note)
    try {
      await this.start()
      for (let step = 0; step < this.options.steps; step++) await this.step()
      await this.end()
      await this.check()
    } finally {
      process.off('unhandledRejection', note)
      this.clock?.uninstall()
      await this.harness?.stop()
      await this.platform.stop()
    }
  }

  private below(count: number) {
    return Math.floor(this.next() * count)
  }

  private chance(probability: number) {
    return this.next() < probability
  }

  private pick<T>(list: readonly T[]) {
    return list[this.below(list.length)]
  }

  private async start() {
    const { limits, options: { foreign, guard = true, slowPlugin, slowDatabase } } = this
    // messages of others are not paced, so there the bot's own are counted below
    this.platform = await Platform.start({ limits: foreign ? { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity } : limits })
    this.platform.heartbeatInterval = Time.day
    this.harness = await Harness.start({
      platform: this.platform,
      order: ['adapter'],
      prepare: app => raw.forEach(type => app.on(`qq/${type}` as never, ((d: unknown) => {
        this.sequence++
        this.model.receive(type, d)
      }) as never)),
    })
    this.observe()
    const { app } = this.harness
    this.harness.load({ push: { guard, tier: 'custom', ...limits } })
    await until(() => app.get('qqUser'))
    await app.database.prepared()
    app.on('message', (session) => { this.sessions.push(session) })
    if (slowPlugin) app.on('before-send', async () => { await sleep(this.below(6)) })
    if (slowDatabase) this.delayDatabase()
    this.clock = freeze()
  }

  /** Takes note of every request of the adapter's at the moment that it is made, after whatever the plugin puts before it. */
  private observe() {
    const internal = toOriginal(this.harness.bot).internal as { sendPrivateMessage(openid: string, data: any): Promise<unknown> }
    const send = internal.sendPrivateMessage
    internal.sendPrivateMessage = (userId, data) => {
      if (!data.msg_id && !data.event_id) {
        const { content } = data
        this.requests.push({ sequence: ++this.sequence, userId, content, violation: this.model.forbids(userId) })
      }
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
            if (this.chance(0.5)) await sleep(this.below(3))
            const result = await method.apply(driver, args)
            if (this.chance(0.5)) await sleep(this.below(3))
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
    const { foreign } = this.options
    const weights: [number, () => unknown][] = [
      [14, () => this.toggle()],
      [4, () => this.remove()],
      [4, () => this.add()],
      [6, () => this.message()],
      [2, () => this.replay()],
      [16, () => this.push()],
      [1, () => this.burst()],
      [2, () => this.controllers.length && this.pick(this.controllers).abort()],
      [4, () => this.ask()],
      [3, () => { this.platform.latency = this.pick([0, 0, 2, 5, 15]) }],
      [2, () => this.fail()],
      [0.3, () => this.leap()],
      ...foreign ? [
        [6, () => this.sendPrivately()],
        [3, () => this.broadcast()],
        [3, () => this.reply()],
      ] as [number, () => unknown][] : [],
    ]
    let mark = this.next() * weights.reduce((sum, [weight]) => sum + weight, 0)
    await weights.find(([weight]) => (mark -= weight) < 0)![1]()
    await this.wait()
  }

  /** What lies between two operations: nothing, so that they coincide, or a moment, and time. */
  private async wait() {
    const dice = this.next()
    if (dice < 0.3) return
    if (dice < 0.6) for (let turns = this.below(6); turns >= 0; turns--) await new Promise(resolve => turn(resolve))
    else if (dice < 0.9) await this.clock.tickAsync(this.below(300))
    else await sleep(this.below(8))
  }

  /** When an event of a user's happens: no two of them in the same second. */
  private now(userId: string) {
    const second = Math.max(Math.floor(Date.now() / 1000), (this.last.get(userId) ?? 0) + 1)
    this.last.set(userId, second)
    return { timestamp: second * 1000 }
  }

  private dispatch(...envelopes: Envelope[]) {
    this.dispatched += envelopes.length
    this.envelopes.push(...envelopes)
  }

  private toggle(userId = this.pick(this.users), on = this.chance(0.6)) {
    const via = this.pick(['c2c', 'interaction', 'both'] as const)
    const options = { ...this.now(userId), via, optScene: this.pick(['setting', 'dialog'] as const) } as { via: 'both' }
    const envelopes: Envelope | Envelope[] = on ? this.platform.allow(userId, options) : this.platform.reject(userId, options)
    this.dispatch(...[envelopes].flat())
  }

  private remove(userId = this.pick(this.users)) {
    const now = this.now(userId)
    this.dispatch(this.platform.remove(userId, now))
    if (this.chance(0.3)) this.dispatch(this.platform.reject(userId, { ...now, via: 'interaction', optScene: 'friend_del' }))
  }

  private add(userId = this.pick(this.users)) {
    this.dispatch(this.platform.add(userId, this.now(userId)))
  }

  private message(userId = this.pick(this.users)) {
    this.dispatch(this.platform.message(userId, 'hello', this.now(userId)))
  }

  private replay() {
    if (!this.envelopes.length) return
    this.dispatched++
    this.platform.replay(this.pick(this.envelopes))
  }

  private follow(promise: Promise<unknown>) {
    const running = promise.catch((error) => { this.mistakes.push(`${error?.stack ?? error}`) }).finally(() => this.running.delete(running))
    this.running.add(running)
  }

  private write(kind: string) {
    const count = this.options.parts && this.chance(0.3) ? 2 + this.below(2) : 1
    const contents = Array.from({ length: count }, () => `${kind} ${++this.content}`)
    return { contents, content: count > 1 ? contents.map(text => `<message>${text}</message>`).join('') : contents[0] }
  }

  private push() {
    const userId = this.pick(this.users)
    const { contents, content } = this.write('push')
    const controller = new AbortController()
    if (this.chance(0.3)) this.controllers.push(controller)
    const push: Push = { userId, contents, outcome: '' }
    this.pushes.push(push)
    this.follow(this.harness.app.qqUser.push(this.platform.selfId, userId, content, { signal: controller.signal }).then((ids) => {
      push.outcome = 'sent'
      if (ids.length !== contents.length) this.mistakes.push(`${ids.length} ids for ${content}`)
    }, (error) => {
      if (!(error instanceof PushError)) throw error
      push.outcome = error.reason
    }))
  }

  private burst() {
    for (let count = 5 + this.below(30); count > 0; count--) this.push()
  }

  private ask() {
    const userId = this.pick(this.users)
    this.follow(this.harness.app.qqUser.canPush(this.platform.selfId, userId).then(({ ok }) => {
      const reason = this.model.forbids(userId)
      if (ok && reason) this.mistakes.push(`canPush() is true for ${userId}, who is ${reason}`)
    }))
  }

  private fail() {
    if (this.chance(0.5)) this.platform.fail({ code: this.pick(refusals), times: 1 + this.below(3) })
    else this.platform.fail({ code: this.pick(routeRefusals), times: 1 + this.below(2), when: ({ route }) => route === 'event' })
  }

  // what other plugins do, to people who may be strangers

  private sendPrivately() {
    // the platform refuses, or the bot takes them for a group
    this.follow(this.harness.bot.sendPrivateMessage(this.pick(this.users), this.write('foreign').content).catch(() => {}))
  }

  private broadcast() {
    const targets = this.users.filter(() => this.chance(0.6))
    const sessions = this.sessions.filter(() => this.chance(0.1)).slice(-3)
    this.follow(this.harness.bot.broadcast([...targets, ...sessions] as string[], this.write('foreign').content, this.pick([0, 20, 200])))
  }

  private reply() {
    if (this.sessions.length) this.follow(this.pick(this.sessions).send(this.write('foreign').content))
  }

  // time

  /** Lets minutes pass: when nothing that takes real time is under way, as that would take minutes then. */
  private async leap() {
    this.platform.latency = 0
    await sleep(20)
    await until(() => !this.reading)
    const end = Date.now() + this.below(6) * Time.minute
    while (Date.now() < end) {
      await this.clock.tickAsync(2000)
      if (this.running.size) await sleep(1)
    }
    await until(() => !this.reading)
  }

  private async end() {
    this.platform.latency = 0
    const pending = async () => {
      await this.harness.app.qqUser.history(this.platform.selfId, this.users[0])
      return (await this.harness.ledger).filter(({ notice, noticeReason }) => notice === 'pending' || noticeReason === 'unknown-outcome')
    }
    for (let round = 0; round < 600; round++) {
      await this.clock.tickAsync(3000)
      await sleep(1)
      await until(() => !this.reading)
      if (round > 20 && this.model.received >= this.dispatched && !this.running.size && round % 10 === 0 && !(await pending()).length) return
    }
    const notices = (await pending()).map(({ id, notice }) => `${id} (${notice})`)
    throw new Error(`no end of ${this.running.size} operations, ${this.dispatched - this.model.received} events, the notices of ${notices}`)
  }

  private async check() {
    const { model, platform, harness: { app } } = this
    expect(model.received, 'events that arrived').to.equal(this.dispatched)
    const violations = this.requests.filter(({ violation }) => violation).map(({ userId, content, violation }) => `${content} to ${userId}, ${violation}`)
    expect(violations.slice(0, 5), `${violations.length} messages to users who had said no`).to.deep.equal([])
    expect(this.mistakes, 'mistakes').to.deep.equal([])
    expect(this.rejections, 'unhandled rejections').to.deep.equal([])

    // the requests that were observed are all that there are
    const proactive = platform.posts.filter(({ kind, route }) => kind === 'user' && route === 'proactive')
    expect(proactive.map(({ body }) => body.content).sort()).to.deep.equal(this.requests.map(({ content }) => content).sort())
    this.checkRates(proactive)
    this.checkPushes()

    const rows = await this.harness.users
    for (const userId of this.users) {
      const user = model.users.get(userId)
      const expected = user && [user.relation, user.consent]
      const known = await app.qqUser.get(platform.selfId, userId)
      expect(known && [known.relation, known.consent], `what is known of ${userId}`).to.deep.equal(expected)
      const row = rows.find(row => row.userId === userId)
      expect(row && [row.relation, row.consent], `the row of ${userId}`).to.deep.equal(expected)
    }
    expect(rows).to.have.length(model.users.size)
  }

  private checkRates(proactive: Post[]) {
    const refused = this.platform.posts.filter(({ code }) => code === 22009 || code === 40034100)
    expect(refused.map(({ target, body }) => `${body.content} to ${target}`), 'refused for their number').to.deep.equal([])
    const own = proactive.filter(({ reached, body }) => reached && !body.content.startsWith('foreign'))
    const { limits } = this
    expect(most(own, Time.second), 'in a second').to.be.at.most(limits.botSecond)
    expect(most(own, Time.minute), 'in a minute').to.be.at.most(limits.botMinute)
    for (const userId of this.users) {
      expect(most(own.filter(({ target }) => target === userId), Time.minute), `in a minute to ${userId}`).to.be.at.most(limits.userMinute)
    }
  }

  /** Whoever was told that a message arrived was told the truth, and likewise that it did not. */
  private checkPushes() {
    const reached = this.platform.accepted().filter(({ body }) => body.content.startsWith('push')).map(({ target, body }) => `${target} ${body.content}`)
    expect(new Set(reached).size, 'none twice').to.equal(reached.length)
    const arrived = new Set(reached)
    for (const { userId, contents, outcome } of this.pushes) {
      const parts = contents.filter(content => arrived.has(`${userId} ${content}`)).length
      if (outcome === 'sent') expect(parts, `parts of ${contents}`).to.equal(contents.length)
      else expect(quiet, `${contents}`).to.include(outcome)
      if (outcome !== 'sent' && outcome !== 'unknown-outcome') expect(parts, `parts of ${contents}, ${outcome}`).to.equal(0)
      if (outcome === 'unknown-outcome') expect(contents.length, `parts of ${contents}`).to.be.above(1)
    }
  }
}

function most(posts: Post[], span: number) {
  const times = posts.map(({ at }) => at)
  return Math.max(0, ...times.map(now => times.filter(at => at <= now && at > now - span).length))
}

describe('whatever users and plugins do at the same time', () => {
  async function explore(count: number, options: Options) {
    for (let world = 0; world < count; world++) {
      const seed = SEED || Math.floor(Math.random() * 0xffffffff)
      try {
        await new World(seed, options).run()
      } catch (error) {
        (error as Error).message = `SEED=${seed}: ${(error as Error).message}`
        throw error
      }
    }
  }

  it('the plugin keeps to what it was told', async () => {
    await explore(2, { steps: 250 })
  })

  it('also beside other plugins that write to users', async () => {
    await explore(2, { steps: 250, foreign: true })
  })

  it('also with a database that takes its time', async () => {
    await explore(2, { steps: 200, foreign: true, slowDatabase: true })
  })

  it('also beside another plugin that takes its time before a message leaves', async () => {
    await explore(1, { steps: 250, foreign: true, slowPlugin: true })
  })

  it('also from one part of a message to the next', async () => {
    await explore(1, { steps: 250, foreign: true, parts: true })
  })

  it('also with its own messages when the guard is off', async () => {
    await explore(1, { steps: 250, guard: false, slowDatabase: true })
  })

  it('and to the limits, with messages in parts', async () => {
    await explore(1, { steps: 250, parts: true })
  })
}).timeout(60_000)
