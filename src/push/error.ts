import { Reason } from '../gate'

const passing: Reason[] = ['no-permission', 'user-minute', 'user-day', 'bot-rate', 'queue-full', 'offline']

/** Why a push did not arrive, as far as anybody knows. */
export class PushError extends Error {
  name = 'PushError'

  /**
   * @param reason what stood in the way
   * @param code the platform's error code, if it was the platform
   * @param detail what exactly, in words, where there is more to say
   */
  constructor(public readonly reason: Reason, public readonly code?: number, public readonly detail?: string) {
    super(code || detail ? `push failed: ${reason} (${code || detail})` : `push failed: ${reason}`)
  }

  /** Whether the same push may succeed later without the user doing anything. */
  get retryable() {
    return passing.includes(this.reason)
  }
}
