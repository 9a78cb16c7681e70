import { Outcome } from '../delivery'
import { Meaning, toSubject } from '../delivery/codes'
import { Reason } from '../gate'
import { Via } from '../push/ways'
import { RecipientState } from './model'

/** Why somebody is still to be written to: not for what they are. */
export type Obstacle =
  /** Sending ended. */
  | 'aborted'
  /** Too much waits; it may work in a moment. */
  | 'queue-full'
  | 'offline'
  /** Nothing proactive: to this user, or of this bot, which is to be found out. */
  | 'no-permission'
  | 'bot-rate'
  | 'transient'
  | 'bot-stopped' | 'credentials' | 'address'
  /** Something broke before a request was made. */
  | 'error'

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
  const reason: string = outcome.state === 'failed' ? outcome.meaning : outcome.reason
  if (outcome.state === 'failed' && toSubject(outcome.meaning) === 'bot') return outcome.meaning as Obstacle
  // without the proactive way it makes no sense to wait for the permission
  if (reason === 'no-permission') return allowed.includes('proactive') ? reason : undefined
  if (reason === 'rate') return 'bot-rate'
  return (['aborted', 'queue-full', 'offline', 'bot-rate', 'transient'] as const).find(obstacle => obstacle === reason)
}

/** Reasons that pass without the user, or the operator's text, becoming another. */
export const temporaryReasons: (Reason | Meaning | 'stopped')[] = [
  'no-permission', 'user-minute', 'user-day', 'bot-rate', 'queue-full', 'offline', 'recall-used', 'transient', 'rate', 'window-closed', 'stopped',
]
