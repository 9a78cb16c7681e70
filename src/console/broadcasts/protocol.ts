import type { Audience, Broadcast, BroadcastRecipient, Estimate, EstimateQuery, Outlook, RecipientState } from '../../broadcast/model'
import type { Via } from '../../push/ways'
import type { ErrorCode, Wire } from '../shared/protocol'
import type { Preview } from '../texts/protocol'

export type { Estimate }

/** The recipients of a broadcast, or those of them in one state. */
export interface RecipientsQuery {
  id: number
  state?: RecipientState
}

export type AudienceRow = { [K in keyof Audience]: NonNullable<Audience[K]> extends Date ? number : Audience[K] }

/** A broadcast as a list shows it. */
export type BroadcastSummary = Omit<Wire<Broadcast>, 'content' | 'audience'> & Outlook & {
  /** The beginning of the message. */
  excerpt: string
  /** How long (ms) it still takes with the bot's limits, while it is running or paused. */
  timeLeft?: number
}

export type RecipientStatus = Wire<BroadcastRecipient>

export interface BroadcastDetail {
  broadcast: BroadcastSummary
  content: string
  audience: AudienceRow
  /** Of one that repeats another, and has not started: whom it is for. */
  missed?: Pick<Estimate, 'total' | 'duration'>
  /** How many recipients are of which state, and why. */
  reasons: { state: RecipientState; reason: string; count: number }[]
}

export interface BroadcastsQuery {
  selfId?: string
  /** 20 unless told, 100 at most. */
  limit?: number
  /** The id of the last broadcast of the page before. */
  after?: number
  /** Only those that are running, or paused, or have a time to start. */
  active?: boolean
}

export interface RecipientPageQuery extends RecipientsQuery {
  /** 50 unless told, 250 at most. */
  limit?: number
  /** The id of the last user of the page before. */
  after?: string
}

export type AudienceQuery = Omit<EstimateQuery, 'audience'> & { audience: AudienceRow }

/** A message and who gets to see it. */
export interface DraftQuery {
  selfId: string
  userId: string
  content: string
  via?: Via[]
}

export interface BroadcastDraft {
  selfId: string
  content: string
  title?: string
  audience: AudienceRow
  /** A time (ms). */
  startAt?: number
  via?: Via[]
}

export type BroadcastPreview = Pick<Preview, 'content' | 'errors'> & {
  /** What is wrong with it besides. */
  fault?: ErrorCode
}

/** `repeat` makes a new one, a draft, for those whom it did not reach for a passing reason. */
export type BroadcastAction = 'start' | 'pause' | 'resume' | 'cancel' | 'repeat'

export interface BroadcastsCalls {
  'qq-user/broadcasts'(query: BroadcastsQuery): Promise<BroadcastSummary[]>
  'qq-user/broadcast-get'(id: number): Promise<BroadcastDetail | null>
  'qq-user/broadcast-recipients'(query: RecipientPageQuery): Promise<RecipientStatus[]>
  'qq-user/broadcast-estimate'(query: AudienceQuery): Promise<Estimate>
  'qq-user/broadcast-preview'(query: DraftQuery): Promise<BroadcastPreview>
  /** Starts sending it to one user; its outcome follows as `qq-user/sent`. */
  'qq-user/broadcast-test'(query: DraftQuery): Promise<{ ticket: string }>
  'qq-user/broadcast-create'(draft: BroadcastDraft): Promise<BroadcastSummary>
  /** @returns what it is now, or the new one */
  'qq-user/broadcast-do'(id: number, action: BroadcastAction): Promise<BroadcastSummary>
}

export interface BroadcastsMessages {
  /** A broadcast changed: its state at once, its numbers now and then while it runs. */
  'qq-user/broadcast': BroadcastSummary
}
