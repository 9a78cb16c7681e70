import { Dict, Query } from 'koishi'
import { readId } from '../event'
import { consents, QQUser, relations } from '../model'
import { cut, startsWith, toFilter } from '../roster/query'
import { BroadcastError } from './error'
import { Audience } from './model'

/** How many characters the ids of an audience may have together: they have to fit a statement. */
const IDS = 24_000
const MAX_TEXT = 255

type Reader<T> = (value: unknown, name: string) => T

const fail = (name: string, expected: string): never => { throw new BroadcastError('audience', `${name}: expected ${expected}`) }

const oneOf = <T>(values: readonly T[]): Reader<T> => (value, name) => {
  return values.includes(value as T) ? value as T : fail(name, `one of ${values.join(', ')}`)
}

const text: Reader<string> = (value, name) => {
  const fits = typeof value === 'string' && value && value.length <= MAX_TEXT && !value.includes('\0')
  return fits ? value : fail(name, `a text of at most ${MAX_TEXT} characters`)
}

const readers: { [K in keyof Required<Audience>]: Reader<Required<Audience>[K]> } = {
  relation: oneOf(relations),
  consent: oneOf(consents),
  scene: (value, name) => Number.isInteger(value) && Math.abs(value as number) < 2 ** 31 ? value as number : fail(name, 'an integer'),
  sceneParam: text,
  search: text,
  userIds(value, name) {
    if (!Array.isArray(value) || !value.length) return fail(name, 'a list of ids')
    // what is too much is not looked at one by one
    if (value.length > IDS) throw new BroadcastError('too-many-users')
    const ids = [...new Set(value.map(id => readId(id) ?? fail(name, 'ids of users')))]
    if (ids.reduce((sum, id) => sum + id.length, 0) > IDS) throw new BroadcastError('too-many-users')
    return ids
  },
  activeSince(value, name) {
    const date = value instanceof Date || typeof value === 'number' || typeof value === 'string' ? new Date(value) : undefined
    return date && Math.abs(+date) < 4e12 ? date : fail(name, 'a date')
  },
}

/** @throws BroadcastError for what describes nobody */
export function readAudience(value: unknown = {}): Audience {
  if (typeof value !== 'object' || !value || Array.isArray(value)) return fail('audience', 'an object')
  const given = Object.entries(value).filter(([, value]) => value !== undefined && value !== null)
  const unknown = given.find(([key]) => !Object.hasOwn(readers, key))
  if (unknown) return fail(unknown[0].slice(0, 32), 'nothing of that name')
  return Object.fromEntries(given.map(([key, value]) => [key, (readers as Dict<Reader<unknown>>)[key](value, key)]))
}

/** An audience as it was stored. */
export function parseAudience(json: string): Audience {
  const audience = JSON.parse(json)
  return { ...audience, ...audience.activeSince && { activeSince: new Date(audience.activeSince) } }
}

export type Begins = typeof startsWith

/** Asks a database for an audience. @param until who came later is not in it */
export function toQuery(selfId: string, audience: Audience, begins?: Begins, until?: Date): Query.Expr<QQUser> {
  const { relation = 'friend', consent, scene, sceneParam, search, userIds, activeSince } = audience
  return {
    $and: [
      toFilter({ selfId, relation, consent, search }, begins),
      {
        ...scene !== undefined && { scene },
        ...sceneParam !== undefined && { sceneParam: cut(sceneParam) },
        ...userIds && { userId: userIds },
        ...activeSince && { lastMessageAt: { $gte: activeSince } },
        ...until && { firstSeen: { $lte: until } },
      },
    ],
  }
}

/** What is left of a page where the database does not tell upper case from lower. */
export function isExact(audience: Audience): (user: QQUser) => boolean {
  const ids = audience.userIds && new Set(audience.userIds)
  return ({ userId, sceneParam }) => {
    return (!ids || ids.has(userId)) && (audience.sceneParam === undefined || audience.sceneParam === sceneParam)
  }
}
