import type { QQUser } from '../../src/model'
import type { BroadcastRow, NoticeState, RecipientRow } from '../api'

type Tone = 'good' | 'bad' | 'warn' | 'plain'

export const relationTones: Record<QQUser['relation'], Tone> = { unknown: 'plain', friend: 'good', deleted: 'bad' }

export const consentTones: Record<QQUser['consent'], Tone> = { unknown: 'plain', allowed: 'good', rejected: 'warn' }

export const noticeTones: Record<NoticeState, Tone> = { none: 'plain', pending: 'plain', sent: 'good', skipped: 'warn', failed: 'bad' }

export const broadcastTones: Record<BroadcastRow['state'], Tone> = {
  draft: 'plain',
  scheduled: 'plain',
  running: 'good',
  paused: 'warn',
  finished: 'good',
  cancelled: 'plain',
}

export const recipientTones: Record<RecipientRow['state'], Tone> = {
  pending: 'plain',
  sending: 'plain',
  sent: 'good',
  skipped: 'warn',
  failed: 'bad',
  unknown: 'plain',
}
