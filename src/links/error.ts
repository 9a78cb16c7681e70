/** Why there is no link. */
export type LinkReason =
  /** Only letters, digits and hyphens, 32 at most. */
  | 'bad-param'
  /** There is one whose parameter differs by case only, and the database does not tell them apart. */
  | 'same-but-case'
  | 'unknown-bot'
  | 'offline'
  /** The adapter of this bot has no way to ask for one that is known here. */
  | 'unsupported'
  /** The bot has no right to it, as the platform says. */
  | 'no-right'
  /** The platform makes no more of them for now. */
  | 'rate'
  /** The platform was not available. */
  | 'unavailable'
  /** Refused by the platform for another reason. */
  | 'refused'
  /** There was no answer, or none that says anything. */
  | 'no-answer'
  /** There is no link in the answer. */
  | 'no-link'
  /** The plugin was unloaded meanwhile. */
  | 'aborted'

/** Why a link was not made. Nothing is kept of it. */
export class LinkError extends Error {
  name = 'LinkError'

  /**
   * @param reason what stood in the way
   * @param code the platform's error code, if it was the platform
   * @param detail what exactly, in words
   */
  constructor(public readonly reason: LinkReason, public readonly code?: number, public readonly detail?: string) {
    super(`no link was made: ${[reason, code, detail && `(${detail})`].filter(Boolean).join(' ')}`)
  }
}
