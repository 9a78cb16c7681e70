import { Time } from 'koishi'
import { EARLIEST, Fact, readId, readText } from '../event'

/** The dispatch types that this plugin reads. */
export type WireType = typeof wireTypes[number]
export const wireTypes = [
  'FRIEND_ADD', 'FRIEND_DEL', 'C2C_MSG_REJECT', 'C2C_MSG_RECEIVE', 'INTERACTION_CREATE', 'C2C_MESSAGE_CREATE',
] as const

/** Thrown by the decoder for a payload that the platform would not send. */
export class MalformedError extends Error {
  constructor(public type: WireType, public field: string) {
    super(`malformed ${type}: ${field}`)
  }
}

/** Thrown by the decoder for a payload of a kind that did not exist when this was written. */
export class UnknownError extends Error {
  constructor(public type: WireType, public kind: string) {
    super(`unknown ${type}: ${kind}`)
  }
}

const sources = {
  FRIEND_ADD: ['friend-added', 'friend-add'],
  FRIEND_DEL: ['friend-deleted', 'friend-del'],
  C2C_MSG_REJECT: ['friend-push-rejected', 'msg-reject'],
  C2C_MSG_RECEIVE: ['friend-push-allowed', 'msg-receive'],
} as const

const INTERACTION_AUTHORIZE = 18
/** RFC 3339, and what is near to it: a space for the T, no zone, a zone without a colon, a leap second. */
const DATE = /^(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d):(\d\d)(\.\d+)?(?:(Z)|([+-]\d\d):?(\d\d))?$/i
/** Where no zone is given, it is the platform's own. */
const ZONE = ['+08', '00']
/** No time in seconds is that large, and every one in milliseconds is. */
const MILLISECONDS = 1e12

/**
 * Reads the payload `d` of a dispatch.
 *
 * @param now the present, in ms: a payload from more than a day ahead is malformed
 * @returns the fact, with what of it could not be read in `unread`; `undefined` for an interaction that is not about
 *   proactive messages
 * @throws MalformedError naming the field
 * @throws UnknownError naming the kind
 */
export function decode(type: WireType, d: unknown, now: number): Fact | undefined {
  if (!isRecord(d)) return fail(type, 'd')
  if (type === 'INTERACTION_CREATE') return decodeInteraction(d, now)
  if (type === 'C2C_MESSAGE_CREATE') return decodeMessage(d, now)
  const [name, source] = sources[type]
  const fact = dated(type, d.timestamp, now, {
    type: name,
    source,
    userId: readId(d.openid) ?? fail(type, 'openid'),
  })
  if (type === 'FRIEND_ADD') Object.assign(fact, readScene(d))
  return fact
}

function decodeInteraction(d: Record<string, unknown>, now: number): Fact | undefined {
  if (d.type !== INTERACTION_AUTHORIZE) return
  const type = 'INTERACTION_CREATE'
  const authorize = get(d, 'data', 'resolved', 'authorize_data')
  if (!isRecord(authorize)) return fail(type, 'authorize_data')
  if (authorize.scope === 'group_push') return
  if (authorize.scope !== 'c2c_push') throw new UnknownError(type, readText(authorize.scope) ?? fail(type, 'scope'))
  // deleting the bot also sends one of these, and that is no choice about messages
  if (authorize.opt_scene === 'friend_del') return
  // the platform leaves the key out for "off"
  const on = authorize.switch ?? false
  if (typeof on !== 'boolean') return fail(type, 'switch')
  const fact = dated(type, d.timestamp, now, {
    type: on ? 'friend-push-allowed' : 'friend-push-rejected',
    source: 'authorize',
    userId: readId(d.user_openid) ?? fail(type, 'user_openid'),
  })
  // that the key means "off" by its absence is nowhere documented
  return authorize.switch === undefined || authorize.switch === null ? { ...fact, weak: true } : fact
}

/** A user's no is never lost for want of a time: it counts as of now. */
function dated(type: WireType, value: unknown, now: number, fact: Omit<Fact, 'occurredAt'>): Fact {
  const occurredAt = readTime(value, now)
  if (occurredAt !== undefined) return { ...fact, occurredAt }
  return fact.type === 'friend-push-rejected' ? { ...fact, occurredAt: now, unread: 'timestamp' } : fail(type, 'timestamp')
}

function decodeMessage(d: Record<string, unknown>, now: number): Fact {
  const author = isRecord(d.author) ? d.author : fail('C2C_MESSAGE_CREATE', 'author')
  return {
    type: 'friend-added',
    source: 'message',
    userId: readId(author.id) ?? readId(author.user_openid) ?? fail('C2C_MESSAGE_CREATE', 'author.id'),
    // a message is news of right now, whatever its clock says
    occurredAt: readTime(d.timestamp, now) ?? now,
    name: readText(author.username),
  }
}

/** The group that a message was written in. */
export function readGroup(d: unknown): string | undefined {
  return isRecord(d) ? readId(d.group_openid) ?? readId(d.group_id) : undefined
}

/** A number or a numeric string of seconds or milliseconds, or a date, to milliseconds. */
function readTime(value: unknown, now: number): number | undefined {
  const isNumber = typeof value === 'number' || typeof value === 'string' && /^\d+$/.test(value)
  const time = isNumber ? readNumber(+value) : typeof value === 'string' ? readDate(value) : NaN
  return time >= EARLIEST && time <= now + Time.day ? Math.floor(time) : undefined
}

function readNumber(value: number) {
  return value < MILLISECONDS ? value * Time.second : value
}

function readDate(value: string) {
  const match = DATE.exec(value)
  if (!match) return NaN
  const [, day, clock, second, fraction = '', utc, hours = ZONE[0], minutes = ZONE[1]] = match
  // a leap second, which `Date` does not know
  const leap = second === '60'
  const time = Date.parse(`${day}T${clock}:${leap ? '59' : second}${fraction}${utc ? 'Z' : `${hours}:${minutes}`}`)
  return leap ? time + Time.second : time
}

function readScene(d: Record<string, unknown>): Pick<Fact, 'scene' | 'sceneParam'> {
  if (!Number.isInteger(d.scene) || Math.abs(d.scene as number) > 0x7fffffff) return {}
  return { scene: d.scene as number, sceneParam: readText(readParam(d.scene_param)) }
}

/** A link that was asked for with `callbackData` brings along the whole of what was sent. */
function readParam(param: unknown): unknown {
  if (typeof param !== 'string' || !param.trimStart().startsWith('{')) return param
  try {
    const { callbackData } = JSON.parse(param)
    return typeof callbackData === 'string' ? callbackData : param
  } catch {
    return param
  }
}

function fail(type: WireType, field: string): never {
  throw new MalformedError(type, field)
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function get(value: unknown, ...path: string[]): unknown {
  return path.reduce<unknown>((value, key) => isRecord(value) ? value[key] : undefined, value)
}
