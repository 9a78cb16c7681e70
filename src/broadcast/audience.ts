import { Query } from 'koishi'
import { readId } from '../event'
import { consents, QQUser, relations } from '../model'
import { cut, startsWith, toFilter, toSearch } from '../roster/query'
import { BroadcastError } from './error'
import { Audience } from './model'

/** How many characters the ids of an audience may have together: they have to fit a statement. */
const IDS = 24_000
const MAX_TEXT = 255

type Reader<T> = (value: unknown, name: string) => T

export type Begins = typeof startsWith

interface Condition<T> {
  /** Takes what a caller gave. @throws BroadcastError */
  read: Reader<T>
  /** Asks a database for the users who meet it. */
  toQuery(value: T, begins?: Begins): Query.Expr<QQUser>
  /** Tells who meets it to the letter, where the database does not tell upper case from lower. */
  toExact?(value: T): (user: QQUser) => boolean
}

/** JSON has no times: they are made again from what is stored. */
type Stored<T> = Date extends T ? { parse(text: string): T } : object

type Conditions = { [K in keyof Required<Audience>]: Condition<Required<Audience>[K]> & Stored<Required<Audience>[K]> }

const fail = (name: string, expected: string): never => { throw new BroadcastError('audience', `${name}: expected ${expected}`) }

const oneOf = <T>(values: readonly T[]): Reader<T> => (value, name) => {
  return values.includes(value as T) ? value as T : fail(name, `one of ${values.join(', ')}`)
}

const text: Reader<string> = (value, name) => {
  const fits = typeof value === 'string' && value && value.length <= MAX_TEXT && !value.includes('\0')
  return fits ? value : fail(name, `a text of at most ${MAX_TEXT} characters`)
}

const integer: Reader<number> = (value, name) => {
  return Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? value as number : fail(name, 'an integer')
}

const userIds: Reader<string[]> = (value, name) => {
  if (!Array.isArray(value) || !value.length) return fail(name, 'a list of ids')
  // what is too much is not looked at one by one
  if (value.length > IDS) throw new BroadcastError('too-many-users')
  const ids = [...new Set(value.map(id => readId(id) ?? fail(name, 'ids of users')))]
  if (ids.reduce((sum, id) => sum + id.length, 0) > IDS) throw new BroadcastError('too-many-users')
  return ids
}

const time: Reader<Date> = (value, name) => {
  const date = value instanceof Date || typeof value === 'number' || typeof value === 'string' ? new Date(value) : undefined
  return date && Math.abs(+date) < 4e12 ? date : fail(name, 'a date')
}

/** All that an audience can be described by. A condition without a query would be met by everybody. */
const conditions: Conditions = {
  relation: { read: oneOf(relations), toQuery: relation => ({ relation }) },
  consent: { read: oneOf(consents), toQuery: consent => ({ consent }) },
  scene: { read: integer, toQuery: scene => ({ scene }) },
  sceneParam: {
    read: text,
    toQuery: sceneParam => ({ sceneParam: cut(sceneParam) }),
    toExact: sceneParam => user => user.sceneParam === sceneParam,
  },
  search: { read: text, toQuery: toSearch },
  userIds: {
    read: userIds,
    toQuery: userId => ({ userId }),
    toExact(userIds) {
      const ids = new Set(userIds)
      return ({ userId }) => ids.has(userId)
    },
  },
  activeSince: {
    read: time,
    toQuery: time => ({ lastMessageAt: { $gte: time } }),
    parse: text => new Date(text),
  },
}

/** The conditions of an audience, each with its value. @throws BroadcastError for one that nobody knows here */
function toConditions(audience: object): [name: string, value: unknown, condition: Condition<unknown>][] {
  return Object.entries(audience)
    .filter(([, value]) => value !== undefined && value !== null)
    .map(([name, value]) => {
      if (!Object.hasOwn(conditions, name)) return fail(name.slice(0, 32), 'nothing of that name')
      return [name, value, conditions[name as keyof Audience]]
    })
}

/** @throws BroadcastError for what describes nobody */
export function readAudience(value: unknown = {}): Audience {
  if (typeof value !== 'object' || !value || Array.isArray(value)) return fail('audience', 'an object')
  return Object.fromEntries(toConditions(value).map(([name, value, { read }]) => [name, read(value, name)]))
}

/** An audience as it was stored. */
export function parseAudience(json: string): Audience {
  const audience = JSON.parse(json)
  for (const [name, condition] of Object.entries(conditions)) {
    if (audience[name] && 'parse' in condition) audience[name] = condition.parse(audience[name])
  }
  return audience
}

/** Asks a database for an audience. @param until who came later is not in it */
export function toQuery(selfId: string, audience: Audience, begins?: Begins, until?: Date): Query.Expr<QQUser> {
  return {
    $and: [
      toFilter({ selfId }),
      ...toConditions({ ...audience, relation: audience.relation ?? 'friend' }).map(([, value, condition]) => condition.toQuery(value, begins)),
      ...until ? [{ firstSeen: { $lte: until } }] : [],
    ],
  }
}

/** Tells users who match exactly from those who match only because the database does not tell upper case from lower. */
export function isExact(audience: Audience): (user: QQUser) => boolean {
  const tests = toConditions(audience).flatMap(([, value, condition]) => condition.toExact?.(value) ?? [])
  return user => tests.every(test => test(user))
}
