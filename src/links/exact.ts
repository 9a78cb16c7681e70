import { Driver } from 'minato'

/** What is used of minato's driver for MySQL, whose `groupBy` takes `A` and `a` for one. */
interface MySQL extends Driver {
  query(sql: string): Promise<unknown>
}

export function isMySQL(driver: Driver): driver is MySQL {
  return typeof (driver as Partial<MySQL>).query === 'function'
}

/** Counts the users of a bot by parameter, relation and consent, byte by byte. */
export async function countExactly(driver: MySQL, selfId: string, params: string[]) {
  const rows = await driver.query(`
    SELECT MIN(sceneParam) AS sceneParam, relation, consent, COUNT(*) AS count FROM qq_user
    WHERE selfId = ${quote(selfId)} AND sceneParam IN (${params.map(quote).join(', ')})
    GROUP BY BINARY sceneParam, relation, consent`) as { sceneParam: string; relation: never; consent: never; count: unknown }[]
  return rows.map(row => ({ ...row, count: Number(row.count) }))
}

/** No text of anybody's is part of a statement. */
function quote(text: string) {
  return `CONVERT(X'${Buffer.from(text).toString('hex')}' USING utf8mb4)`
}
