import type { Diagnosis } from '../../src/console/doctor/protocol'

export type Level = 'error' | 'warn' | 'info' | 'ok'

/** Something that was found out. Its text is `doctor.finding.` and the key, what to do about it the same with `-advice`. */
export interface Finding {
  level: Level
  key: string
  params?: Record<string, string | number>
}

const order: Level[] = ['error', 'warn', 'info', 'ok']

/** What a diagnosis means, the worst first. `toTime` writes a time. */
export function examine(diagnosis: Diagnosis, toTime: (ms: number) => string): Finding[] {
  const { adapter, bots, arrivals, malformed, unknown, disputes, database } = diagnosis
  const findings: Finding[] = [
    adapter ? { level: 'ok', key: 'adapter' } : { level: 'error', key: 'no-adapter' },
    ...bots.flatMap(bot => [...examineBot(bot, toTime)]),
    ...examineDatabase(database),
  ]
  if (adapter && !bots.length) findings.push({ level: 'error', key: 'no-bots' })
  if (bots.some(bot => bot.online)) {
    const arrived = Object.values(arrivals).some(Boolean)
    findings.push(arrived ? { level: 'ok', key: 'arrivals' } : { level: 'info', key: 'no-arrivals' })
  }
  if (malformed.length) findings.push({ level: 'warn', key: 'malformed', params: { n: count(malformed) } })
  if (unknown.length) findings.push({ level: 'info', key: 'unknown', params: { n: count(unknown) } })
  if (disputes.length) findings.push({ level: 'info', key: 'disputes', params: { n: count(disputes) } })
  return findings.sort((a, b) => order.indexOf(a.level) - order.indexOf(b.level))
}

function count(items: { count: number }[]) {
  return items.reduce((sum, { count }) => sum + count, 0)
}

function* examineBot({ selfId, name, online, intents, suspendedUntil }: Diagnosis['bots'][number], toTime: (ms: number) => string): Iterable<Finding> {
  const params = { bot: name || selfId }
  yield online ? { level: 'ok', key: 'bot', params } : { level: 'error', key: 'bot-offline', params }
  if (intents.users === false) yield { level: 'error', key: 'users-intent', params }
  if (intents.interactions === false) yield { level: 'warn', key: 'interactions-intent', params }
  if (intents.users && intents.interactions) yield { level: 'ok', key: 'intents', params }
  if (suspendedUntil && suspendedUntil > Date.now()) {
    yield { level: 'warn', key: 'suspended', params: { ...params, time: toTime(suspendedUntil) } }
  }
}

function* examineDatabase({ reachable, failing, waiting, setAside }: Diagnosis['database']): Iterable<Finding> {
  if (!reachable) yield { level: 'error', key: 'unreachable' }
  else if (failing) yield { level: 'error', key: 'failing' }
  else if (!waiting && !setAside.length) yield { level: 'ok', key: 'database' }
  if (setAside.length) yield { level: 'warn', key: 'set-aside', params: { n: setAside.length } }
  if (waiting) yield { level: 'info', key: 'waiting', params: { n: waiting } }
}
