import { $, Context, Random, Time } from 'koishi'
import { MAX_ID, QQUser } from '../model'
import { runSafely } from '../shared/run-safely'
import { CancellableWaits } from '../delivery/cancellable-waits'
import { GivenUpError, Task } from '../roster/queue'
import { isKey } from '../roster/keys'
import { judgeRecall, RecallReason, Spent } from './recall'

declare module 'koishi' {
  interface Tables {
    qq_user_recall: RecallRow
  }
}

/** A row of `qq_user_recall`: the last recall of a user. */
export interface RecallRow extends Spent {
  selfId: string
  userId: string
  /** Marks each change, so that of two who are about to recall only one does. */
  token: string
}

/** Whom to recall. */
type Recalled = Pick<QQUser, 'selfId' | 'userId' | 'lastMessageAt'>

/** The line of writes. */
export interface WriteLine {
  write(task: Task): Promise<void>
  /** Resolves when what stands in it is written, or cannot be. */
  settled(): Promise<void>
}

/** For how long (ms) a row counts. */
const AGE = 31 * Time.day

/** What was spent of each user's recalls, kept in the database so that neither a restart nor another process spends it again. */
export class Recalls {
  constructor(private ctx: Context, private line: WriteLine, private waits: CancellableWaits) {
    ctx.model.extend('qq_user_recall', {
      selfId: `string(${MAX_ID})`,
      userId: `string(${MAX_ID})`,
      wroteAt: 'timestamp',
      spentAt: 'timestamp',
      reason: { type: 'string', length: 16, initial: 'recall-used' },
      token: { type: 'string', length: 16, initial: '' },
    }, {
      primary: ['selfId', 'userId'],
      indexes: [['spentAt']],
    })
  }

  /** What was spent, with everything that is being written. */
  async get(selfId: string, userId: string): Promise<Spent | undefined> {
    await this.line.settled()
    return this.read(selfId, userId)
  }

  /**
   * Spends a recall that is about to be sent.
   *
   * @returns what gives it back, or why it is not to be had
   * @throws StoppedError `aborted`
   */
  async take(user: Recalled, signal?: AbortSignal): Promise<(() => void) | RecallReason> {
    const { selfId, userId, lastMessageAt } = user
    const token = Random.id(16)
    let wanted = true
    let previous: RecallRow | undefined
    let reason: RecallReason | undefined = 'recall-used'
    const undo = () => this.undo(selfId, userId, token, previous)
    const taken = this.line.write(async () => {
      // whoever waited for this may have gone while the database was away
      if (!wanted) return
      const row = await this.read(selfId, userId)
      // an attempt of which only the answer was lost
      if (row?.token !== token) {
        previous = row
        const now = Date.now()
        reason = judgeRecall(lastMessageAt, row, now)
        if (reason) return
        await this.replace(user, { reason: 'recall-used', wroteAt: later(lastMessageAt, row), spentAt: new Date(now), token }, row?.token ?? '')
      }
      reason = (await this.read(selfId, userId))?.token === token ? undefined : 'recall-used'
      if (!wanted && !reason) await undo()
    })
    try {
      await this.waits.race(taken, signal)
    } catch (error) {
      wanted = false
      throw error
    }
    return reason ?? (() => this.follow(undo))
  }

  /** Takes the platform's word for it. What was taken for the recall that it refused cannot be given back any more. */
  learn(user: Recalled, reason: RecallReason) {
    const { selfId, userId } = user
    const spentAt = new Date()
    this.follow(async () => {
      const row = await this.read(selfId, userId)
      await this.replace(user, { reason, wroteAt: later(user.lastMessageAt, row), spentAt, token: Random.id(16) }, row?.token ?? '')
    })
  }

  async forget(selfId: string, userId: string) {
    if (!isKey({ selfId, userId })) return
    await this.line.write(async () => {
      if (await this.read(selfId, userId)) await this.ctx.database.remove('qq_user_recall', { selfId, userId })
    })
  }

  /** Forgets what no longer counts. To be called from the line of writes only. */
  async prune() {
    await this.ctx.database.remove('qq_user_recall', { spentAt: { $lt: new Date(Date.now() - AGE) } })
  }

  private async read(selfId: string, userId: string): Promise<RecallRow | undefined> {
    const rows = await this.ctx.database.get('qq_user_recall', { selfId, userId })
    // a database that does not tell upper case from lower has others' too
    return rows.find(row => row.userId === userId)
  }

  /** Writes a row over the one with that token, of which every change has another. */
  private async replace({ selfId, userId }: Recalled, values: Omit<RecallRow, 'selfId' | 'userId'>, token: string) {
    // the row has to exist before two processes can be told apart by who changes it first
    if (!token) await this.ctx.database.upsert('qq_user_recall', row => [{ selfId, userId, token: $.if($.eq(row.token, ''), '', row.token) }])
    await this.ctx.database.set('qq_user_recall', { selfId, userId, token }, values)
  }

  private async undo(selfId: string, userId: string, token: string, previous: RecallRow | undefined) {
    const query = { selfId, userId, token }
    if (!previous) return this.ctx.database.remove('qq_user_recall', query)
    const { wroteAt, spentAt, reason } = previous
    return this.ctx.database.set('qq_user_recall', query, { wroteAt, spentAt, reason, token: previous.token })
  }

  /** Writes what nobody waits for. */
  private follow(task: Task) {
    runSafely(this.ctx, () => this.line.write(task).catch(ignoreEnd))
  }
}

function later(wroteAt: Date | null, row: RecallRow | undefined) {
  return row?.wroteAt && (!wroteAt || row.wroteAt > wroteAt) ? row.wroteAt : wroteAt
}

/** What is given back when the plugin is gone stays spent: rather one recall too few than one too many. */
function ignoreEnd(error: unknown) {
  if (!(error instanceof GivenUpError)) throw error
}
