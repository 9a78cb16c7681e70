import { Session, Time } from 'koishi'
import { Clock, date } from '../clock'
import { Harness, HarnessOptions, silent, until } from '../harness'

/** A bot to which users write, and which answers when it comes to it. */
export class Late {
  private clock?: Clock
  private messages: Session[] = []

  constructor(readonly harness: Harness) {
    harness.app.on('message', (session) => { this.messages.push(session) })
  }

  static async start(options: HarnessOptions = {}) {
    return new Late(await Harness.start({ config: silent, ...options }))
  }

  get platform() {
    return this.harness.platform
  }

  /** What was tried, and what the platform took it for. */
  get tried() {
    return this.platform.posts.map(({ kind, target, route, status }) => `${kind} ${target} ${route} ${status}`)
  }

  get routes() {
    return this.platform.posts.map(({ route, code }) => code ? `${route} ${code}` : route)
  }

  /** A user writes. */
  async hear(userId = 'U', content = 'hello') {
    const { length } = this.messages
    this.platform.message(userId, content)
    await until(() => this.messages.length > length)
    return this.messages.at(-1)!
  }

  async hearGroup(groupId = 'G', userId = 'U') {
    const { length } = this.messages
    this.platform.groupMessage(groupId, userId)
    await until(() => this.messages.length > length)
    return this.messages.at(-1)!
  }

  /** A user adds the bot. */
  async meet(userId = 'U') {
    const { length } = this.harness.sessions
    this.platform.add(userId)
    await until(() => this.harness.sessions.length > length)
    return this.harness.sessions.at(-1)!
  }

  async reject(userId = 'U') {
    this.platform.reject(userId)
    await until(async () => (await this.harness.app.qqUser.get(this.platform.selfId, userId))?.consent === 'rejected')
  }

  /** Lets minutes pass. */
  wait(minutes: number) {
    const now = Date.now()
    this.clock?.uninstall()
    this.clock = date(now + minutes * Time.minute)
  }

  async stop() {
    this.clock?.uninstall()
    await this.harness.stop()
  }
}
