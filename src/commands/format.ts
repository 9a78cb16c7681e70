import { Session, Time } from 'koishi'
import { QQUser, QQUserEntry } from '../model'
import { Explanation } from '../notices/explain'

/** The beginning of an id is enough to tell users apart, and fits on a phone. */
function toShortId(id: string) {
  return id.length > 10 ? id.slice(0, 8) + '…' : id
}

export function toTime(date: Date | null) {
  return date ? Time.template('yyyy-MM-dd hh:mm', date) : '—'
}

export function toState(session: Session, { relation, consent }: QQUser) {
  return `${session.text(`qq-user.relation.${relation}`)} · ${session.text(`qq-user.consent.${consent}`)}`
}

export function toLine(session: Session, user: QQUser) {
  return [user.name, toShortId(user.userId), toState(session, user)].filter(Boolean).join('  ')
}

export function toReason(session: Session, reason: string) {
  return /^[a-z-]+$/.test(reason) ? session.text([`qq-user.reason.${reason}`, '']) || reason : reason
}

export function toScene(session: Session, scene: number | null) {
  return scene === null ? session.text('qq-user.scene.unknown') : session.text([`qq-user.scene.${scene}`, '']) || String(scene)
}

export function toEntry(session: Session, { occurredAt, type, source, applied }: QQUserEntry, { notice, reason }: Explanation) {
  const parts = [
    toTime(occurredAt),
    session.text(`qq-user.type.${type}`),
    session.text(`qq-user.source.${source}`),
    applied ? '' : session.text('qq-user.answers.not-applied'),
    session.text(`qq-user.notice.${notice}`) + (reason && ` (${toReason(session, reason)})`),
  ]
  return parts.filter(Boolean).join('  ')
}
