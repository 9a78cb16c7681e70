import { $, Context, Time } from 'koishi'
import { MAX_ID } from '../model'
import { runSafely } from '../shared/run-safely'
import { CancellableWaits } from '../delivery/cancellable-waits'
import { isKey } from '../roster/keys'
import { GivenUpError, Task } from '../roster/queue'

declare module 'koishi' {
  interface Tables {
    qq_user_push: PushCount
  }
}

/** A row of `qq_user_push`: how many proactive messages a user got in an hour. */
export interface PushCount {
  selfId: string
  userId: string
  /** Hours since the epoch. */
  hour: number
  count: number
}

const DAY = Time.day / Time.hour

/** Takes a message off the count again. */
type GiveBack = () => void

/** The daily limit of each user, kept in the database so that a restart does not forget it. */
export class Quota {
  /** @param write puts a task into the line of writes */
  constructor(private ctx: Context, private limit: number, private write: (task: Task) => Promise<void>, private waits: CancellableWaits) {
    ctx.model.extend('qq_user_push', {
      selfId: `string(${MAX_ID})`,
      userId: `string(${MAX_ID})`,
      hour: 'unsigned(4)',
      count: 'unsigned(4)',
    }, {
      primary: ['selfId', 'userId', 'hour'],
      indexes: [['hour']],
    })
  }

  /**
   * Counts messages that are about to be sent.
   *
   * @param begun whether a part of the same push was sent: the rest is counted, but never refused
   * @returns what takes one back that was not; nothing if the user has no room for so many within the last 24 hours
   * @throws StoppedError `aborted`
   */
  async take(selfId: string, userId: string, messages: number, begun: boolean, signal?: AbortSignal): Promise<GiveBack | undefined> {
    if (this.limit === Infinity) return () => {}
    let wanted = true
    let hour: number | undefined
    const giveBack = async (count = 1) => {
      await this.ctx.database.set('qq_user_push', { selfId, userId, hour }, row => ({ count: $.sub(row.count, count) }))
    }
    const taken = this.write(async () => {
      // whoever waited for this may have gone while the database was away
      if (wanted) hour = await this.count(selfId, userId, messages, begun)
      if (!wanted && hour) await giveBack(messages)
    })
    try {
      await this.waits.race(taken, signal)
    } catch (error) {
      wanted = false
      throw error
    }
    return hour ? () => runSafely(this.ctx, () => this.write(() => giveBack()).catch(ignoreEnd)) : undefined
  }

  /** What one push takes of a user's day. @param parts of how many messages it consists */
  share(selfId: string, userId: string, parts = 1) {
    return new Share((messages, begun, signal) => this.take(selfId, userId, messages, begun, signal), parts)
  }

  private async count(selfId: string, userId: string, messages: number, begun: boolean): Promise<number | undefined> {
    const hour = Math.floor(Date.now() / Time.hour)
    const rows = await this.ctx.database.get('qq_user_push', { selfId, userId, hour: { $gte: hour - DAY } })
    // a database that does not tell upper case from lower has others' too
    const own = rows.filter(row => row.userId === userId)
    if (!begun && own.reduce((sum, { count }) => sum + count, messages) > this.limit) return
    await this.ctx.database.upsert('qq_user_push', row => [{ selfId, userId, hour, count: $.add(row.count, messages) }])
    return hour
  }

  async forget(selfId: string, userId: string) {
    if (!isKey({ selfId, userId })) return
    await this.write(async () => {
      const rows = await this.ctx.database.get('qq_user_push', { selfId, userId })
      // a database that does not tell upper case from lower would remove somebody else's
      if (rows.every(row => row.userId === userId)) await this.ctx.database.remove('qq_user_push', { selfId, userId })
    })
  }

  /** Forgets what no longer counts. To be called from the line of writes only. */
  async prune() {
    await this.ctx.database.remove('qq_user_push', { hour: { $lt: Math.floor(Date.now() / Time.hour) - DAY } })
  }
}

/** The places of one push in a user's day, taken all at once: it is sent whole or not at all. */
export class Share {
  private places: GiveBack[] = []
  private begun = false
  private closed = false

  constructor(private acquire: (messages: number, begun: boolean, signal?: AbortSignal) => Promise<GiveBack | undefined>, private parts: number) {}

  /**
   * A place for one message.
   * @returns what to call with whether it was used; nothing if there is no room
   * @throws StoppedError `aborted`
   */
  async take(signal?: AbortSignal): Promise<((used: boolean) => void) | undefined> {
    if (!this.places.length) {
      const messages = this.begun ? 1 : this.parts
      const giveBack = await this.acquire(messages, this.begun, signal)
      if (!giveBack) return
      this.places = Array.from({ length: messages }, () => giveBack)
    }
    const giveBack = this.places.pop()!
    return (used) => {
      if (used) this.begun = true
      else if (this.closed) giveBack()
      else this.places.push(giveBack)
    }
  }

  /** Gives back what was not used. */
  close() {
    this.closed = true
    for (const giveBack of this.places.splice(0)) giveBack()
  }
}

/** What is given back when the plugin is gone stays counted: rather one message too few than one too many. */
function ignoreEnd(error: unknown) {
  if (!(error instanceof GivenUpError)) throw error
}
