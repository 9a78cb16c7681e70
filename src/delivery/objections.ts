import { Reason } from '../gate'
import { Internal, wrapRequest } from './internal'
import { isOwn } from './own-messages'

/** Thrown in place of a proactive message to a user who said no while it was on its way out. */
export class StoppedError extends Error {
  constructor(public readonly reason: Reason) {
    super(`the message was stopped before it left: ${reason}`)
  }
}

/** Why a user may not be written to, if so. */
export interface Objections {
  /** Asks for it. @param recall whether the message needs no permission but the user's */
  ask(userId: string, recall: boolean): Promise<Reason | undefined>
  /** The same, as far as it is known without waiting. */
  peek(userId: string, recall: boolean): Reason | undefined
}

/**
 * The last look at a proactive message, right before its request: what was decided when it set out may have changed
 * since, and a request that another plugin makes by itself was not decided upon at all.
 *
 * @returns what takes it back
 */
export function guardRequests(internal: Partial<Internal> | undefined, { ask, peek }: Objections) {
  const stop = (reason: Reason | undefined) => {
    if (reason) throw new StoppedError(reason)
  }
  const restores = [
    wrapRequest(internal, 'sendPrivateMessage', send => async (openid, data) => {
      if (!data?.msg_id && !data?.event_id) {
        const recall = !!data?.is_wakeup
        // the plugin's own were asked about right before
        if (!isOwn(data)) stop(await ask(openid, recall))
        stop(peek(openid, recall))
      }
      return send(openid, data)
    }),
    wrapRequest(internal, 'sendFilePrivate', send => async (openid, data) => {
      if (data?.srv_send_msg) {
        stop(await ask(openid, false))
        stop(peek(openid, false))
      }
      return send(openid, data)
    }),
  ]
  return () => restores.reverse().forEach(restore => restore())
}
