import { patchMethod } from '../shared/patch'
import { Way } from './codes'

/** A message to a user, as far as it matters here. With neither id it is proactive, or a recall. */
export interface Request {
  msg_id?: string
  event_id?: string
  msg_seq?: number
  is_wakeup?: boolean
}

/** How a message goes, by its fields. */
export function readWay(data: Request | undefined): Way {
  if (data?.msg_id || data?.event_id) return 'reply'
  return data?.is_wakeup ? 'recall' : 'proactive'
}

/** A file for a user. With the flag the platform sends it by itself, as a proactive message. */
export interface FileRequest {
  srv_send_msg?: boolean
}

/** The adapter's API, as much of it as is needed. */
export interface Internal {
  sendPrivateMessage(openid: string, data: Request): Promise<unknown>
  sendFilePrivate?(openid: string, data: FileRequest): Promise<unknown>
}

type Method<K extends keyof Internal> = NonNullable<Internal[K]>

/**
 * Wraps a request. An adapter that works in another way is left alone.
 *
 * @returns what takes it back
 */
export function wrapRequest<K extends keyof Internal>(internal: Partial<Internal> | undefined, name: K, wrapper: (send: Method<K>) => Method<K>) {
  if (!internal?.[name]) return () => {}
  return patchMethod(internal as Internal, name, wrapper as never)
}

/** Wraps the request for a private message. */
export function wrapSend(internal: Partial<Internal> | undefined, wrapper: (send: Internal['sendPrivateMessage']) => Internal['sendPrivateMessage']) {
  return wrapRequest(internal, 'sendPrivateMessage', wrapper)
}
