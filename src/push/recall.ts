import { Time } from 'koishi'
import { startOfDay, toDay } from '../platform-day'

/** Why a user may not be recalled. */
export type RecallReason = 'recall-used' | 'recall-closed'

/** The last recall of a user. */
export interface Spent {
  /** When the user had last written. */
  wroteAt: Date | null
  spentAt: Date | null
  /** What the user's period has been since: used, or closed, as the platform may say of it. */
  reason: RecallReason
}

/** After how many days each period ends; the first begins when the user writes. */
const ENDS = [1, 3, 7, 30]

/**
 * Why a user may not be recalled now; nothing if they may. Once in each period, and a message on a later day starts them
 * anew. The platform does not say how it counts days: both by the calendar and by their length it must be another period.
 *
 * @param wroteAt when the user last wrote
 */
export function judgeRecall(wroteAt: Date | null, spent: Spent | undefined, now: number): RecallReason | undefined {
  const since = latest(wroteAt, spent)
  if (!since) return 'recall-closed'
  const present = toPeriods(since, now)
  if (present.includes(-1)) return 'recall-closed'
  if (!concerns(spent, since)) return
  // a clock that was set back must not open a period again
  return toPeriods(since, +spent.spentAt).some((period, index) => present[index] <= period) ? spent.reason : undefined
}

/** From when (ms) on a user who may not be recalled now may be, if they write nothing until then. */
export function findNextRecall(wroteAt: Date | null, spent: Spent | undefined, now: number): number | undefined {
  const since = latest(wroteAt, spent)
  if (!since || !concerns(spent, since)) return
  const [calendar, length] = toPeriods(since, +spent.spentAt)
  if (calendar < 0 || length < 0) return
  const next = Math.max(startOfDay(toDay(since) + ENDS[calendar]), +since + ENDS[length] * Time.day)
  return now < next && next < findRecallEnd(since) ? next : undefined
}

/** Since and until when (ms) a user may not be recalled. */
export function findRecallPause(wroteAt: Date | null, spent: Spent | undefined, now: number): { since?: number; until?: number } {
  const since = latest(wroteAt, spent)
  if (!since || !judgeRecall(wroteAt, spent, now)) return {}
  const end = findRecallEnd(since)
  return end <= now ? { since: end } : { since: +spent!.spentAt!, until: findNextRecall(wroteAt, spent, now) }
}

/** When (ms) the last period ends. */
export function findRecallEnd(wroteAt: Date) {
  return startOfDay(toDay(wroteAt) + ENDS.at(-1)!)
}

/** Another process may have heard of a newer message. */
function latest(wroteAt: Date | null, spent: Spent | undefined) {
  return !spent?.wroteAt || wroteAt && wroteAt > spent.wroteAt ? wroteAt : spent.wroteAt
}

function concerns(spent: Spent | undefined, since: Date): spent is Spent & { spentAt: Date } {
  return !!spent?.spentAt && !!spent.wroteAt && toDay(spent.wroteAt) === toDay(since)
}

/** The periods that a time is in, by the calendar and by length; -1 when they are over. */
function toPeriods(since: Date, time: number) {
  return [toDay(time) - toDay(since), (time - +since) / Time.day].map(days => ENDS.findIndex(end => days < end))
}
