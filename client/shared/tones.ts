import type { QQUser } from '../../src/model'
import type { NoticeState } from '../api'

type Tone = 'good' | 'bad' | 'warn' | 'plain'

export const relationTones: Record<QQUser['relation'], Tone> = { unknown: 'plain', friend: 'good', deleted: 'bad' }

export const consentTones: Record<QQUser['consent'], Tone> = { unknown: 'plain', allowed: 'good', rejected: 'warn' }

export const noticeTones: Record<NoticeState, Tone> = { none: 'plain', pending: 'plain', sent: 'good', skipped: 'warn', failed: 'bad' }
