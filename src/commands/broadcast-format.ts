import { h, Session, Time } from 'koishi'
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

/** Where a broadcast stands, in a line. */
export function toBroadcastLine(session: Session, broadcast: Broadcast, left: number) {
  const { id, title, content, state, reason, startAt, counts } = broadcast
  const name = title || h.select(h.parse(content), 'text').map(({ attrs }) => attrs.content).join(' ')
  const parts = [
    `#${id}`,
    session.text(`qq-user.broadcasts.state.${state}`) + (reason && ` (${toReason(session, reason)})`),
    state === 'scheduled' ? toTime(startAt) : '',
    counts.total ? session.text('qq-user.broadcasts.counts', counts) : '',
    state === 'running' ? session.text('qq-user.broadcasts.left', { duration: toDuration(left) }) : '',
    h.escape(name.length > TITLE ? name.slice(0, TITLE) + '…' : name),
  ]
  return parts.filter(Boolean).join('  ')
}
