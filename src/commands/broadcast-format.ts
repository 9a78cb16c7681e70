import { h, Session, Time } from 'koishi'
import { Broadcasts } from '../broadcast'
import { Broadcast } from '../broadcast/model'
import { BroadcastError } from '../broadcast/error'
import { toReason, toTime } from './format'

const TITLE = 24

/** What is wrong, as the operator reads it. @throws what is no fault of theirs */
export function toBroadcastError(session: Session, error: unknown) {
  if (!(error instanceof BroadcastError)) throw error
  const { reason, detail } = error
  return [session.text(`qq-user.broadcasts.error.${reason}`), detail && h.escape(`(${detail})`)].filter(Boolean).join(' ')
}

export function toDuration(ms: number) {
  return Time.format(Math.max(ms, Time.second))
}

export function toPlainText(elements: h[]) {
  return h.select(elements, 'text').map(({ attrs }) => attrs.content).join(' ')
}

export function toBeginning(text: string, length: number) {
  return text.length > length ? text.slice(0, length) + '…' : text
}

/** Where a broadcast stands, in a line. */
export function toBroadcastLine(session: Session, broadcast: Broadcast, broadcasts: Broadcasts) {
  const { id, title, content, state, reason, startAt, pausedAt, counts } = broadcast
  const { waitsFor, retryAt } = broadcasts.outlook(broadcast)
  const parts = [
    `#${id}`,
    session.text(`qq-user.broadcasts.state.${state}`) + (reason && ` (${toReason(session, reason)})`),
    state === 'scheduled' ? toTime(startAt) : '',
    counts.total ? session.text('qq-user.broadcasts.counts', counts) : '',
    state === 'running' ? session.text('qq-user.broadcasts.left', { duration: toDuration(broadcasts.timeLeft(broadcast)) }) : '',
    pausedAt && session.text('qq-user.broadcasts.since', { time: toTime(pausedAt) }),
    retryAt && session.text('qq-user.broadcasts.retry-at', { time: toTime(new Date(retryAt)) }),
    waitsFor && !retryAt && session.text(`qq-user.broadcasts.waits.${waitsFor}`),
    h.escape(toBeginning(title || toPlainText(h.parse(content)), TITLE)),
  ]
  return parts.filter(Boolean).join('  ')
}
