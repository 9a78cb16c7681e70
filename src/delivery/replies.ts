import { Time } from 'koishi'
import { Recent } from '../shared/recent'
import { readFailure } from './codes'
import { Internal, wrapSend } from './internal'

/** What was replied to an event. */
interface Replied {
  numbers: Set<number>
  /** The first reply, while it is under way. */
  first?: Promise<unknown>
}

/** The replies to the latest events, by their ids. */
export type Replies = Recent<Replied>

/** For how long the others wait for the first reply, in ms. */
const PATIENCE = 10 * Time.second

/**
 * Lets an event be replied to more than once. The platform wants the first reply without a `msg_seq` and all further
 * ones numbered, and the first one first; the adapter numbers none.
 *
 * @returns what takes it back
 */
export function numberReplies(internal: Partial<Internal> | undefined, replies: Replies) {
  return wrapSend(internal, send => async (openid, data) => {
    if (!data?.event_id || data.msg_seq) return send(openid, data)
    const replied = replies.get(data.event_id) ?? { numbers: new Set() }
    replies.set(data.event_id, replied)
    while (replied.first) await settled(replied)
    const { numbers } = replied
    let number = 1
    while (numbers.has(number)) number++
    numbers.add(number)
    let answer: Promise<unknown> | undefined
    try {
      answer = send(openid, number > 1 ? { ...data, msg_seq: number } : data)
      if (number === 1) replied.first = answer
      return await answer
    } catch (error) {
      if (readFailure(error, true).undelivered) numbers.delete(number)
      throw error
    } finally {
      if (replied.first === answer) replied.first = undefined
    }
  })
}

/** Waits until the first reply was answered, whatever the answer, but not for ever. */
async function settled(replied: Replied) {
  const { first } = replied
  let timer!: NodeJS.Timeout
  const timeout = new Promise(resolve => timer = setTimeout(resolve, PATIENCE))
  await Promise.race([first!.catch(() => {}), timeout])
  clearTimeout(timer)
  if (replied.first === first) replied.first = undefined
}
