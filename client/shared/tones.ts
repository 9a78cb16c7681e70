import type { BroadcastSummary, RecipientStatus } from '../../src/console/broadcasts/protocol'
import type { EntryRow, UserRow } from '../../src/console/shared/protocol'

/** What a colour says, in addition to the words. */
export type Tone = 'good' | 'bad' | 'warn' | 'plain'

export const relationTones: Record<UserRow['relation'], Tone> = { unknown: 'plain', friend: 'good', deleted: 'bad' }

export const consentTones: Record<UserRow['consent'], Tone> = { unknown: 'plain', allowed: 'good', rejected: 'warn' }

export const noticeTones: Record<EntryRow['notice'], Tone> = { none: 'plain', pending: 'plain', sent: 'good', skipped: 'warn', failed: 'bad' }

export const broadcastTones: Record<BroadcastSummary['state'], Tone> = {
  draft: 'plain',
  scheduled: 'plain',
  running: 'good',
  paused: 'warn',
  finished: 'good',
  cancelled: 'plain',
}

export const recipientTones: Record<RecipientStatus['state'], Tone> = {
  pending: 'plain',
  sending: 'plain',
  sent: 'good',
  skipped: 'warn',
  failed: 'bad',
  unknown: 'plain',
}
