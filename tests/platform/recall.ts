const day = 86400_000
/** The first day after each period. */
const ends = [1, 3, 7, 30]

/** What a user's writing lets the bot recall. */
export interface Recalls {
  /** When the user last wrote. */
  at: number
  /** When recalls were sent since the day on which the user first wrote again. */
  sent: number[]
}

/** What a message of the user's makes of it: one on a later day starts the periods anew. */
export function hearRecalls(previous: Recalls | undefined, at: number): Recalls {
  const same = previous && toDay(previous.at) === toDay(at)
  return { at, sent: same ? previous.sent : [] }
}

/** Why the user may not be recalled now; nothing if they may. Days are counted by the calendar and by their length, whichever is stricter. */
export function judgeRecall(recalls: Recalls | undefined, now: number): number | undefined {
  if (!recalls) return 40034123
  const periods = (time: number) => [toPeriod((time - recalls.at) / day), toPeriod(toDay(time) - toDay(recalls.at))]
  const present = periods(now)
  if (present.includes(-1)) return 40034123
  if (recalls.sent.some(time => periods(time).some((period, index) => period === present[index]))) return 40034122
}

/** The day by the platform's calendar. */
function toDay(time: number) {
  return Math.floor((time + 8 * 3600_000) / day)
}

function toPeriod(days: number) {
  return ends.findIndex(end => days < end)
}
