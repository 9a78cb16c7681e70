import { Context, ForkScope, Session, Time, Universal } from 'koishi'
import { MemoryDriver } from '@minatojs/driver-memory'
import { executeUpdate, Selection } from 'minato'
import { PushError, QQUserEntry } from '../../src'
import { unwrap } from '../../src/shared/patch'
import { Clock, freeze } from '../clock'
import { Harness } from '../harness'
import { Envelope, Platform } from '../platform'
import { Dice } from '../random'
import { Model } from './model'

const { setTimeout: start, setImmediate: turn } = globalThis
const gone = new Error('the server has gone away')
const sleep = (ms: number) => new Promise(resolve => start(resolve, ms))

/** What a user did, however often the bot was told. */
export interface Action {
  type: string
  userId: string
  at: number
  /** The ids under which it was sent. */
  ids: Set<string>
  received: boolean
}

interface Push {
  userId: string
  content: string
  outcome: string
}

interface Sent {
  userId: string
  content: string
  eventId?: string
}

const raw = {
  'friend-add': 'friend-added',
  'friend-del': 'friend-deleted',
  'c2c-msg-reject': 'friend-push-rejected',
  'c2c-msg-receive': 'friend-push-allowed',
  'interaction-create': '',
  'c2c-message-create': '',
}

/** A bot whose users come in crowds, while everything around it is reloaded, fails or takes its time. */
export class Storm {
  readonly model = new Model()
  readonly actions = new Map<string, Action>()
  readonly pushes: Push[] = []
  readonly mistakes: string[] = []
  /** What another plugin sent while there was no database, and nobody knew whom it is for. */
  readonly unattended = new Set<string>()
  readonly rejections: unknown[] = []
  /** Requests that were under way when the adapter was unloaded: nobody knows what became of them. */
  readonly cut: Sent[] = []
  harness!: Harness
  platform!: Platform

  private clock!: Clock
  private users: string[] = []
  private last = new Map<string, number>()
  private envelopes: Envelope[] = []
  private running = new Set<Promise<unknown>>()
  private leaving = new Set<string>()
  private requests = new Set<Sent>()
  /** What another plugin hands over with each of its messages. */
  private shared: Universal.SendOptions = {}
  private content = 0
  private outage = { down: false, delay: 0 }
  /** How many questions the database has not answered. */
  private asked = 0
  private tables = {}
  private database?: ForkScope
  /** For how many more steps something is away. */
  private away = { adapter: 0, database: 0 }

  constructor(private dice: Dice, private steps: number) {}

  async live() {
    const note = (error: unknown) => { this.rejections.push(error) }
    process.on('unhandledRejection', note)
    try {
      await this.start()
      for (let step = 0; step < this.steps; step++) await this.step()
      await this.end()
    } finally {
      process.off('unhandledRejection', note)
    }
  }

  async stop() {
    this.clock?.uninstall()
    await this.harness?.stop()
    await this.platform?.stop()
  }

  /** What is left to do when all of it is over. */
  async unsettled() {
    const ledger = await this.harness.ledger
    return ledger.filter((entry) => {
      // to those who said no there is hardly a way, and nothing to be late for
      if (entry.notice === 'pending') return entry.type !== 'friend-push-rejected'
      return entry.noticeReason === 'unknown-outcome' && !this.isCut(entry)
    })
  }

  /** Whether a notice was cut off. */
  isCut({ id, userId }: Pick<QQUserEntry, 'id' | 'userId'>) {
    return this.cut.some(sent => sent.eventId === id || sent.userId === userId && !sent.eventId && /^(welcome|yes|no) /.test(sent.content))
  }

  private async start() {
    this.platform = await Platform.start({ limits: { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity } })
    this.platform.heartbeatInterval = Time.day
    this.harness = await Harness.start({
      platform: this.platform,
      order: [],
      database: app => this.loadDatabase(app),
      prepare: (app) => {
        for (const type in raw) app.on(`qq/${type}` as never, ((d: unknown) => this.receive(type as keyof typeof raw, d)) as never)
        app.on('friend-added', session => this.welcome(session))
      },
    })
    this.connect()
    this.harness.load(this.config())
    await this.harness.online()
    this.clock = freeze()
  }

  private config() {
    return {
      icebreaker: { content: 'welcome {user.id}' },
      pushAllowed: { content: 'yes {user.id}' },
      pushRejected: { content: 'no {user.id}' },
      requests: { perSecond: this.dice.pick([20, 80]), concurrent: this.dice.pick([1, 5, 50]) },
      push: { tier: 'custom', botSecond: 20, botMinute: 600, userMinute: 100, userDay: 1000 },
    }
  }

  // what is seen from outside

  private receive(type: keyof typeof raw, d: any) {
    this.model.receive(type, d)
    const name = raw[type] || type === 'interaction-create' && (d.data.resolved.authorize_data.switch ? 'friend-push-allowed' : 'friend-push-rejected')
    if (!name) return
    const at = typeof d.timestamp === 'number' ? d.timestamp * Time.second : Date.parse(d.timestamp)
    this.actions.get(`${name} ${d.openid ?? d.user_openid} ${at}`)!.received = true
  }

  private connect() {
    this.harness.connect()
    this.harness.app.bots.filter(({ platform }) => platform === 'qq').forEach(bot => this.observe(bot))
  }

  /** Takes note of every request at the moment that it is made, after whatever the plugin puts before it. */
  private observe(bot: { internal: unknown }) {
    const internal = unwrap(bot).internal as { sendPrivateMessage(openid: string, data: any): Promise<unknown> }
    const send = internal.sendPrivateMessage
    internal.sendPrivateMessage = async (userId, data) => {
      const request = { userId, content: data.content, eventId: data.event_id }
      const reason = !data.msg_id && !data.event_id && this.model.forbids(userId)
      if (reason) this.mistakes.push(`${data.content} to ${userId}, who is ${reason}`)
      this.requests.add(request)
      try {
        return await send.call(internal, userId, data)
      } finally {
        this.requests.delete(request)
      }
    }
  }

  private follow(promise: Promise<unknown>) {
    const running = promise.catch((error) => { this.mistakes.push(`${error?.stack ?? error}`) }).finally(() => this.running.delete(running))
    this.running.add(running)
  }

  // what happens

  private async step() {
    const weights: [number, () => unknown][] = [
      [8, () => this.add()],
      [2, () => this.crowd()],
      [4, () => this.remove()],
      [6, () => this.toggle()],
      [5, () => this.message()],
      [3, () => this.tellAgain()],
      [5, () => this.push()],
      [5, () => this.sendPrivately()],
      [3, () => this.reload()],
      [1, () => this.unloadAdapter()],
      [1, () => this.unloadDatabase()],
      [2, () => { this.outage.down = !this.outage.down }],
      [2, () => { this.outage.delay = this.dice.pick([0, 0, 2, 10]) }],
      [2, () => { this.platform.freshFor = this.dice.pick([0, 300, 1000, 2500]) }],
      [2, () => { this.platform.requestsPerSecond = this.dice.pick([Infinity, Infinity, 30, 3, 0]) }],
      [2, () => { this.platform.latency = this.dice.pick([0, 0, 3, 15]) }],
      [1, () => this.drop()],
    ]
    let mark = this.dice.next() * weights.reduce((sum, [weight]) => sum + weight, 0)
    weights.find(([weight]) => (mark -= weight) < 0)![1]()
    this.bringBack()
    await this.wait()
  }

  private async wait() {
    const throws = this.dice.next()
    if (throws < 0.3) return
    if (throws < 0.6) for (let turns = this.dice.below(6); turns >= 0; turns--) await new Promise(resolve => turn(resolve))
    else if (throws < 0.9) await this.pass(this.dice.below(600))
    else await sleep(this.dice.below(8))
  }

  /** Lets time pass, but not while something is on the wire or with the database, which takes no seconds. */
  private async pass(ms: number) {
    for (let rest = 100; (this.requests.size || this.asked) && rest > 0; rest--) await sleep(1)
    await this.clock.tickAsync(ms)
  }

  /** When a user does something: nothing else in the same second. */
  private now(userId: string, apart = 1) {
    const second = Math.max(Math.floor(Date.now() / 1000), (this.last.get(userId) ?? 0) + apart)
    this.last.set(userId, second)
    return { timestamp: second * 1000 }
  }

  private dispatch(type: string, userId: string, at: number, ...envelopes: Envelope[]) {
    this.envelopes.push(...envelopes)
    this.actions.set(`${type} ${userId} ${at}`, { type, userId, at, ids: new Set(envelopes.map(({ id }) => id)), received: false })
  }

  private known() {
    return this.users.length ? this.dice.pick(this.users) : this.newcomer()
  }

  private newcomer() {
    const userId = `U${this.users.length}`
    this.users.push(userId)
    return userId
  }

  private add(userId = this.dice.chance(0.5) ? this.newcomer() : this.known()) {
    if (this.platform.users.get(userId)?.friend) return
    const now = this.now(userId)
    this.announce('friend-added', userId, now, () => this.platform.add(userId, now))
  }

  private announce(type: string, userId: string, { timestamp }: { timestamp: number }, act: () => Envelope | Envelope[]) {
    this.dispatch(type, userId, timestamp, ...[act()].flat())
  }

  private crowd() {
    for (let count = 5 + this.dice.below(40); count > 0; count--) this.add(this.newcomer())
  }

  private remove(userId = this.known()) {
    const now = this.now(userId)
    this.announce('friend-deleted', userId, now, () => this.platform.remove(userId, now))
  }

  private toggle(userId = this.known()) {
    const on = this.platform.users.get(userId)?.push === false
    // sooner it may be what was told through the other channel
    const now = this.now(userId, 11)
    const options = { ...now, via: this.dice.pick(['c2c', 'interaction', 'both']) } as { via: 'both' }
    this.announce(`friend-push-${on ? 'allowed' : 'rejected'}`, userId, now, () => {
      return on ? this.platform.allow(userId, options) : this.platform.reject(userId, options)
    })
  }

  private message(userId = this.known()) {
    this.platform.message(userId, 'hello', this.now(userId))
  }

  /** The same envelope, or the same in another one. */
  private tellAgain() {
    if (!this.envelopes.length) return
    const envelope = this.dice.pick(this.envelopes.slice(-20))
    if (this.dice.chance(0.5)) return this.platform.replay(envelope)
    const { id } = this.platform.double(envelope)
    for (const { ids } of this.actions.values()) if (ids.has(envelope.id)) ids.add(id)
  }

  private push(userId = this.known()) {
    const service = this.harness.app.get('qqUser')
    if (!service) return
    const push: Push = { userId, content: `push ${userId} ${++this.content}`, outcome: '' }
    this.pushes.push(push)
    this.follow(service.push(this.platform.selfId, userId, push.content).then(() => {
      push.outcome = 'sent'
    }, (error) => {
      if (!(error instanceof PushError) && error !== gone) throw error
      push.outcome = error === gone ? 'database' : error.reason
    }))
  }

  /** As another plugin does. */
  private sendPrivately() {
    const [first, second] = [this.known(), this.known()]
    for (const userId of [first, second]) {
      const content = `private ${userId} ${++this.content}`
      if (!this.harness.app.get('qqUser')) this.unattended.add(content)
      this.leaving.add(content)
      this.harness.bot?.sendPrivateMessage(userId, content, undefined, this.shared).catch(() => {}).finally(() => this.leaving.delete(content))
    }
  }

  private welcome(session: Session) {
    session.send(`hello ${session.userId}`).catch(() => {})
  }

  // what goes wrong

  private reload() {
    this.harness.plugin!.dispose()
    this.harness.load(this.config())
  }

  private unloadAdapter() {
    if (this.harness.bot?.status !== Universal.Status.ONLINE) return
    this.cut.push(...this.requests)
    this.harness.adapter!.dispose()
    this.away.adapter = 1 + this.dice.below(8)
  }

  private unloadDatabase() {
    if (this.away.database) return
    this.leaving.forEach(content => this.unattended.add(content))
    this.database!.dispose()
    this.away.database = 1 + this.dice.below(8)
  }

  private bringBack() {
    if (this.away.database && !--this.away.database) this.loadDatabase(this.harness.app)
    if (!this.away.adapter) return
    if (this.away.adapter > 1) this.away.adapter--
    else if (!this.harness.bot) {
      this.away.adapter = 0
      this.connect()
    }
  }

  private drop() {
    if (this.dice.chance(0.3)) this.platform.forget()
    this.platform.drop()
  }

  private async ask() {
    this.asked++
    await sleep(this.outage.delay)
    this.asked--
  }

  /** A database that keeps its tables while the service is away, as a server does. */
  private loadDatabase(app: Context) {
    const { tables, outage } = this
    // eslint-disable-next-line @typescript-eslint/no-this-alias
    const storm = this
    class Server extends MemoryDriver {
      _store = tables as MemoryDriver['_store']

      /** As a whole or not at all. */
      async upsert({ table, model, ref }: Selection.Mutable, data: any[], keys: string[]) {
        const rows = this.table(table as string)
        for (const update of data) {
          const row = rows.find(row => keys.every(key => row[key] === update[key]))
          if (row) executeUpdate(row, update, ref)
          else rows.push(executeUpdate(model.create(), update, ref))
        }
        return { inserted: data.length, matched: 0 }
      }
    }
    for (const name of ['get', 'eval', 'set', 'upsert', 'create', 'remove'] as const) {
      const method = Server.prototype[name] as (...args: unknown[]) => Promise<unknown>
      Object.assign(Server.prototype, {
        async [name](selection: { tables: Record<string, { name: string }> }, ...args: unknown[]) {
          // those of Koishi itself are not at issue
          if (!Object.values(selection.tables).some(({ name }) => name.startsWith('qq_user'))) return method.call(this, selection, ...args)
          if (outage.delay) await storm.ask()
          if (outage.down) throw gone
          return method.call(this, selection, ...args)
        },
      })
    }
    this.database = app.plugin(Server as never, {})
  }

  private async end() {
    Object.assign(this.outage, { down: false, delay: 0 })
    Object.assign(this.platform, { freshFor: 0, latency: 0, requestsPerSecond: Infinity })
    while (this.away.adapter || this.away.database) {
      this.bringBack()
      await sleep(1)
    }
    await this.settle()
  }

  private async settle() {
    for (let round = 0; round < 500; round++) {
      await this.pass(3000)
      await sleep(1)
      if (round < 25 || round % 10 || this.running.size || !this.harness.app.get('database')) continue
      const received = [...this.actions.values()].filter(({ received }) => received).length
      if (this.harness.sessions.length >= received && !(await this.unsettled()).length) return
    }
  }
}
