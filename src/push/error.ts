import { Context } from 'koishi'
import { Reason } from '../gate'

/** Whether the same push may succeed later without the user doing anything. */
export const retryable: Record<Reason, boolean> = {
  'no-permission': true,
  'user-minute': true,
  'user-day': true,
  'bot-rate': true,
  'queue-full': true,
  'offline': true,
  'recall-used': true,
  'recall-closed': false,
  'rejected': false,
  'deleted': false,
  'unconfirmed': false,
  'unknown-user': false,
  'aborted': false,
  'refused': false,
  'unknown-outcome': false,
}

/**
 * What an operator is told besides the reason: the message was of several, which recalls and replies are too few for
 * (`parts`), or of which some arrived (`partial`); nothing was left of it (`empty`); the detail is in the log (`log`).
 */
export type Remark = 'parts' | 'partial' | 'empty' | 'log'

export interface Details {
  /** What exactly stood in the way, in words. */
  detail?: string
  remark?: Exclude<Remark, 'log'>
  /** Whether it may be tried again; a matter of the reason unless told. */
  retryable?: boolean
  cause?: unknown
}

/** Why a push did not arrive, as far as anybody knows. */
export class PushError extends Error {
  name = 'PushError'

  readonly detail?: string
  /** The detail, where it is one of those that have a text. */
  readonly remark?: Exclude<Remark, 'log'>
  /** Whether the same push may succeed later without the user doing anything. */
  readonly retryable: boolean
  /** What went wrong, if it was not the platform's answer. */
  readonly cause?: unknown

  /**
   * @param reason what stood in the way
   * @param code the platform's error code, if it was the platform
   */
  constructor(public readonly reason: Reason, public readonly code?: number, details: Details = {}) {
    let { detail, remark, cause } = details
    detail ??= cause instanceof Error ? cause.message : undefined
    super(`push failed: ${reason}${code || detail ? ` (${code || detail})` : ''}`)
    this.detail = detail
    this.remark = remark
    this.retryable = details.retryable ?? retryable[reason]
    this.cause = cause
  }
}

/** What an operator is told besides the reason. A detail that no text has words for goes into the log. */
export function explain(ctx: Context, { reason, detail, remark }: PushError): Remark | undefined {
  if (remark || !detail) return remark
  ctx.logger.info('a message was not pushed: %s (%s)', reason, detail)
  return 'log'
}
