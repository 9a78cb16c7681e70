import { Outcome } from '../delivery'
import { Meaning, toSubject } from '../delivery/codes'
import { Reason } from '../gate'
import { Via } from '../push/ways'
import { RecipientState } from './model'

type Hindrance = Reason | Meaning | Extract<Outcome, { state: 'skipped' }>['reason']

/**
 * What becomes of a recipient whom this kept from being reached: they are still to be written to in this broadcast
 * (`wait`), a repetition may reach them (`repeat`), or it is over (`leave`), as with all that is a matter of the user or
 * of the message.
 */
const consequences = {
  // sending ended
  'aborted': 'wait',
  // too much waits; it may work in a moment
  'queue-full': 'wait',
  'offline': 'wait',
  // nothing proactive: to this user, or of this bot, which is to be found out
  'no-permission': 'wait',
  'bot-rate': 'wait',
  'rate': 'wait',
  'transient': 'wait',
  'bot-stopped': 'wait',
  'credentials': 'wait',
  'address': 'wait',

  'user-minute': 'repeat',
  'user-day': 'repeat',
  'recall-used': 'repeat',
  'window-closed': 'repeat',
  'stopped': 'repeat',

  'rejected': 'leave',
  'deleted': 'leave',
  'unconfirmed': 'leave',
  'unknown-user': 'leave',
  'no-such-user': 'leave',
  'unsubscribed': 'leave',
  'recall-closed': 'leave',
  'event-unknown': 'leave',
  'no-route': 'leave',
  'empty': 'leave',
  'content': 'leave',
  'link': 'leave',
  'too-long': 'leave',
  'form': 'leave',
  'file': 'leave',
  'refused': 'leave',
  'duplicate': 'leave',
  'audit': 'leave',
  'unknown-outcome': 'leave',
} as const satisfies Record<Hindrance, 'wait' | 'repeat' | 'leave'>

type Waiting = { [H in Hindrance]: typeof consequences[H] extends 'wait' ? H : never }[Hindrance]

/** Why somebody is still to be written to: not for what they are. With `error`, something broke before a request was made. */
export type Obstacle = Exclude<Waiting, 'rate'> | 'error'

/** Reasons that pass without the user, or the operator's text, becoming another. */
export const temporaryReasons = (Object.keys(consequences) as Hindrance[]).filter(hindrance => consequences[hindrance] !== 'leave')

export type Result =
  | { state: Exclude<RecipientState, 'pending' | 'sending'>; reason: string; code: number | null; via: Via | null; refused?: boolean }
  | { state: 'pending'; obstacle: Obstacle; code: number | null; via: Via | null; cause?: unknown }

/**
 * What a sending says of its recipient.
 * @param allowed the ways that it might have taken
 */
export function toResult(outcome: Outcome, via: Via | null, allowed: readonly Via[]): Result {
  const code = outcome.state === 'failed' ? outcome.code ?? null : null
  const settle = (state: 'sent' | 'skipped' | 'failed' | 'unknown', reason: string, refused = false): Result => ({ state, reason, code, via, refused })
  const obstacle = toObstacle(outcome, allowed)
  if (obstacle) return { state: 'pending', obstacle, code, via }
  if (outcome.state === 'sent') return settle('sent', outcome.reason)
  if (outcome.state === 'skipped') return { ...settle('skipped', outcome.reason), via: null }
  if (outcome.meaning === 'unknown-outcome') return settle('unknown', 'unknown-outcome')
  if (outcome.meaning === 'recall-used' || outcome.meaning === 'recall-closed' || outcome.meaning === 'no-permission') return settle('skipped', outcome.meaning)
  return settle('failed', outcome.meaning, toSubject(outcome.meaning) === 'message')
}

function toObstacle(outcome: Outcome, allowed: readonly Via[]): Obstacle | undefined {
  if (outcome.state === 'sent') return
  const hindrance = outcome.state === 'failed' ? outcome.meaning : outcome.reason
  // without the proactive way it makes no sense to wait for the permission
  if (hindrance === 'no-permission' && !allowed.includes('proactive')) return
  if (hindrance === 'rate') return 'bot-rate'
  return isWaiting(hindrance) ? hindrance : undefined
}

function isWaiting(hindrance: Hindrance): hindrance is Exclude<Waiting, 'rate'> {
  return consequences[hindrance] === 'wait'
}
