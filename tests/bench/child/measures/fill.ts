import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { Time } from 'koishi'
import type { Side } from '../app'

const YEAR = 365 * Time.day

/** The id of the n-th user: as scattered as the platform's own. */
export function toUserId(_: unknown, index: number) {
  const scattered = Number(BigInt(index) * 2654435761n % 4294967296n)
  return [scattered.toString(16).padStart(8, '0'), index.toString(16).padStart(24, '0')].join('').toUpperCase()
}

const userId = `printf('%08X%024X', i * 2654435761 % 4294967296, i)`

/** Writes users, and entries of their history, straight into the tables. The newest entry of each is from right now. */
export async function fill({ app, spec: { address: { selfId } } }: Side, users: number, entries: number) {
  const driver = app.database.drivers[0] as unknown as SQLiteDriver
  const now = Date.now()
  const since = `${now - YEAR} + i * ${Math.floor(YEAR / users)}`
  // an index is built faster than it is kept
  const indexes: { name: string; sql: string }[] = driver._all(
    `SELECT name, sql FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL AND tbl_name LIKE 'qq_user%'`,
  )
  driver._run('PRAGMA journal_mode = OFF')
  driver._run('PRAGMA cache_size = -500000')
  for (const { name } of indexes) driver._run(`DROP INDEX "${name}"`)
  driver._run(`
    WITH RECURSIVE line(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM line WHERE i < ${users - 1})
    INSERT INTO qq_user (selfId, userId, relation, relationAt, consent, consentAt, firstSeen, lastMessageAt, scene, sceneParam, sceneAt, name)
    SELECT '${selfId}', ${userId} AS u, iif(i % 10 < 8, 'friend', iif(i % 10 = 8, 'deleted', 'unknown')), ${since},
      iif(i % 7 < 4, 'unknown', iif(i % 7 < 6, 'allowed', 'rejected')), ${since}, ${since}, iif(i % 2, ${now} - i * 2654435761 % ${YEAR}, NULL),
      1000 + i % 5, iif(i % 5 = 4, 'campaign ' || i % 50, NULL), ${since}, iif(i % 3 = 0, 'user ' || i, NULL)
    FROM line ORDER BY u`)
  for (let entry = 0; entry < entries; entry++) {
    const at = entry === entries - 1 && entries > 1 ? `${now} - i % 1000` : `${since} + ${entry}`
    driver._run(`
      WITH RECURSIVE line(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM line WHERE i < ${users - 1})
      INSERT INTO qq_user_event (id, selfId, userId, type, source, occurredAt, receivedAt, applied, notice, noticeReason, origin)
      SELECT 'FRIEND_ADD:' || ${userId} || '-${entry}' AS id, '${selfId}', ${userId}, iif(i % 10 = 8, 'friend-deleted', 'friend-added'),
        'friend-add', ${at}, ${at}, 1, 'none', '', 'bench'
      FROM line ORDER BY id`)
  }
  for (const { sql } of indexes) driver._run(sql)
  driver._run('PRAGMA cache_size = -2000')
  driver._run('PRAGMA journal_mode = DELETE')
}
