import { Time } from 'koishi'
import { EventType } from '../model'
import { deriveId, UserEvent } from '../event'
import { Failure, Meaning, readFailure } from './codes'
import { Internal, wrapSend } from './internal'

const lessons: Partial<Record<Meaning, EventType>> = {
  rejected: 'friend-push-rejected',
  deleted: 'friend-deleted',
}

/**
 * What a refused send says about its recipient, if anything.
 *
 * @param at when the attempt began, in ms
 * @param outdated the user has been heard of since
 */
export function toLesson(selfId: string, userId: string, { meaning }: Failure, at: number, outdated = false): UserEvent | undefined {
  const type = lessons[meaning]
  if (!type) return
  // the platform's own events know seconds only, and one that came after the attempt, in the same second, overrules this
  const occurredAt = Math.floor(at / Time.second) * Time.second - (outdated ? 1 : 0)
  const fact = { type, source: 'send-error', userId, occurredAt } as const
  return { ...fact, id: deriveId(selfId, fact), selfId, receivedAt: at }
}

export interface Observer {
  /** Told of every error that carries a code or says that nothing arrived, and when the attempt began (ms). */
  refused(userId: string, failure: Failure, at: number): void
  /** Told of every proactive message that was taken. */
  succeeded(userId: string): void
}

/**
 * Listens to what the platform says to private messages, whoever sends them.
 *
 * @returns what takes it back
 */
export function observeAnswers(internal: Partial<Internal> | undefined, observer: Observer) {
  return wrapSend(internal, send => async (openid, data) => {
    const at = Date.now()
    const reply = !!(data?.msg_id || data?.event_id)
    try {
      const answer = await send(openid, data)
      if (!reply && !data?.is_wakeup) observer.succeeded(openid)
      return answer
    } catch (error) {
      const failure = readFailure(error, reply)
      if (failure.code || failure.undelivered) observer.refused(openid, failure, at)
      throw error
    }
  })
}
