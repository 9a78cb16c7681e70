import { Time } from 'koishi'
import { EventType } from '../model'
import { deriveId, UserEvent } from '../event'
import { Failure, Meaning, readFailure, Way } from './codes'
import { Internal, readWay, wrapRequest } from './internal'
import { StoppedError } from './objections'

const conclusions: Partial<Record<Meaning, EventType>> = {
  rejected: 'friend-push-rejected',
  deleted: 'friend-deleted',
}

/**
 * What a refused send says about its recipient, if anything.
 *
 * @param at when the attempt began, in ms
 * @param outdated the user has been heard of since
 */
export function toConclusion(selfId: string, userId: string, { meaning }: Failure, at: number, outdated = false): UserEvent | undefined {
  const type = conclusions[meaning]
  if (!type) return
  // the platform's own events know seconds only, and one that came after the attempt, in the same second, overrules this
  const occurredAt = Math.floor(at / Time.second) * Time.second - (outdated ? 1 : 0)
  const fact = { type, source: 'send-error', userId, occurredAt } as const
  return { ...fact, id: deriveId(selfId, fact), selfId, receivedAt: at }
}

export interface Observer {
  /** Told of every error but what was stopped here, also where there was no answer, and when the attempt began (ms). */
  refused(userId: string, failure: Failure, at: number): void
  /** Told of every proactive message that was taken. */
  proactiveAccepted(userId: string): void
}

/**
 * Listens to what the platform says to private messages and to files for users, whoever sends them.
 *
 * @returns what takes it back
 */
export function observeAnswers(internal: Partial<Internal> | undefined, observer: Observer) {
  async function observe<T>(openid: string, way: Way | undefined, request: () => Promise<T>): Promise<T> {
    const at = Date.now()
    try {
      const answer = await request()
      if (way === 'proactive') observer.proactiveAccepted(openid)
      return answer
    } catch (error) {
      if (!(error instanceof StoppedError)) observer.refused(openid, readFailure(error, way), at)
      throw error
    }
  }
  const restores = [
    wrapRequest(internal, 'sendPrivateMessage', send => (openid, data) => observe(openid, readWay(data), () => send(openid, data))),
    // an upload by itself is no message yet
    wrapRequest(internal, 'sendFilePrivate', send => (openid, data) => {
      return observe(openid, data?.srv_send_msg ? 'proactive' : undefined, () => send(openid, data))
    }),
  ]
  return () => restores.reverse().forEach(restore => restore())
}
