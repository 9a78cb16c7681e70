import { HTTP } from 'koishi'
import { wrap } from '../shared/patch'
import { readCode, toMeaning } from './codes'

/** The requests that make up a message to a user. */
interface Requests {
  sendPrivateMessage?(openid: string, data: unknown): Promise<unknown>
  sendFilePrivate?(openid: string, data: unknown): Promise<unknown>
}

/**
 * Makes answers such that the adapter reads them right. What is successful by its HTTP status and a refusal by its body
 * becomes an error like the adapter's own. The error of an upload whose body cannot be read, at which the adapter
 * stumbles, gets an empty one: by an upload nothing arrives, so that its status is enough.
 *
 * @returns what takes it back
 */
export function normalizeAnswers(internal: Requests | undefined) {
  const restore = (['sendPrivateMessage', 'sendFilePrivate'] as const).filter(name => internal?.[name]).map((name) => {
    return wrap(internal as Required<Requests>, name, request => async (openid, data) => {
      const answer = await request(openid, data).catch((error) => {
        if (name === 'sendFilePrivate' && HTTP.Error.is(error) && error.response) error.response.data ??= {}
        throw error
      })
      if (isRefusal(answer)) throw toError(answer)
      return answer
    })
  })
  return () => restore.forEach(restore => restore())
}

/** A code that is not known says nothing against a message that got an id. */
function isRefusal(answer: unknown) {
  const code = readCode(answer)
  if (!code) return false
  const meaning = toMeaning(code)
  return meaning ? meaning !== 'audit' : !(answer as { id?: unknown }).id
}

function toError(data: unknown) {
  const error = new HTTP.Error('refused by the code of a successful answer')
  error.response = { url: '', status: 200, statusText: 'OK', headers: new Headers(), data }
  return error
}
