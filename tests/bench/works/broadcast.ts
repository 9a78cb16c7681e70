import { setTimeout as sleep } from 'node:timers/promises'
import { Platform } from '../../platform'
import { Bench } from '../bench'
import { Cost } from '../child/measures/broadcast'
import { toUserId } from '../child/measures/fill'
import { Tier } from '../child/spec'
import { Side } from '../side'
import { Store } from '../stores'

const SECOND = 1000
const MINUTE = 60 * SECOND
const HOUR = 60 * MINUTE
/** How long the platform takes to answer, ms of simulated time. */
const LATENCY = 50
const STEP = 1000

/** What the platform lets each bot send, with the time that it is counted in. */
const limits: Record<Tier, { name: string; span: number; messages: number }[]> = {
  certified: [{ name: 'second', span: SECOND, messages: 10 }],
  uncertified: [{ name: 'second', span: SECOND, messages: 5 }, { name: 'minute', span: MINUTE, messages: 30 }],
}

/**
 * One message to very many, in simulated time: it passes as the clock does while anything is under way, and waiting is left
 * out. All are taken in as recipients; of them, as many get it as there is time for.
 */
export default async function (bench: Bench) {
  const { many, recipients } = bench.size
  const audience = Math.max(many, recipients)
  for (const kind of bench.kinds) {
    const store = await bench.stores.create(kind)
    const platform = await bench.platform()
    // the platform's own clock is another one: what it would count is counted from when the messages came
    Object.assign(platform.limits, { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity })
    for (let index = 0; index < audience; index++) platform.users.set(toUserId(0, index), { friend: true, push: true, username: '' })
    bench.say(`  broadcast, ${kind}: puts ${audience} users on the roster`)
    await bench.run({ side: 'ours', store }, side => side.ask('befriend', audience), platform)
    for (const tier of ['certified', 'uncertified'] as const) {
      await once(bench, platform, store, tier, audience, recipients)
      platform.posts.length = 0
    }
  }
}

async function once(bench: Bench, platform: Platform, store: Store, tier: Tier, audience: number, recipients: number) {
  await bench.run({ side: 'ours', store, tier }, async (side) => {
    const before = await side.ask('memory')
    await side.ask('watch')
    // a stall is seen only after a first tick
    await sleep(20)
    const start = await side.ask('startBroadcast', LATENCY)
    if (start.result !== audience) throw new Error(`${start.result} recipients instead of ${audience}`)
    bench.say(`    taken in within ${Math.round(start.real / SECOND)} s; the slowest query took ${toText(start.slowest)}`)
    const begun = await side.ask('unwatch')
    await side.ask('watch')
    const sending = await send(bench, side, recipients)
    const usage = await side.ask('unwatch')
    const { state, reason, counts, sent } = await side.ask('endBroadcast')
    if (state !== 'running' && state !== 'finished') throw new Error(`the broadcast is ${state}: ${reason}`)
    const after = await side.ask('memory')
    const targets = platform.accepted().map(({ target }) => target)
    const add = (name: string, unit: string, value: number, aim?: { atLeast: number } | { atMost: number }, allowed?: number) => {
      bench.add({
        work: 'broadcast',
        name: `${store.kind}, ${tier}, ${sent.length} of ${audience}: ${name}`,
        unit,
        values: { ours: [value], ...allowed !== undefined && { allowed: [allowed] } },
        of: 'ours',
        ...allowed !== undefined && { to: 'allowed' },
        aim,
      })
    }
    const duration = sent.at(-1)! - sent[0]
    const [slowest] = [...limits[tier]].sort((a, b) => a.messages / a.span - b.messages / b.span)
    const hours = (duration / HOUR).toFixed(2)
    bench.say(`  broadcast, ${store.kind}, ${tier}: ${sent.length} of ${audience} in ${hours} simulated hours, ${Math.round(sending.real / SECOND)} s`)
    add(`rate, a ${slowest.name}`, 'messages', (sent.length - 1) / duration * slowest.span, { atLeast: 0.9 }, slowest.messages)
    for (const { name, span, messages } of limits[tier]) add(`most in a ${name}`, 'messages', most(sent, span), { atMost: 1 }, messages)
    add('to the first message', 'ms', start.first)
    add('sent twice', 'users', targets.length - new Set(targets).size, { atMost: 0 })
    add('failed, skipped or unknown', 'users', counts.failed + counts.skipped + counts.unknown, { atMost: 0 })
    add('taken in, database', 'ms/recipient', start.database / audience)
    add('sent, database', 'ms/recipient', sending.database / sending.sent)
    add('sent, queries', 'each', sending.queries / sending.sent)
    add('sent, real time', 'ms/recipient', sending.real / sending.sent)
    add('sent, CPU time', 'ms/recipient', usage.cpu / sending.sent)
    for (const [phase, stall, turn] of [['taken in', begun.stall, start.turn], ['sent', usage.stall, sending.turn]] as const) {
      add(`${phase}, longest stall`, 'ms', stall, { atMost: 50 })
      add(`${phase}, longest stall`, 'CPU ms', turn, { atMost: 50 })
    }
    add('rss growth, at most', 'MB', Math.max(begun.rss, usage.rss) - before.rss)
    // the roster keeps 20,000 users in mind
    add('heap growth, in the end', 'MB', after.heap - before.heap, { atMost: 50 })
  }, platform)
}

async function send(bench: Bench, side: Side, recipients: number) {
  const total: Cost & { sent: number } = { database: 0, queries: 0, real: 0, turn: 0, slowest: { ms: 0, sql: '' }, sent: 0 }
  while (total.sent < recipients) {
    const { sent, database, queries, real, turn, slowest } = await side.ask('advanceBroadcast', Math.min(STEP, recipients - total.sent))
    if (!sent) break
    total.sent += sent
    total.database += database
    total.queries += queries
    total.real += real
    if (slowest.ms > total.slowest.ms) total.slowest = slowest
    total.turn = Math.max(total.turn, turn)
    bench.say(`    ${total.sent} of ${recipients}, ${(real / sent).toFixed(1)} ms each`)
  }
  bench.say(`    the slowest query took ${toText(total.slowest)}`)
  return total
}

function toText({ ms, sql }: Cost['slowest']) {
  return `${Math.round(ms)} ms: ${sql.length > 300 ? `${sql.slice(0, 60)} ... ${sql.slice(-200)}` : sql}`
}

/** The most that the other side counts within a span. */
function most(times: number[], span: number) {
  let result = 0
  for (let first = 0, last = 0; last < times.length; last++) {
    while (times[first] <= times[last] - span) first++
    result = Math.max(result, last - first + 1)
  }
  return result
}
