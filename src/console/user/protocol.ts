import type { Reach, Span } from '../../push/ways'
import type { EntryRow, UserRow } from '../shared/protocol'

export interface UserDetail {
  user: UserRow
  verdict: Reach
  span: Span
}

export interface UserCalls {
  'qq-user/get'(selfId: string, userId: string): Promise<UserDetail | null>
  'qq-user/history'(selfId: string, userId: string, before?: number): Promise<EntryRow[]>
  /** Starts a push through the gate; its outcome follows as `qq-user/sent` with the same ticket. */
  'qq-user/push'(selfId: string, userId: string, content: string): Promise<{ ticket: string }>
  'qq-user/forget'(selfId: string, userId: string): Promise<void>
}
