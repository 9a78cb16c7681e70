import { HTTP } from 'koishi'
import { readCode, toMeaning } from './codes'
import { Internal, wrapRequest } from './internal'

/**
 * Makes answers such that the adapter reads them right. JSON is read whatever the answer says it is. What is successful by
 * its HTTP status and a refusal by its body, or a message without any word of it, becomes an error like the adapter's own.
 * The error of an upload whose body cannot be read, at which the adapter stumbles, gets an empty one: by an upload nothing
 * arrives, so that its status is enough.
 *
 * @returns what takes it back
 */
export function normalizeAnswers(internal: Partial<Internal> | undefined) {
  const restores = [
    wrapRequest(internal, 'sendPrivateMessage', send => async (openid, data) => {
      const answer = await read(send(openid, data))
      if (!isReceipt(answer)) throw toError('a successful answer without a message', answer)
      return answer
    }),
    wrapRequest(internal, 'sendFilePrivate', send => async (openid, data) => read(send(openid, data), {})),
  ]
  return () => restores.forEach(restore => restore())
}

/** @param empty what takes the place of an error's body that is none */
async function read(request: Promise<unknown>, empty?: object) {
  const answer = readBody(await request.catch((error) => {
    if (HTTP.Error.is(error) && error.response) {
      error.response.data = readBody(error.response.data)
      if (empty) error.response.data ??= empty
    }
    throw error
  }))
  if (isRefusal(answer)) throw toError('refused by the code of a successful answer', answer)
  return answer
}

/** A code that is not known says nothing against a message that got an id. */
function isRefusal(answer: unknown) {
  const code = readCode(answer)
  if (!code) return false
  const meaning = toMeaning(code)
  return meaning ? meaning !== 'audit' : !(answer as { id?: unknown }).id
}

/** Whether an answer says that there is a message, or will be when it was looked at. */
function isReceipt(answer: unknown) {
  const { id, audit_id: audit, data } = Object(answer)
  return !!(id || audit || Object(data).message_audit) || toMeaning(readCode(answer)!) === 'audit'
}

/** A body that was not taken for JSON, but is. */
function readBody(body: unknown): unknown {
  const text = body instanceof ArrayBuffer ? new TextDecoder().decode(body) : body
  if (typeof text !== 'string' || !/^\s*\{/.test(text)) return body
  try {
    return JSON.parse(text)
  } catch {
    return body
  }
}

function toError(message: string, data: unknown) {
  const error = new HTTP.Error(message)
  error.response = { url: '', status: 200, statusText: 'OK', headers: new Headers(), data: data ?? {} }
  return error
}
