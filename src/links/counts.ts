import { $, Context, Time } from 'koishi'
import { QQUser } from '../model'
import { Roster } from '../roster'
import { Counted } from '../roster/exact'
import { unwrap } from '../shared/patch'
import { LinkNumbers } from './model'

/** How many parameters of a bot are looked at that no link was made for, most users first. */
const OTHERS = 100
/** How many more may arrive that nobody has seen, until they are counted anew. */
const ROOM = 1000
/** For how long numbers are good, as another process may write to the same table. */
const KEEP = { exact: 10 * Time.minute, near: Time.minute }

/** What is known of one bot. */
interface Kept {
  numbers: Map<string, LinkNumbers>
  /** How many more parameters may arrive; none where not all that there are was looked at. */
  room: number
  loadedAt: number
  /** For how long they are good, in ms. */
  keep: number
  loading: Promise<void>
}

/** How many users came by each link, kept up to date by every commit instead of scanned for. */
export class LinkCounts {
  private bots = new Map<string, Kept>()
  private database: Context['database']

  constructor(ctx: Context, private roster: Roster) {
    this.database = unwrap(ctx.database)
    ctx.effect(() => roster.follow({
      changed: ({ users }) => users.forEach(({ previous, user }) => {
        if (previous) this.move(previous, -1)
        if (user) this.move(user, 1)
      }),
      doubted: () => this.bots.forEach(kept => kept.keep = 0),
    }))
  }

  /** The numbers of these parameters, and of those of others that most users came by. */
  async get(selfId: string, params: string[]): Promise<ReadonlyMap<string, LinkNumbers>> {
    await this.roster.settled()
    let kept = this.bots.get(selfId)
    if (!kept || Math.abs(Date.now() - kept.loadedAt) >= kept.keep) {
      kept = { numbers: new Map(), room: 0, loadedAt: Date.now(), keep: KEEP.near, loading: Promise.resolve() }
      this.bots.set(selfId, kept)
      await this.load(selfId, kept, params, true)
    }
    await kept.loading
    const missing = params.filter(param => !kept.numbers.has(param))
    if (missing.length) await this.load(selfId, kept, missing, false)
    return kept.numbers
  }

  private load(selfId: string, kept: Kept, params: string[], others: boolean) {
    kept.loading = kept.loading.then(() => this.scan(selfId, kept, params, others))
    kept.loading.catch(() => {
      if (this.bots.get(selfId) === kept) this.bots.delete(selfId)
    })
    return kept.loading
  }

  private scan(selfId: string, kept: Kept, params: string[], others: boolean) {
    const limit = others ? params.length + OTHERS : 0
    const read = async () => {
      const [top, rows] = await Promise.all([others ? this.top(selfId, limit) : [], this.roster.users.countByParam(selfId, params)])
      const more = top.filter(param => !params.includes(param))
      // where case does not count, a parameter is found by any of its spellings, of which only one was among these
      const groups = new Map([...rows, ...await this.roster.users.countByParam(selfId, more)].map(row => [toKey(row), row]))
      const found = [...groups.values()]
      return { all: new Set([...params, ...more, ...found.map(({ sceneParam }) => sceneParam!)]), complete: top.length < limit, rows: found }
    }
    return this.roster.scan(read, ({ result, missed, exact, doubtful }) => {
      const numbers = new Map([...result.all].map(param => [param, none()]))
      const use = (user: Counted, sign: number) => add(numbers.get(user.sceneParam!), user, sign)
      for (const row of result.rows) use(row, 1)
      const complete = others && result.complete
      for (const { previous, user } of missed.flatMap(({ users }) => users)) {
        if (previous?.selfId === selfId) use({ ...previous, count: 1 }, -1)
        if (user?.selfId !== selfId) continue
        if (complete && user.sceneParam && !numbers.has(user.sceneParam)) numbers.set(user.sceneParam, none())
        use({ ...user, count: 1 }, 1)
      }
      for (const [param, count] of numbers) kept.numbers.set(param, count)
      if (others) Object.assign(kept, { room: complete ? ROOM : 0, loadedAt: Date.now(), keep: exact ? KEEP.exact : KEEP.near })
      if (doubtful) kept.keep = 0
    })
  }

  /** The parameters that most users came by. */
  private async top(selfId: string, limit: number): Promise<string[]> {
    const rows = await this.database
      .select('qq_user', { selfId, sceneParam: { $gt: '' } })
      .groupBy('sceneParam', { count: row => $.length(row.selfId) })
      .orderBy('count', 'desc')
      .limit(limit)
      .execute()
    return rows.map(({ sceneParam }) => sceneParam!)
  }

  private move(user: QQUser, sign: 1 | -1) {
    const { selfId, sceneParam } = user
    const kept = this.bots.get(selfId)
    if (!kept || !sceneParam) return
    let numbers = kept.numbers.get(sceneParam)
    if (!numbers && kept.room > 0 && sign > 0) {
      kept.room--
      kept.numbers.set(sceneParam, numbers = none())
    }
    add(numbers, { ...user, count: 1 }, sign)
  }
}

const none = (): LinkNumbers => ({ users: 0, friends: 0, rejected: 0 })

function toKey({ sceneParam, relation, consent }: Counted) {
  return JSON.stringify([sceneParam, relation, consent])
}

function add(numbers: LinkNumbers | undefined, { relation, consent, count }: Counted, sign: number) {
  if (!numbers) return
  numbers.users += sign * count
  if (relation === 'friend') numbers.friends += sign * count
  if (consent === 'rejected') numbers.rejected += sign * count
}
