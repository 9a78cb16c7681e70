import { judgeRecall, Recalls } from './recall'
import { Limits, Route, UserState } from './types'

export const windowLength = 60 * 60_000
export const windowReplies = 4
export const maxLength = 4000

const repliable = ['FRIEND_ADD', 'C2C_MSG_RECEIVE', 'INTERACTION_CREATE']

/** Something of a user's that can be replied to for a while. */
export interface Window {
  /** Name of the event. */
  type: string
  openid?: string
  /** When it was dispatched. */
  at: number
  /** The `msg_seq` of each reply that was accepted. */
  seqs: number[]
}

/** All that a verdict depends on besides the message. */
export interface Situation {
  openid: string
  now: number
  user?: Pick<UserState, 'friend' | 'push' | 'pushBanned'>
  /** What the message's `event_id` stands for. */
  event?: Window
  /** What the message's `msg_id` stands for. */
  source?: Window
  freshFor: number
  pushBanned: boolean
  /** What the user's writing lets the bot recall. */
  recalls?: Recalls
  recallClosed?: boolean
  limits: Limits
  /** Accepted proactive messages in each limit's span of time, up to now. */
  sent: Limits
}

export interface Verdict {
  route: Route
  /** The `msg_seq` that an accepted reply occupies. */
  seq: number
  /** Why it is refused; absent when it is not. */
  code?: number
}

type Content = { content?: unknown; markdown?: { content?: unknown }; media?: unknown; ark?: unknown; keyboard?: unknown }

/** Decides upon a message to a user. */
export function judge(body: any, situation: Situation): Verdict {
  const seq = body.msg_seq ?? 1
  const reply = judgeReply(body, situation, seq)
  if (!situation.user?.friend) return { route: reply.route, seq, code: 40054004 }
  const code = reply.code
    ?? (reply.route === 'proactive' ? judgeProactive(situation) : undefined)
    ?? (reply.route === 'recall' ? judgeWakeup(situation) : undefined)
    ?? judgeContent(body)
  return { route: reply.route, seq, code }
}

function judgeReply(body: any, situation: Situation, seq: unknown): { route: Route; code?: number } {
  const route = body.is_wakeup ? 'recall' : body.event_id ? 'event' : body.msg_id ? 'msg' : 'proactive'
  if (!Number.isInteger(seq) || Number(seq) < 0 || Number(seq) >= 2 ** 32) return { route, code: 40011000 }
  if (route === 'recall') return { route, code: body.msg_id || body.event_id ? 40011000 : undefined }
  if (route === 'proactive') return { route }
  if (body.msg_id && body.event_id) return { route, code: 40034025 }
  const window = route === 'event' ? situation.event : situation.source
  const code = judgeWindow(window, route, situation)
  if (code) return { route, code }
  if (window!.seqs.includes(Number(seq))) return { route, code: 40054005 }
  // Reported: on an event, only the message without a msg_seq opens the row of replies.
  if (route === 'event' && body.msg_seq !== undefined && (!window!.seqs.length || Number(seq) < 2)) return { route: 'proactive' }
  return { route }
}

function judgeWindow(window: Window | undefined, route: Route, { now, openid, freshFor }: Situation) {
  if (!window || window.openid !== openid) return route === 'event' ? 40034025 : 40034024
  if (route === 'event' && now - window.at < freshFor) return 40034025
  if (route === 'event' && !repliable.includes(window.type)) return 40034027
  if (now - window.at > windowLength) return route === 'event' ? 40034026 : 40034005
  if (window.seqs.length >= windowReplies) return 40034128
}

function judgeProactive({ user, pushBanned, limits, sent }: Situation) {
  if (!user!.push) return 40054013
  if (pushBanned || user!.pushBanned) return 40034105
  if (sent.botSecond >= limits.botSecond) return 22009
  if (sent.botMinute >= limits.botMinute) return 22009
  if (sent.userMinute >= limits.userMinute) return 22009
  if (sent.userDay >= limits.userDay) return 40034100
}

/** Whether it would reach a user who said no is not established; whoever tries it shall notice. */
function judgeWakeup({ user, recalls, recallClosed, now }: Situation) {
  if (!user!.push) return 40054013
  return recallClosed ? 40034123 : judgeRecall(recalls, now)
}

function judgeContent({ content, markdown, media, ark, keyboard }: Content) {
  const text = content ?? markdown?.content ?? ''
  if (typeof text !== 'string') return 40034006
  if (!text.trim() && !media && !ark && !keyboard) return 40034006
  if (text.length > maxLength) return 40054007
}
