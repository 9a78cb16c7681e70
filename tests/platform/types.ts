/** What goes over the wire for one event, on WebSocket and webhook alike. */
export interface Envelope {
  id: string
  op: 0
  s?: number
  t: string
  d: any
}

/** How often the bot may write proactively. */
export interface Limits {
  /** To all users together, within one second. */
  botSecond: number
  /** To all users together, within one minute. */
  botMinute: number
  /** To one user, within one minute. */
  userMinute: number
  /** To one user, within 24 hours. */
  userDay: number
}

export interface PlatformOptions {
  appid?: string
  /** The bot's name. */
  name?: string
  token?: string
  /** Signs webhook calls. */
  secret?: string
  /** Port on 127.0.0.1, by default a free one. */
  port?: number
  /** The platform's clock in milliseconds. */
  now?: () => number
  limits?: Partial<Limits>
  /** Milliseconds for which the id of a new event is still refused with 40034025. */
  freshFor?: number
  /** With `false`, events go out whether or not their intent was subscribed to. */
  strict?: boolean
}

export interface UserState {
  friend: boolean
  /** The user's switch for proactive messages. */
  push: boolean
  /** Nothing proactive reaches this user, whatever their switch says. */
  pushBanned?: boolean
  username: string
}

export type Kind = 'user' | 'group' | 'channel'

export type Route = 'msg' | 'event' | 'proactive' | 'recall'

/** Where the code stands in the body of a refusal. */
export type CodeField = 'both' | 'code' | 'err_code'

/** One message that the bot tried to send. */
export interface Post {
  kind: Kind
  target: string
  body: any
  /** When it arrived, by the platform's clock. */
  at: number
  /** As what the platform took it. */
  route: Route
  /** Status of the answer; 0 when it never came, or not as a whole. */
  status: number
  /** Error code of the answer. */
  code?: number
  /** Error message of the answer. */
  message?: string
  /** Id of the message, if it got one. */
  id?: string
  /** Whether the message got through to the other side, whatever the answer was. */
  reached: boolean
}

/** A file that the bot uploaded. */
export type Upload = Pick<Post, 'kind' | 'target' | 'body' | 'at'>

/** A misbehaviour of the API. Without an outcome of its own, the usual answer is given, after `delay`. */
export interface Fault {
  code?: number
  /** 400 when there is a code, otherwise 200. */
  status?: number
  /** Sent as is: a string raw, an object as JSON. */
  body?: string | object
  /** What the body is said to be, JSON unless told. */
  type?: string
  /** How many posts it hits. */
  times?: number
  when?: (post: Post) => boolean
  /** Real milliseconds before the answer. */
  delay?: number
  /** No answer until the platform stops. */
  hang?: boolean
  /** The connection breaks in the middle of the answer. */
  close?: boolean
  /** The message is handled as usual, only its answer is replaced. */
  accept?: boolean
}

export interface UnknownRequest {
  method: string
  path: string
}

export interface Identify {
  token: string
  intents: number
  shard?: [number, number]
}

export interface Resume {
  token: string
  session_id: string
  seq: number
}
