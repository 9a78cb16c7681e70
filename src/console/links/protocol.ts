import type { LinkReason } from '../../links/error'
import type { LinkNumbers } from '../../links/model'

/** A link, or a parameter that arrives without a link having been made here. */
export interface LinkView extends LinkNumbers {
  selfId: string
  sceneParam: string
  /** `null` where no link was made. */
  url: string | null
  title: string
  createdAt: number | null
}

/** How many users were new on each of the last 30 days, today included, the oldest first. */
export interface LinkLine {
  selfId: string
  sceneParam: string
  days: number[]
}

/** What became of the making of a link. */
export type Made =
  | { ok: true; selfId: string; sceneParam: string; url: string }
  /** `failed`: something else; the log knows more. */
  | { ok: false; reason: LinkReason | 'failed'; code?: number }

export interface LinksCalls {
  /** The links of a bot, or of all of them, the newest first, and after them what else users came by, 50 at most. */
  'qq-user/links'(selfId?: string): Promise<LinkView[]>
  /** Those of whom any user came lately. */
  'qq-user/link-lines'(selfId?: string): Promise<LinkLine[]>
  /** Starts making a link, unless there is one; what becomes of it follows as `qq-user/link-made`. */
  'qq-user/create-link'(selfId: string, sceneParam: string, title?: string): Promise<{ ticket: string }>
  'qq-user/remove-link'(selfId: string, sceneParam: string): Promise<void>
}

export interface LinksMessages {
  'qq-user/link-made': { ticket: string } & Made
}
