import { Reason } from '../gate'

const retryableReasons: Reason[] = ['no-permission', 'user-minute', 'user-day', 'bot-rate', 'queue-full', 'offline', 'recall-used']

interface Details {
  /** What exactly stood in the way, in words. */
  detail?: string
  /** Whether it may be tried again; a matter of the reason unless told. */
  retryable?: boolean
  cause?: unknown
}

/** Why a push did not arrive, as far as anybody knows. */
export class PushError extends Error {
  name = 'PushError'

  readonly detail?: string
  /** Whether the same push may succeed later without the user doing anything. */
  readonly retryable: boolean
  /** What went wrong, if it was not the platform's answer. */
  readonly cause?: unknown

  /**
   * @param reason what stood in the way
   * @param code the platform's error code, if it was the platform
   */
  constructor(public readonly reason: Reason, public readonly code?: number, { detail, retryable = retryableReasons.includes(reason), cause }: Details = {}) {
    detail ??= cause instanceof Error ? cause.message : undefined
    super(`push failed: ${reason}${code || detail ? ` (${code || detail})` : ''}`)
    this.detail = detail
    this.retryable = retryable
    this.cause = cause
  }
}
