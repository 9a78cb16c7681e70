import type { BroadcastState } from './model'

// nothing but types is imported here: the page takes this as it is

/** Whether a broadcast waits to be started, is to be looked after, or is over. */
const phases: Record<BroadcastState, 'draft' | 'active' | 'over'> = {
  draft: 'draft',
  scheduled: 'active',
  running: 'active',
  paused: 'active',
  finished: 'over',
  cancelled: 'over',
}

const inPhase = (wanted: typeof phases[BroadcastState]) => (Object.keys(phases) as BroadcastState[]).filter(state => phases[state] === wanted)
/** The states of those that something may have to be done for. */
export const activeStates = inPhase('active')
/** The states of those that nothing becomes of any more. */
export const finalStates = inPhase('over')

/** Whether it has a time to start, runs, or is paused. */
export function isActive(state: BroadcastState) {
  return phases[state] === 'active'
}

/** Whether nothing becomes of it any more. */
export function isOver(state: BroadcastState) {
  return phases[state] === 'over'
}
