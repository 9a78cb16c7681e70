import { Recent } from '../shared/recent'
import { readFailure } from './codes'
import { Internal, wrapSend } from './internal'

const EVENTS = 1_000

/**
 * Lets an event be replied to more than once. The platform wants the first reply without a `msg_seq` and all further
 * ones numbered; the adapter numbers none.
 *
 * @returns what takes it back
 */
export function numberReplies(internal: Partial<Internal> | undefined) {
  const replies = new Recent<Set<number>>(EVENTS)
  return wrapSend(internal, send => async (openid, data) => {
    if (!data?.event_id || data.msg_seq) return send(openid, data)
    const taken = replies.get(data.event_id) ?? new Set()
    replies.set(data.event_id, taken)
    let number = 1
    while (taken.has(number)) number++
    taken.add(number)
    try {
      return await send(openid, number > 1 ? { ...data, msg_seq: number } : data)
    } catch (error) {
      if (readFailure(error, true).undelivered) taken.delete(number)
      throw error
    }
  })
}
