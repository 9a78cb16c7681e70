import { $, Context, pick, Tables } from 'koishi'
import { Driver } from 'minato'
import { isKey } from '../roster/keys'
import { cut } from '../roster/query'
import * as sqlite from '../roster/sqlite'
import { unwrap } from '../shared/patch'
import { Broadcast, BroadcastRecipient, BroadcastRow, RecipientRow, RecipientState } from './model'
import { parseAudience } from './audience'
import { activeStates, finalStates } from './phases'
import { addUp, Sums, toKind } from './sums'

const table = 'qq_user_broadcast'
const recipients = 'qq_user_broadcast_recipient'

/** What tells where a broadcast stands, without what it says. */
const OUTLINE = ['id', 'selfId', 'state', 'reason', 'startAt', 'startedAt', 'owner', 'beat'] as const
export type Outline = Pick<BroadcastRow, typeof OUTLINE[number]>

/** What nobody writes when a recipient is taken in: MongoDB leaves it out of the row. */
const UNWRITTEN = { code: null, via: null, at: null }

/** A recipient who was taken on, and what became of that. `pending` gives them back. */
export interface Settlement extends Pick<RecipientRow, 'broadcast' | 'userId' | 'token' | 'state' | 'reason' | 'code' | 'via' | 'at'> {}

/** The tables of broadcasts. A row changes only if it still is as the caller last saw it: of two who change it, one succeeds. */
export class BroadcastStore {
  /** Without the proxy that tells Cordis who asks: the last settlements come when the context is gone. */
  private database: Context['database']
  private driver: Driver
  /** Whether other processes may use the same database. */
  readonly shared: boolean

  constructor(ctx: Context) {
    this.database = unwrap(ctx.database)
    this.driver = this.database.select(table).driver
    this.shared = !sqlite.isSQLite(this.driver)
  }

  async create(row: Omit<BroadcastRow, 'id'>): Promise<BroadcastRow> {
    await sqlite.untilAlone(this.driver)
    return this.database.create(table, row)
  }

  async get(id: number): Promise<BroadcastRow | undefined> {
    const [row] = await this.database.get(table, { id })
    return row
  }

  list(selfId: string | undefined, limit: number, after?: number): Promise<BroadcastRow[]> {
    return this.database.get(table, {
      ...selfId !== undefined && { selfId: cut(selfId) },
      ...after !== undefined && { id: { $lt: after } },
    }, { sort: { id: 'desc' }, limit })
  }

  /** The broadcasts that repeat this one for users whom it did not reach. */
  repetitions(id: number): Promise<BroadcastRow[]> {
    return this.database.get(table, { repeats: id })
  }

  /** Those that something may have to be done for. */
  async active(): Promise<Outline[]> {
    return this.database.get(table, { $or: [{ state: activeStates as never[] }, { owner: { $ne: '' } }] }, [...OUTLINE])
  }

  /** Those that ended before a time. */
  async ended(before: Date): Promise<number[]> {
    const rows = await this.database.get(table, { state: finalStates as never[], finishedAt: { $lt: before } }, ['id'])
    return rows.map(({ id }) => id)
  }

  /** @returns whether it was as expected, and so was changed */
  change(expected: Partial<BroadcastRow> & { id: number }, values: Partial<Omit<BroadcastRow, 'id'>>): Promise<boolean> {
    return this.set(table, expected, values)
  }

  /** Takes users in as recipients, unless they are in already. */
  async enrol({ id, selfId }: Pick<BroadcastRow, 'id' | 'selfId'>, userIds: string[]) {
    if (!userIds.length) return
    const rows = userIds.map(userId => ({ broadcast: id, userId, selfId }))
    if (sqlite.isSQLite(this.driver)) await sqlite.add(this.driver, recipients, rows.map(row => ({ ...row, state: 'pending', reason: '', token: '' })))
    else await this.database.upsert(recipients, rows)
  }

  /** Some who are still to be written to, in the order of their ids. */
  async pending(broadcast: number, limit: number, after?: string): Promise<string[]> {
    const rows = await this.database.get(recipients, {
      broadcast, state: 'pending', reason: '', ...after !== undefined && { userId: { $gt: after } },
    }, { sort: { userId: 'asc' }, limit, fields: ['userId'] })
    return rows.map(({ userId }) => userId)
  }

  /** Takes a recipient on: nobody else can afterwards. @returns whether they were still to be had */
  async claim(broadcast: number, userId: string, token: string, at: Date): Promise<boolean> {
    return this.set(recipients, { broadcast, userId, state: 'pending' }, { state: 'sending', token, at })
  }

  /** Puts on record what became of a recipient. @returns whether that was still open */
  async settle({ broadcast, userId, token, ...outcome }: Settlement, from: RecipientState = 'sending'): Promise<boolean> {
    const values = outcome.state === 'pending' ? { state: outcome.state, reason: '', code: null, via: null, at: null, token: '' } : outcome
    return this.set(recipients, { broadcast, userId, state: from, ...from === 'sending' && { token } }, values)
  }

  /** @returns whether there was a row as expected */
  private async set<K extends typeof table | typeof recipients>(name: K, expected: Partial<Tables[K]>, values: Partial<Tables[K]>): Promise<boolean> {
    if (sqlite.isSQLite(this.driver)) return await sqlite.change(this.driver, name, expected, values) > 0
    return !!(await this.database.set(name, expected as never, values as never)).matched
  }

  /** Those who are taken on, and by whom. */
  underWay(broadcast: number) {
    return this.database.get(recipients, { broadcast, state: 'sending' }, ['userId', 'token'])
  }

  /** How many recipients there are of each kind. */
  async sums(broadcast: number): Promise<Sums> {
    const rows = await this.database.select(recipients, { broadcast }).groupBy(['state', 'reason'], { count: row => $.length(row.userId) }).execute()
    const sums: Sums = new Map()
    for (const { state, reason, count } of rows) addUp(sums, toKind(state, reason), count)
    return sums
  }

  async recipients(broadcast: number, state: RecipientState | undefined, limit: number, after?: string): Promise<BroadcastRecipient[]> {
    const rows = await this.database.get(recipients, {
      broadcast, ...state && { state: cut(state) as RecipientState }, ...after !== undefined && { userId: { $gt: cut(after) } },
    }, { sort: { userId: 'asc' }, limit, fields: ['userId', 'state', 'reason', 'code', 'via', 'at'] })
    return rows.map(row => ({ ...UNWRITTEN, ...row }))
  }

  /** Some whom it did not reach for one of these reasons, in the order of their ids. */
  async missed(broadcast: number, reasons: string[], limit: number, after?: string): Promise<string[]> {
    const rows = await this.database.get(recipients, {
      ...toMissed(broadcast, reasons), ...after !== undefined && { userId: { $gt: after } },
    }, { sort: { userId: 'asc' }, limit, fields: ['userId'] })
    return rows.map(({ userId }) => userId)
  }

  countMissed(broadcast: number, reasons: string[]): Promise<number> {
    return this.database.eval(recipients, row => $.length(row.userId), toMissed(broadcast, reasons))
  }

  /** Erases a user from all broadcasts. @returns what they were there */
  async forget(selfId: string, userId: string) {
    if (!isKey({ selfId, userId })) return []
    const rows = await this.database.get(recipients, { selfId, userId }, ['broadcast', 'userId', 'state', 'reason'])
    // a database that does not tell upper case from lower has others' too
    const own = rows.filter(row => row.userId === userId)
    for (const { broadcast } of own) await this.database.remove(recipients, { broadcast, userId })
    return own
  }

  /** Removes some of the recipients. @returns whether there may be more */
  async prune(broadcast: number, limit: number): Promise<boolean> {
    const rows = await this.database.get(recipients, { broadcast }, { limit, fields: ['userId'] })
    if (rows.length) await this.database.remove(recipients, { broadcast, userId: rows.map(({ userId }) => userId) })
    return rows.length === limit
  }
}

function toMissed(broadcast: number, reasons: string[]) {
  return { broadcast, state: ['skipped', 'failed'] as never[], reason: reasons }
}

/** A row as others see it. */
export function toBroadcast(row: BroadcastRow): Broadcast {
  const { total, sent, skipped, failed, unknown } = row
  // what is not known yet is not below zero
  const pending = Math.max(0, total - sent - skipped - failed - unknown)
  return {
    ...pick(row, ['id', 'selfId', 'title', 'content', 'via', 'state', 'createdAt', 'startAt', 'startedAt', 'finishedAt', 'pausedAt', 'reason', 'repeats']),
    audience: parseAudience(row.audience),
    counts: { total, pending, sent, skipped, failed, unknown },
  }
}
