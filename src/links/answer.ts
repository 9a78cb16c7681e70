import { Meaning, readCode, readFailure, toMeaning } from '../delivery/codes'
import { LinkError, LinkReason } from './error'
import { MAX } from './model'

/** What refusals mean for a link; all others are refusals and no more. */
const reasons: Partial<Record<Meaning, LinkReason>> = {
  'rate': 'rate',
  'transient': 'unavailable',
  'credentials': 'no-right',
  'address': 'no-right',
  'bot-stopped': 'no-right',
  'unknown-outcome': 'no-answer',
}

/**
 * The link in an answer, which comes in three shapes: `{ retcode: 0, data: { url } }`, `{ data: { url } }` and `{ url_link }`.
 *
 * @throws LinkError
 */
export function readLink(body: unknown): string {
  const { retcode, data, url_link: link } = Object(body)
  // a refusal in a successful answer
  const code = Number(retcode) || readCode(body)
  if (code) throw refuse(code, body)
  const url = Object(data).url ?? link
  if (isLink(url)) return url
  throw new LinkError('no-link', undefined, 'the platform answered without a link')
}

/** What a request failed with. */
export function toLinkError(error: unknown): LinkError {
  if (error instanceof LinkError) return error
  const { code, meaning } = readFailure(error)
  const { response, message } = Object(error)
  if (Number(Object(response?.data).retcode)) return refuse(Number(response.data.retcode), response.data)
  return new LinkError(reasons[meaning] ?? 'refused', code, toDetail(response?.data) ?? message)
}

function refuse(code: number, body: unknown) {
  const meaning = toMeaning(code)
  return new LinkError(meaning && reasons[meaning] || 'refused', code, toDetail(body))
}

/** The platform's own words. */
function toDetail(body: unknown): string | undefined {
  const { msg, message } = Object(body)
  const words = [msg, message].find(value => typeof value === 'string' && value)
  return words?.slice(0, 200)
}

function isLink(value: unknown): value is string {
  return typeof value === 'string' && value.length <= MAX.url && /^https?:\/\/[\x21-\x7e]+$/.test(value)
}
