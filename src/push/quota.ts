import { $, Context, Time } from 'koishi'
import { MAX_ID } from '../model'
import { Task } from '../roster/queue'

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

/** The daily limit of each user, kept in the database so that a restart does not forget it. */
export class Quota {
  /** @param write puts a task into the line of writes */
  constructor(private ctx: Context, private limit: number, private write: (task: Task) => Promise<void>) {
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

  /** Takes one of the user's messages. @returns whether there was one left within the last 24 hours */
  async take(selfId: string, userId: string): Promise<boolean> {
    if (this.limit === Infinity) return true
    let taken = false
    await this.write(async () => {
      const hour = Math.floor(Date.now() / Time.hour)
      const rows = await this.ctx.database.get('qq_user_push', { selfId, userId, hour: { $gte: hour - DAY } })
      // a database that does not tell upper case from lower has others' too
      taken = rows.filter(row => row.userId === userId).reduce((sum, { count }) => sum + count, 0) < this.limit
      if (taken) await this.ctx.database.upsert('qq_user_push', row => [{ selfId, userId, hour, count: $.add(row.count, 1) }])
    })
    return taken
  }

  async forget(selfId: string, userId: string) {
    await this.write(async () => {
      await this.ctx.database.remove('qq_user_push', { selfId, userId })
    })
  }

  /** Forgets what no longer counts. To be called from the line of writes only. */
  async prune() {
    await this.ctx.database.remove('qq_user_push', { hour: { $lt: Math.floor(Date.now() / Time.hour) - DAY } })
  }
}
