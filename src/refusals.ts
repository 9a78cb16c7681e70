import { Time } from 'koishi'
import { EventType } from './model'
import { deriveId, UserEvent } from './event'
import { Failure, Meaning } from './codes'

const lessons: Partial<Record<Meaning, EventType>> = {
  rejected: 'friend-push-rejected',
  deleted: 'friend-deleted',
}

/** What a refused send says about its recipient, if anything. `at` is when the attempt began, in ms. */
export function toLesson(selfId: string, userId: string, { meaning }: Failure, at: number): UserEvent | undefined {
  const type = lessons[meaning]
  if (!type) return
  // the platform's own events know seconds only, and one in the same second must be able to overrule this
  const occurredAt = Math.floor(at / Time.second) * Time.second
  const fact = { type, source: 'send-error', userId, occurredAt } as const
  return { ...fact, id: deriveId(selfId, fact), selfId, receivedAt: at }
}
