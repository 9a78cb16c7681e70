/** What a failed send means for what comes next. */
export type Meaning =
  /** The event's id is not known to the platform: forged, or so fresh that it is not known yet. */
  | 'event-unknown'
  /** The id that the reply goes to is expired, used up, or of a kind that takes no reply. */
  | 'window-closed'
  /** The same reply was sent before. */
  | 'duplicate'
  /** The user does not take proactive messages. */
  | 'rejected'
  /** The user does not have the bot any more. */
  | 'deleted'
  /** It may work in a moment. */
  | 'transient'
  /** Too many proactive messages. */
  | 'rate'
  /** The bot may not send proactive messages. */
  | 'no-permission'
  /** The platform looks at the message first. */
  | 'audit'
  /** The platform does not take this content. */
  | 'content'
  /** Refused for a reason that is not known here. */
  | 'refused'
  /** Nobody knows whether the message arrived: no answer, or an answer that says nothing. */
  | 'unknown-outcome'

const meanings: Record<number, Meaning> = {
  40034025: 'event-unknown',
  40034026: 'window-closed',
  40034027: 'window-closed',
  40034128: 'window-closed',
  40054005: 'duplicate',
  40054013: 'rejected',
  40054004: 'deleted',
  40054006: 'transient',
  50055002: 'transient',
  40034100: 'rate',
  22009: 'rate',
  40034105: 'no-permission',
  40034102: 'no-permission',
  304023: 'audit',
  304024: 'audit',
  40034006: 'content',
  40054007: 'content',
  40054018: 'content',
  304057: 'content',
}

export interface Failure {
  meaning: Meaning
  /** Whether the message certainly did not arrive. */
  definite: boolean
  /** The platform's error code. */
  code?: number
}

/** What an error of the adapter says. The platform's code decides; without one that is known, the HTTP status. */
export function readFailure(error: unknown): Failure {
  const errors = (error as { errors?: unknown })?.errors
  const [cause] = Array.isArray(errors) ? errors : [error]
  const response = (cause as { response?: { status?: number; data?: { code?: unknown } } })?.response
  const code = readCode(response?.data?.code)
  const meaning = meanings[code!] ?? readStatus(response?.status)
  const definite = meaning !== 'unknown-outcome' && meaning !== 'duplicate' && meaning !== 'audit'
  return { meaning, definite, code }
}

function readCode(value: unknown): number | undefined {
  return typeof value === 'number' || typeof value === 'string' ? Number(value) || undefined : undefined
}

function readStatus(status = 0): Meaning {
  if (status === 429) return 'rate'
  return status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unknown-outcome'
}
