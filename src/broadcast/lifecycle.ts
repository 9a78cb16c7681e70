import { Time } from 'koishi'
import { BroadcastError } from './error'
import { Broadcast, BroadcastState } from './model'
import { isOver } from './phases'

/** How late a scheduled broadcast may start by itself, in ms. */
export const LATE = Time.hour

/** What an operator may do. */
export type Action = 'start' | 'pause' | 'resume' | 'cancel'

/** Where a broadcast stands: its state, and what decides where it goes from there. */
export type Standing = Pick<Broadcast, 'state' | 'reason' | 'startAt' | 'startedAt'>

/**
 * Where an action leads. What was never started is started by going on, unless its time is still to come.
 * @throws BroadcastError `wrong-state`
 */
export function nextState(action: Action, { state, reason, startAt, startedAt }: Standing, now: number): BroadcastState {
  const begin = () => startedAt || !startAt || +startAt <= now ? 'running' : 'scheduled'
  if (action === 'start' && (state === 'draft' || state === 'scheduled')) return 'running'
  // what paused by itself may be paused by an operator, too: then it does not go on by itself
  if (action === 'pause' && (state === 'running' || state === 'scheduled' || state === 'paused' && reason)) return 'paused'
  if (action === 'resume' && state === 'paused') return begin()
  if (action === 'cancel' && !isOver(state)) return 'cancelled'
  throw new BroadcastError('wrong-state', state)
}

/** What a row says of its state. @param since when it paused, if not now */
export function toStateValues<S extends BroadcastState>(state: S, reason = '', since?: Date | null) {
  return { state, reason, pausedAt: state === 'paused' ? since ?? new Date() : null }
}

/**
 * Why a broadcast paused by itself, and when it is tried again: as soon as its cause is gone (0), or after a while (ms).
 * What is not listed waits for an operator: `missed`, `refused`, `empty-audience`.
 */
export const causes = {
  'offline': 0,
  'no-permission': 0,
  'bot-rate': Time.minute,
  'transient': Time.minute,
  'no-answer': Time.minute,
  'bot-stopped': 5 * Time.minute,
  'credentials': 5 * Time.minute,
  'address': 5 * Time.minute,
} as const

export type Cause = keyof typeof causes
export type PauseReason = Cause | 'missed' | 'refused' | 'empty-audience'

export function isCause(reason: string): reason is Cause {
  return Object.hasOwn(causes, reason)
}
