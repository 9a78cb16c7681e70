import { wrap } from '../shared/patch'

/** A message to a user, as far as it matters here. With neither id it is proactive. */
export interface Request {
  msg_id?: string
  event_id?: string
  msg_seq?: number
}

/** The adapter's API, as much of it as is needed. */
export interface Internal {
  sendPrivateMessage(openid: string, data: Request): Promise<unknown>
  sendFilePrivate?(openid: string, data: object): Promise<unknown>
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
