import { Context, Time } from 'koishi'
import { RecentMap } from '../shared/recent-map'
import { Failure, Meaning, toSubject } from './codes'

const PAIRS = 1_000

/** Of whom else the operator is told: nobody but them can do something about it. */
const others: Meaning[] = ['recall-closed']

/** Tells the operator of what only they can mend, once an hour for each bot and kind. */
export class Faults {
  private told = new RecentMap<true>(PAIRS, Time.hour)

  constructor(private ctx: Context) {}

  note(selfId: string, { meaning, code }: Failure) {
    if (toSubject(meaning) !== 'bot' && !others.includes(meaning)) return
    const key = `${selfId} ${meaning}`
    if (this.told.get(key)) return
    this.told.set(key, true)
    this.ctx.logger.warn('the platform refuses messages of bot %s: %s (%s); this is not logged again for an hour', selfId, meaning, code ?? 'no code')
  }
}
