import { $, Context, Dict, Time } from 'koishi'
import { Consent, QQUser, Relation } from './model'
import { UserQuery } from './query'

interface Group extends Pick<QQUser, 'selfId' | 'relation' | 'consent'> {
  count: number
}

/** Another process may write to the same table, so that what is counted here drifts. */
const KEEP = 10 * Time.minute

/** How many users there are of each kind, kept up to date by every commit instead of scanned for. */
export class Counts {
  private groups?: Dict<Group>
  private loadedAt = 0

  constructor(private ctx: Context) {}

  get fresh() {
    return !!this.groups && Date.now() - this.loadedAt < KEEP
  }

  /** To be called from the write queue only, so that no commit falls between the scan and its result. */
  async load() {
    const rows = await this.ctx.database
      .select('qq_user')
      .groupBy(['selfId', 'relation', 'consent'], { count: row => $.count(row.userId) })
      .execute() as Group[]
    this.groups = Object.create(null)
    for (const row of rows) this.groups![toKey(row)] = row
    this.loadedAt = Date.now()
  }

  move(previous: QQUser | undefined, user: QQUser) {
    if (previous) this.add(previous, -1)
    this.add(user, 1)
  }

  get({ selfId, relation, consent }: Omit<UserQuery, 'search'>) {
    return Object.values(this.groups ?? {})
      .filter(group => selfId === undefined || group.selfId === selfId)
      .filter(group => !relation || group.relation === relation)
      .filter(group => !consent || group.consent === consent)
      .reduce((sum, { count }) => sum + count, 0)
  }

  private add({ selfId, relation, consent }: { selfId: string; relation: Relation; consent: Consent }, count: number) {
    if (!this.groups) return
    const group = this.groups[toKey({ selfId, relation, consent })] ??= { selfId, relation, consent, count: 0 }
    group.count += count
  }
}

function toKey({ selfId, relation, consent }: Omit<Group, 'count'>) {
  return `${selfId} ${relation} ${consent}`
}
