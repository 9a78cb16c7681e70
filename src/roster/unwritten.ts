import { Context, Time } from 'koishi'
import { QQUser } from '../model'
import { UserEvent } from '../event'
import { lasting } from '../shared/lasting'
import { runSafely } from '../shared/run-safely'
import { toKey } from './keys'
import { transition } from './state'

const MESSAGES = { interval: 30 * Time.second, limit: 5_000 }

/** What was received and is not in the database yet. Messages are noted, and written now and then, the newest of each user only. */
export class Unwritten {
  /** By user. */
  private events = new Map<string, Set<UserEvent>>()
  /** The newest message of each user since they were last written. */
  private messages: Map<string, UserEvent>

  /** @param write puts an event on record, and returns `left` if the plugin ended before that */
  constructor(private ctx: Context, private write: (event: UserEvent) => Promise<unknown>) {
    this.messages = lasting(ctx, 'messages', () => new Map())
    ctx.setInterval(() => {
      for (const [key, event] of this.messages) {
        // what is newer waits for one that cannot be written
        if (![...this.events.get(key) ?? []].some(({ source }) => source === event.source)) this.flush(key)
      }
    }, MESSAGES.interval)
  }

  add(event: UserEvent) {
    const key = toKey(event)
    this.events.set(key, (this.events.get(key) ?? new Set()).add(event))
  }

  delete(event: UserEvent) {
    const key = toKey(event)
    const events = this.events.get(key)!
    events.delete(event)
    if (!events.size) this.events.delete(key)
  }

  /** Notes a message. @returns whether it is the first of its user since they were last written, and not being written */
  note(event: UserEvent): boolean {
    const key = toKey(event)
    const isFirst = !this.messages.has(key)
    this.messages.set(key, event)
    if (this.messages.size <= MESSAGES.limit) return isFirst
    this.flush()
    return false
  }

  /** Forgets the message that was noted of a user. */
  forget(key: string) {
    this.messages.delete(key)
  }

  /** Writes the messages that were noted, or that of one user. */
  flush(only?: string) {
    for (const key of only ? [only] : this.messages.keys()) {
      const event = this.messages.get(key)
      if (!event || !this.messages.delete(key)) continue
      runSafely(this.ctx, async () => {
        const change = await this.write(event)
        const other = this.messages.get(key)
        if (change === 'left' && !(other && other.occurredAt > event.occurredAt)) this.messages.set(key, event)
      })
    }
  }

  /** What becomes of a row by all of this. @param messages whether messages that were noted count */
  apply(key: string, row: QQUser | undefined, messages = true): QQUser | undefined {
    const events = [...this.events.get(key) ?? []]
    const message = this.messages.get(key)
    if (messages && message) events.push(message)
    return events.reduce<QQUser | undefined>((user, event) => transition(user, event).user, row)
  }
}
