import type { BroadcastSummary } from '../../src/console/broadcasts/protocol'

type State = BroadcastSummary['state']

/** Whether a broadcast is a draft, is still to be looked after, or is over. */
const phases: Record<State, 'draft' | 'active' | 'over'> = {
  draft: 'draft',
  scheduled: 'active',
  running: 'active',
  paused: 'active',
  finished: 'over',
  cancelled: 'over',
}

export function isActive(state: State) {
  return phases[state] === 'active'
}

export function isOver(state: State) {
  return phases[state] === 'over'
}
