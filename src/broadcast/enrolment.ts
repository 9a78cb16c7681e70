import { Roster } from '../roster'
import { Match } from '../roster/directory'
import { nextTurn } from '../shared/next-turn'
import { isExact, parseAudience, toQuery } from './audience'
import { BroadcastRow } from './model'
import { temporaryReasons } from './result'
import { BroadcastStore } from './store'

/** How many users are taken in at once: their ids have to fit a statement. */
const CHUNK = 200

type Row = Pick<BroadcastRow, 'id' | 'selfId' | 'audience' | 'repeats' | 'until' | 'enrolled'>

/** Takes the audience of a broadcast into its recipients, a little at a time; where it got to is kept with the broadcast. */
export class Enrolment {
  constructor(private roster: Roster, private store: BroadcastStore) {}

  /** @returns how many there are, and when (ms) the latest of them was first seen */
  async count({ selfId, audience, repeats }: Omit<Row, 'id' | 'until' | 'enrolled'>) {
    if (repeats) return { total: await this.store.countMissed(repeats, temporaryReasons), latest: 0 }
    const match: Match = begins => toQuery(selfId, parseAudience(audience), begins)
    const groups = await this.roster.users.survey(match)
    await nextTurn()
    const latest = +(await this.roster.users.latest(match) ?? 0)
    return { total: groups.reduce((sum, { count }) => sum + count, 0), latest }
  }

  /** Takes some more in. @returns where it got to, and whether that was all */
  async advance(row: Row): Promise<Pick<BroadcastRow, 'enrolled' | 'complete'>> {
    const { found, wanted } = await this.page(row, row.enrolled)
    await this.store.enrol(row, wanted)
    const progress = { enrolled: found.at(-1) ?? row.enrolled, complete: found.length < CHUNK }
    await this.store.change({ id: row.id }, progress)
    return progress
  }

  private async page({ selfId, repeats, until, ...row }: Row, after: string | undefined) {
    if (repeats) {
      const found = await this.store.missed(repeats, temporaryReasons, CHUNK, after)
      return { found, wanted: found }
    }
    const audience = parseAudience(row.audience)
    const users = await this.roster.users.match(begins => toQuery(selfId, audience, begins, until ?? undefined), CHUNK, after)
    const toId = ({ userId }: { userId: string }) => userId
    return { found: users.map(toId), wanted: users.filter(isExact(audience)).map(toId) }
  }
}
