import { Reason } from '../gate'

const passing: Reason[] = ['no-permission', 'user-minute', 'user-day', 'bot-rate', 'queue-full', 'offline']

/** Why a push did not arrive, as far as anybody knows. */
export class PushError extends Error {
  name = 'PushError'

  /**
   * @param reason what stood in the way
   * @param code the platform's error code, if it was the platform
   * @param retryable whether the same push may succeed later without the user doing anything
   * @param cause what went wrong, if it was not the platform's answer
   */
  constructor(
    public readonly reason: Reason,
    public readonly code?: number,
    public readonly retryable = passing.includes(reason),
    public readonly cause?: unknown,
  ) {
    super(`push failed: ${reason}${code ? ` (${code})` : ''}${cause instanceof Error ? `: ${cause.message}` : ''}`)
  }
}
