import { Driver } from 'minato'
import { QQUser } from '../model'

/** What is used of minato's driver for MySQL, whose `groupBy` takes `A` and `a` for one. */
interface MySQL extends Driver {
  query(sql: string): Promise<unknown>
  sql: { escape(value: unknown): string }
}

export type Counted = Pick<QQUser, 'sceneParam' | 'relation' | 'consent'> & { count: number }

export type Seen = Pick<Counted, 'sceneParam' | 'count'>

interface Group extends Pick<QQUser, 'relation' | 'consent'> {
  /** The first and the last of its spellings. */
  first: string
  last: string
  count: unknown
}

export function isMySQL(driver: Driver): driver is MySQL {
  return typeof (driver as Partial<MySQL>).query === 'function'
}

/** Counts the users of a bot by parameter, relation and consent, byte by byte where there are several spellings, which is slow. */
export async function countExactly(driver: MySQL, selfId: string, params: string[]): Promise<Counted[]> {
  const groups = await query(driver, selfId, params, 'sceneParam')
  const several = groups.filter(({ first, last }) => first !== last).map(({ first }) => first)
  const rest = several.length ? await query(driver, selfId, several, 'BINARY sceneParam') : []
  // among the rest are others, which are known already
  const exact = new Map<string, Group>()
  for (const group of [...groups, ...rest]) {
    if (group.first === group.last) exact.set(JSON.stringify([group.first, group.relation, group.consent]), group)
  }
  return [...exact.values()].map(({ first, relation, consent, count }) => ({ sceneParam: first, relation, consent, count: Number(count) }))
}

/** Counts the users of a bot who were first seen within a time, byte by byte. */
export async function countSeen(driver: MySQL, selfId: string, since: Date, until: Date): Promise<Seen[]> {
  const rows = await driver.query(`
    SELECT CONVERT(MIN(BINARY sceneParam) USING utf8mb4) AS sceneParam, COUNT(*) AS count
    FROM qq_user WHERE selfId = ${quote(selfId)} AND firstSeen >= ${driver.sql.escape(since)} AND firstSeen < ${driver.sql.escape(until)}
    GROUP BY BINARY sceneParam`) as { sceneParam: string | null; count: unknown }[]
  return rows.map(({ sceneParam, count }) => ({ sceneParam, count: Number(count) }))
}

function query(driver: MySQL, selfId: string, params: string[], by: string) {
  return driver.query(`
    SELECT CONVERT(MIN(BINARY sceneParam) USING utf8mb4) AS first, CONVERT(MAX(BINARY sceneParam) USING utf8mb4) AS last,
      relation, consent, COUNT(*) AS count
    FROM qq_user WHERE selfId = ${quote(selfId)} AND sceneParam IN (${params.map(quote).join(', ')})
    GROUP BY ${by}, relation, consent`) as Promise<Group[]>
}

/** No text of anybody's is part of a statement. */
function quote(text: string) {
  return `_utf8mb4 X'${Buffer.from(text).toString('hex')}'`
}
