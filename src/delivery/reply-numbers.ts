import { Context, Time } from 'koishi'
import { lasting } from '../shared/lasting'
import { RecentMap } from '../shared/recent-map'
import { readFailure } from './codes'
import { Internal, wrapSend } from './internal'
import { REPLY_COUNT, REPLY_WINDOW } from './route'

/** What was replied to a message or an event. */
interface Replied {
  /** The numbers of the replies that arrived, may have arrived, or are under way. */
  numbers: Set<number>
  /** How many replies wait for the first one. */
  waiting: number
  /** The first reply to an event, while it is under way. */
  first?: Promise<unknown>
  /** The platform takes no more of them. */
  closed?: boolean
}

/** The replies to the latest messages and events, by their ids. */
export type ReplyNumbers = RecentMap<Replied>

/** How many messages and events are remembered for the replies to them. */
const REPLIES = 20_000

export function rememberReplies(ctx: Context): ReplyNumbers {
  return lasting(ctx, 'delivery.replies', () => new RecentMap(REPLIES, REPLY_WINDOW))
}

/** What replies to messages are numbered with. The adapter's own numbers begin at 1 for each message. */
export interface Numbers {
  last: number
}

export const createNumbers = (): Numbers => ({ last: 0 })

/** For how long the others wait for the first reply, in ms. */
const PATIENCE = 10 * Time.second

/** A number that no reply had before. It goes up across restarts too. */
export function nextNumber(numbers: Numbers) {
  return numbers.last = Math.max(numbers.last + 1, Math.floor(Date.now() / Time.second))
}

/** How many more replies the platform takes to a message or an event, as far as is known. */
export function countLeft(replies: ReplyNumbers, id: string) {
  const replied = replies.get(id)
  if (!replied) return REPLY_COUNT
  return replied.closed ? 0 : Math.max(0, REPLY_COUNT - replied.numbers.size - replied.waiting)
}

/** Remembers that the platform takes no more replies to a message or an event. */
export function closeReplies(replies: ReplyNumbers, id: string) {
  open(replies, id).closed = true
}

/**
 * Counts the replies, whoever sends them, and lets an event be replied to more than once. The platform wants the first
 * reply to an event without a `msg_seq` and all further ones numbered, and the first one first; the adapter numbers none.
 *
 * @returns what takes it back
 */
export function numberReplies(internal: Partial<Internal> | undefined, replies: ReplyNumbers) {
  return wrapSend(internal, send => async (openid, data) => {
    const id = data?.event_id || data?.msg_id
    if (!id) return send(openid, data)
    const replied = open(replies, id)
    const { numbers } = replied
    const isNumbered = !data.event_id || !!data.msg_seq
    if (!isNumbered && replied.first) await turn(replied)
    const number = isNumbered ? data.msg_seq ?? 1 : findGap(numbers)
    const isNew = !numbers.has(number)
    numbers.add(number)
    let answer: Promise<unknown> | undefined
    try {
      answer = send(openid, isNumbered || number === 1 ? data : { ...data, msg_seq: number })
      if (!isNumbered && number === 1) replied.first = answer
      return await answer
    } catch (error) {
      const { meaning, undelivered } = readFailure(error, 'reply')
      if (isNew && undelivered) numbers.delete(number)
      if (meaning === 'window-closed') replied.closed = true
      throw error
    } finally {
      if (replied.first === answer) replied.first = undefined
    }
  })
}

function open(replies: ReplyNumbers, id: string): Replied {
  const replied = replies.get(id) ?? { numbers: new Set(), waiting: 0 }
  replies.set(id, replied)
  return replied
}

function findGap(numbers: Set<number>) {
  let number = 1
  while (numbers.has(number)) number++
  return number
}

/** Waits until no first reply is under way. */
async function turn(replied: Replied) {
  replied.waiting++
  while (replied.first) await settled(replied)
  replied.waiting--
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
