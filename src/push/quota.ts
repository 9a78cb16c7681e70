import { $, Context, Time } from 'koishi'
import { MAX_ID } from '../model'
import { attempt } from '../shared/attempt'
import { Patience } from '../delivery/patience'
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
  constructor(private ctx: Context, private limit: number, private write: (task: Task) => Promise<void>, private patience: Patience) {
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
   * Counts a message that is about to be sent.
   *
   * @returns what takes it back if it was not; nothing if the user got enough within the last 24 hours
   * @throws StoppedError `aborted`
   */
  async take(selfId: string, userId: string, signal?: AbortSignal): Promise<GiveBack | undefined> {
    if (this.limit === Infinity) return () => {}
    let wanted = true
    let hour: number | undefined
    const giveBack = async () => {
      await this.ctx.database.set('qq_user_push', { selfId, userId, hour }, row => ({ count: $.sub(row.count, 1) }))
    }
    const taken = this.write(async () => {
      // whoever waited for this may have gone while the database was away
      if (wanted) hour = await this.count(selfId, userId)
      if (!wanted && hour) await giveBack()
    })
    try {
      await this.patience.race(taken, signal)
    } catch (error) {
      wanted = false
      throw error
    }
    return hour ? () => attempt(this.ctx, () => this.write(giveBack).catch(ignoreEnd)) : undefined
  }

  private async count(selfId: string, userId: string): Promise<number | undefined> {
    const hour = Math.floor(Date.now() / Time.hour)
    const rows = await this.ctx.database.get('qq_user_push', { selfId, userId, hour: { $gte: hour - DAY } })
    // a database that does not tell upper case from lower has others' too
    const own = rows.filter(row => row.userId === userId)
    if (own.reduce((sum, { count }) => sum + count, 0) >= this.limit) return
    await this.ctx.database.upsert('qq_user_push', row => [{ selfId, userId, hour, count: $.add(row.count, 1) }])
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

/** What is given back when the plugin is gone stays counted: rather one message too few than one too many. */
function ignoreEnd(error: unknown) {
  if (!(error instanceof GivenUpError)) throw error
}
