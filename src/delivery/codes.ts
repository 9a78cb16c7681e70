/** Whom or what an answer speaks of, and so what may help. */
export type Subject =
  /** This way to the user: another one may work. */
  | 'way'
  /** The moment: the same may work soon. */
  | 'moment'
  /** The message: another one may work. */
  | 'message'
  /** The user. */
  | 'user'
  /** The bot: everything of it waits until its operator, or the platform, has mended that. */
  | 'bot'

interface Entry {
  /** Whether it is certain that nothing arrived. */
  undelivered: boolean
  about: Subject
  codes: readonly number[]
}

const range = (first: number, last: number) => Array.from({ length: last - first + 1 }, (_, index) => first + index)

/**
 * What the platform's answers mean for what comes next. Each meaning has a text and an advice for the operator in
 * `client/locales`, under `doctor.mean`.
 */
const table = {
  /** The event's id is not known to the platform: forged, or so fresh that it is not known yet. */
  'event-unknown': { undelivered: true, about: 'way', codes: [40034025] },
  /** The id that the reply goes to is expired, used up, somebody else's, or of a kind that takes no reply. */
  'window-closed': { undelivered: true, about: 'way', codes: [40034005, 40034024, 40034026, 40034027, 40034031, 40034128, 304027, 304103] },
  /** This period's recall message was sent. */
  'recall-used': { undelivered: true, about: 'way', codes: [40034122] },
  /** The message cannot be a recall. */
  'recall-closed': { undelivered: true, about: 'way', codes: [40034123] },
  /** No proactive messages, to this user or of this bot: the platform does not say which. */
  'no-permission': { undelivered: true, about: 'way', codes: [40034102, 40034105] },

  /** It may work in a moment. */
  'transient': { undelivered: true, about: 'moment', codes: [11004, 50001, 304082, 304083, 340067, 40034004, 40054006, 50055002] },
  /** Too much within a span of time. */
  'rate': { undelivered: true, about: 'moment', codes: [22009, 50002, 100017, 1100100, 40023001, 40034100] },

  /** The same reply was sent before. */
  'duplicate': { undelivered: false, about: 'message', codes: [40054005] },
  /** The platform looks at the message first. */
  'audit': { undelivered: false, about: 'message', codes: [304023, 304024] },
  /** The platform does not take this content. */
  'content': { undelivered: true, about: 'message', codes: [1100101, 1100103, 40034006] },
  /** The message has an address that may not be sent. */
  'link': { undelivered: true, about: 'message', codes: [304003, 40054010] },
  'too-long': { undelivered: true, about: 'message', codes: [40054007, 40054018] },
  /** The platform does not take this kind of message: its markdown, its buttons, its file. Plain text may work. */
  'form': {
    undelivered: true,
    about: 'message',
    codes: [
      51, ...range(10001, 10003), 22006, 50006, 50059, 304036, 304037, 304057, 304061, 304080, 305007, 40011000,
      ...range(40034008, 40034012), 40034029, 40034106, 40034108, 40034109, 40034124, 40034127,
    ],
  },
  /** The platform does not take this file. */
  'file': { undelivered: true, about: 'message', codes: [850026] },
  /** A message for subscribers, to somebody who is none. */
  'unsubscribed': { undelivered: true, about: 'message', codes: [304064] },
  /** Refused for a reason that is not known here. */
  'refused': { undelivered: true, about: 'message', codes: [] },

  /** The user does not take proactive messages. */
  'rejected': { undelivered: true, about: 'user', codes: [40054013] },
  /** The user does not have the bot any more. */
  'deleted': { undelivered: true, about: 'user', codes: [40054004] },
  /** The user is deregistered, or is another bot's. */
  'no-such-user': { undelivered: true, about: 'user', codes: [11255, 40011028] },

  /** The bot is offline or banned on the platform's side, or this interface is. */
  'bot-stopped': { undelivered: true, about: 'bot', codes: [11254, 11265, 40054016] },
  /** The token or the application is wrong, or has no right to this. */
  'credentials': {
    undelivered: true,
    about: 'bot',
    codes: [
      10044, 11201, ...range(11241, 11253), 11263, 11264, ...range(11273, 11275), 11292,
      40011027, 40012001, 40012002, 40012004, 40012010,
    ],
  },
  /** The request came from an address that is not on the list in the platform's console. */
  'address': { undelivered: true, about: 'bot', codes: [11298] },

  /** Nobody knows whether the message arrived: no answer, or an answer that says nothing. */
  'unknown-outcome': { undelivered: false, about: 'message', codes: [] },
} satisfies Record<string, Entry>

/** What an answer of the platform means for what comes next. */
export type Meaning = keyof typeof table

const meanings = new Map(Object.entries(table).flatMap(([meaning, { codes }]) => codes.map(code => [code, meaning as Meaning])))

/** How a message goes, as far as the meaning of a code depends on it. */
export type Way = 'proactive' | 'reply' | 'recall'

/** What a code means for a reply or a recall, where that differs: these codes are about proactive messages, which those are not. */
const others: Record<Exclude<Way, 'proactive'>, Map<number, Meaning>> = {
  reply: new Map([[22009, 'window-closed'], [40034102, 'window-closed'], [40034105, 'window-closed']]),
  recall: new Map([[40034102, 'recall-closed'], [40034105, 'recall-closed']]),
}

export interface Failure {
  meaning: Meaning
  /** Whether the message certainly did not arrive. That is not to say that it never will. */
  undelivered: boolean
  /** The platform's error code. */
  code?: number
}

/** All meanings there are. */
export function listMeanings() {
  return Object.keys(table) as Meaning[]
}

/** What a code means, if that is known. */
export function toMeaning(code: number) {
  return meanings.get(code)
}

/** Whom or what a meaning speaks of. */
export function toSubject(meaning: Meaning): Subject {
  return table[meaning].about
}

/**
 * What an error of the adapter says. The platform's code decides; without one that is known, the HTTP status.
 *
 * @param way how the message went
 */
export function readFailure(error: unknown, way: Way = 'proactive'): Failure {
  const errors = (error as { errors?: unknown })?.errors
  const [cause] = Array.isArray(errors) ? errors : [error]
  const response = (cause as { response?: { status?: number; data?: unknown } })?.response
  const code = readCode(response?.data)
  const known = (way === 'proactive' ? undefined : others[way].get(code!)) ?? meanings.get(code!)
  const meaning = known ?? (isUnsent(cause) ? 'transient' : readStatus(response?.status))
  return { meaning, undelivered: table[meaning].undelivered, code }
}

/** The adapter was unloaded before it made the request. */
function isUnsent(error: unknown) {
  return (error as { code?: unknown })?.code === 'INACTIVE_EFFECT'
}

/** The code in a body. It may stand in two fields, with two different numbers: the one that is known counts. */
export function readCode(body: unknown): number | undefined {
  const { err_code: inner, code: outer } = (body ?? {}) as { err_code?: unknown; code?: unknown }
  const codes = [inner, outer].map(toNumber).filter(code => code !== undefined)
  return codes.find(code => meanings.has(code)) ?? codes[0]
}

/** A number that every database can hold, as a code is recorded of whoever was not reached. */
function toNumber(value: unknown): number | undefined {
  const number = typeof value === 'number' || typeof value === 'string' ? Number(value) : NaN
  return Number.isInteger(number) && number > 0 && number < 2 ** 31 ? number : undefined
}

function readStatus(status = 0): Meaning {
  if (status === 401) return 'credentials'
  if (status === 429) return 'rate'
  return status >= 400 && status < 500 && status !== 408 ? 'refused' : 'unknown-outcome'
}
