import { Reason } from '../gate'
import { Internal, wrapSend } from './internal'

/** Thrown in place of a proactive message to a user who said no while it was on its way out. */
export class StoppedError extends Error {
  constructor(public readonly reason: Reason) {
    super(`the message was stopped before it left: ${reason}`)
  }
}

/**
 * The last look at a message, right before its request: what was decided when it set out may have changed since.
 *
 * @param forbid tells, without waiting, why a user may not be written to
 * @returns what takes it back
 */
export function stopRequests(internal: Partial<Internal> | undefined, forbid: (userId: string) => Reason | undefined) {
  return wrapSend(internal, send => async (openid, data) => {
    const reason = data?.msg_id || data?.event_id ? undefined : forbid(openid)
    if (reason) throw new StoppedError(reason)
    return send(openid, data)
  })
}
