import { NoticeState, QQUserEntry } from '../model'
import { isUserAction } from '../roster/state'
import { toNoticeKey } from './texts'

/** Why an entry has no notice; `counted` where another entry about the same counts. */
export type Silence = 'concluded' | 'deletion' | 'counted' | 'switched-off'

/** What became of a notice, as an operator is told: one that was left out has a reason as well. */
export interface Explanation {
  notice: NoticeState
  reason: string
}

type Entry = Pick<QQUserEntry, 'type' | 'source' | 'applied' | 'notice' | 'noticeReason'>

/** @param underWay whether the notice is being sent: until its outcome is known, it is on record as if it never would be */
export function explain(entry: Entry, underWay = false): Explanation {
  if (underWay && (entry.notice === 'pending' || entry.notice === 'failed')) return { notice: 'pending', reason: 'under-way' }
  const { notice, noticeReason: reason } = entry
  return { notice, reason: reason || (notice === 'none' ? toSilence(entry) : '') }
}

function toSilence(entry: Entry): Silence {
  if (!isUserAction(entry.source)) return 'concluded'
  if (!toNoticeKey(entry)) return 'deletion'
  return entry.applied ? 'switched-off' : 'counted'
}
