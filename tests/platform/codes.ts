/** How the platform answers with a code. */
interface Code {
  /** Status of the HTTP answer, 400 unless told. */
  status?: number
  /** The other number, where a gateway's error carries two: this one is in `err_code`. */
  inner?: number
  message: string
}

const range = (first: number, last: number, code: Code) => {
  return Object.fromEntries(Array.from({ length: last - first + 1 }, (_, index) => [first + index, code]))
}

const token = { status: 401, message: 'token invalid' }
const application = { message: 'the application may not do this' }
const form = { message: 'this form of message is refused' }
const again = { message: 'try again' }

const codes: Record<number, Code> = {
  51: { message: 'invalid callback data' },
  ...range(10001, 10003, { message: 'bad request or bot' }),
  10044: application,
  11004: again,
  ...range(11241, 11252, token),
  11201: { status: 401, inner: 40012001, message: 'application invalid' },
  11243: { ...token, inner: 40012002 },
  11244: { ...token, inner: 40011027 },
  11253: { inner: 40012010, message: 'no right for the interface' },
  11254: { message: 'the interface is banned' },
  11255: { inner: 40011028, message: 'no such user or group' },
  ...range(11263, 11264, application),
  11265: { message: 'the bot is banned' },
  ...range(11273, 11275, application),
  11292: { inner: 40012004, message: 'not in the sandbox' },
  11298: { message: 'the address is not on the list' },
  22006: form,
  22009: { message: 'message rate exceeded' },
  50001: again,
  50002: { message: 'too frequent' },
  50006: form,
  50059: form,
  100017: { inner: 40023001, message: 'interface called too often' },
  304003: { message: 'this address may not be sent' },
  304023: { status: 202, message: 'push message is waiting for audit now' },
  304024: { status: 202, message: 'reply message is waiting for audit now' },
  304027: { message: 'msg_id expired' },
  304036: form,
  304037: form,
  304057: form,
  304061: form,
  304064: { message: 'the user has not subscribed' },
  304080: form,
  304082: again,
  304083: again,
  304103: { message: 'msg_id expired' },
  305007: form,
  340067: again,
  850026: { message: 'the file is refused' },
  1100100: { message: 'too frequent' },
  1100101: { message: 'message content refused' },
  1100103: { message: 'message content refused' },
  40011000: { message: 'bad request' },
  40034004: again,
  40034005: { message: 'msg_id expired' },
  40034006: { message: 'message content refused' },
  ...range(40034008, 40034012, form),
  40034024: { message: 'msg_id invalid' },
  40034025: { message: 'event_id invalid' },
  40034026: { message: 'event_id expired' },
  40034027: { message: 'this event cannot be replied to' },
  40034029: form,
  40034031: { message: 'no reply is possible any more' },
  40034100: { message: 'proactive quota exceeded' },
  40034102: { message: 'no permission for proactive messages' },
  40034105: { message: 'no permission for proactive messages' },
  40034106: form,
  40034108: form,
  40034109: form,
  40034122: { message: 'the recall message of this period was sent' },
  40034123: { message: 'this message cannot be a recall' },
  40034124: form,
  40034127: form,
  40034128: { message: 'passive replies used up' },
  40054004: { message: 'not friends' },
  40054005: { message: 'duplicate msg_seq' },
  40054006: again,
  40054007: { message: 'message too long' },
  40054010: { message: 'this address may not be sent' },
  40054013: { message: 'the user rejects messages' },
  40054016: { message: 'the bot is offline' },
  40054018: { message: 'message too long' },
  50055002: again,
}

/** Every code that the platform answers with. */
export const listCodes = () => Object.keys(codes).map(Number)

export function findCode(code: number): Code {
  return codes[code] ?? { message: 'request failed' }
}

/** A text for the error; bots must not depend on it. */
export function describeCode(code: number) {
  return findCode(code).message
}
