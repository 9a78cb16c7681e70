import { QQUser } from '../model'
import { readId } from '../event'

/** Whom a row or an event is about. */
export type UserKey = Pick<QQUser, 'selfId' | 'userId'>

/** The bot of what is written to see whether anything can be: none has this id. */
export const PROBE = ''

/** A user's key in memory. Ids hold no spaces. */
export function toKey({ selfId, userId }: UserKey) {
  return `${selfId} ${userId}`
}

/** Whether there can be such a user at all; a database may break on what is no id. */
export function isKey({ selfId, userId }: UserKey) {
  return !!readId(selfId) && !!readId(userId)
}

/** A key as a database sees it that does not tell upper case from lower. */
export function foldCase(key: string) {
  return key.toLowerCase()
}

/** The order in which every process writes: two of them that lock rows in different orders wait for each other, until the database calls one off. */
export function inOrder<T>(items: readonly T[], toKey: (item: T) => string): T[] {
  return [...items].sort((a, b) => toKey(a) < toKey(b) ? -1 : 1)
}

/** Cuts a list, keeping its order, so that no part has two keys that differ only by case. */
export function apart<T>(items: readonly T[], toKeys: (item: T) => string[]): T[][] {
  const parts: T[][] = []
  let spellings = new Map<string, string>()
  for (const item of items) {
    const keys = toKeys(item)
    if (!parts.length || keys.some(key => (spellings.get(foldCase(key)) ?? key) !== key)) {
      parts.push([])
      spellings = new Map()
    }
    for (const key of keys) spellings.set(foldCase(key), key)
    parts.at(-1)!.push(item)
  }
  return parts
}
