import { wrap } from '../shared/patch'

/** A message to a user, as far as it matters here. With neither id it is proactive, or a recall. */
export interface Request {
  msg_id?: string
  event_id?: string
  msg_seq?: number
  is_wakeup?: boolean
}

/** The adapter's API, as much of it as is needed. */
export interface Internal {
  sendPrivateMessage(openid: string, data: Request): Promise<unknown>
}

type Send = Internal['sendPrivateMessage']

/**
 * Wraps the request for a private message. An adapter that works in another way is left alone.
 *
 * @returns what takes it back
 */
export function wrapSend(internal: Partial<Internal> | undefined, wrapper: (send: Send) => Send) {
  if (!internal?.sendPrivateMessage) return () => {}
  return wrap(internal as Internal, 'sendPrivateMessage', wrapper)
}
