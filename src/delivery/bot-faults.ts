import { Context, Time } from 'koishi'
import { RecentMap } from '../shared/recent-map'
import { Failure, Meaning, toSubject } from './codes'

const PAIRS = 1_000

/** What is not said of the bot, and yet is for nobody but the operator to mend. */
const alsoTold: Meaning[] = ['recall-closed']

/** Tells the operator of what only they can mend, once an hour for each bot and kind. */
export class Faults {
  private told = new RecentMap<true>(PAIRS, Time.hour)

  constructor(private ctx: Context) {}

  note(selfId: string, { meaning, code }: Failure) {
    if (toSubject(meaning) !== 'bot' && !alsoTold.includes(meaning)) return
    const key = `${selfId} ${meaning}`
    if (this.told.get(key)) return
    this.told.set(key, true)
    this.ctx.logger.warn('the platform refuses messages of bot %s: %s (%s); this is not logged again for an hour', selfId, meaning, code ?? 'no code')
  }
}
