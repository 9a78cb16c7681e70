import { clone, Time } from 'koishi'
import { Driver } from 'minato'
import { wrapSend } from '../../../../src/delivery/internal'
import { add, isSQLite } from '../../../../src/roster/sqlite'
import { patchMethod, unwrap } from '../../../../src/shared/patch'
import { now } from '../../clock'
import type { Side } from '../app'
import { Simulation, Span } from '../simulation'
import { toUserId } from './fill'

const CHUNK = 500

interface Course {
  id: number
  simulation: Simulation
  database: Span
  /** When (ms of simulated time) each message came to the platform. */
  sent: number[]
  queries: Queries
  over(): boolean
}

/** What a broadcast has cost so far. */
export interface Cost {
  /** ms in which the database was at work. */
  database: number
  queries: number
  /** ms of real time. */
  real: number
  /** The longest for which nothing else had its turn, ms of CPU time. */
  turn: number
  slowest: Query
}

interface Query {
  ms: number
  sql: string
}

let course: Course | undefined

/** Puts friends who allow messages on the roster. */
export async function befriend({ app, spec: { address: { selfId } } }: Side, users: number) {
  const driver = app.database.select('qq_user').driver
  const at = new Date(Date.now() - Time.day)
  for (let first = 0; first < users; first += CHUNK) {
    const ids = Array.from({ length: Math.min(CHUNK, users - first) }, (_, index) => toUserId(0, first + index))
    const row = { selfId, relation: 'friend', consent: 'allowed' } as const
    const dates = { relationAt: at, consentAt: at, firstSeen: at }
    if (isSQLite(driver)) add(driver, 'qq_user', ids.map(userId => ({ ...row, userId, relationAt: +at, consentAt: +at, firstSeen: +at })))
    else await app.database.upsert('qq_user', ids.map(userId => ({ ...row, ...clone(dates), userId })))
  }
}

/**
 * Starts a broadcast to all friends in simulated time, and waits until all of them are taken in as recipients.
 *
 * @param latency how long the platform takes to answer, ms of simulated time
 */
export async function startBroadcast({ app, spec: { address: { selfId } } }: Side, latency: number) {
  const { broadcasts } = app.qqUser
  const database = new Span()
  const wire = new Span()
  const sent: number[] = []
  const queries = new Queries(app.database.select('qq_user').driver, database)
  const bot = app.bots.find(bot => bot.platform === 'qq' && bot.selfId === selfId)!
  wrapSend(unwrap(bot.internal as object), send => async (openid, data) => {
    await new Promise(resolve => setTimeout(resolve, latency / 2))
    sent.push(Date.now())
    wire.enter()
    try {
      return await send(openid, data)
    } finally {
      wire.leave()
      await new Promise(resolve => setTimeout(resolve, latency / 2))
    }
  })
  const { id } = await broadcasts.create({ selfId, content: 'Dear {user.name}, there is news.' })
  let over = false
  app.on('qq-user/broadcast', ({ state }) => { over = state !== 'running' })
  const simulation = new Simulation(() => database.open + wire.open > 0)
  course = { id, simulation, database, sent, queries, over: () => over }
  const start = Date.now()
  const total = await measure(course, async () => {
    let started = false
    const start = broadcasts.start(id).finally(() => started = true)
    start.catch(() => {})
    await simulation.until(() => started)
    const { counts } = await start
    const run = () => broadcasts['runs'].current.get(id)
    await simulation.until(() => over || sent.length > 0 && !!run()?.['row'].complete)
    return counts.total
  })
  return { ...total, first: sent[0] - start }
}

/** Lets it go on until so many messages more are sent, or it is over. */
export async function advanceBroadcast({ answers }: Side, messages: number) {
  const { simulation, sent, over } = course!
  // what is kept for others
  answers.splice(0)
  const aim = sent.length + messages
  const { result, ...cost } = await measure(course!, async () => {
    const before = sent.length
    await simulation.until(() => over() || sent.length >= aim)
    return sent.length - before
  })
  return { ...cost, sent: result }
}

/** Ends it. @returns how it stands, and when each message came to the platform */
export async function endBroadcast({ app }: Side) {
  const { id, simulation, sent } = course!
  simulation.stop()
  const { state, reason, counts } = (await app.qqUser.broadcasts.get(id))!
  if (state === 'running') await app.qqUser.broadcasts.cancel(id)
  course = undefined
  return { state, reason, counts, sent }
}

async function measure<T>({ database, queries, simulation }: Course, callback: () => Promise<T>) {
  const before = { database: database.spent, queries: queries.count, real: now() }
  simulation.longest = 0
  queries.slowest = { ms: 0, sql: '' }
  const result = await callback()
  const cost: Cost = {
    database: database.spent - before.database,
    queries: queries.count - before.queries,
    real: now() - before.real,
    turn: simulation.longest,
    slowest: queries.slowest,
  }
  return { ...cost, result }
}

/** What was asked of the database. */
class Queries {
  count = 0
  slowest: Query = { ms: 0, sql: '' }

  constructor(driver: Driver, private span: Span) {
    patchMethod(driver as never as Record<string, Ask>, isSQLite(driver) ? '_exec' : 'query', ask => (...args) => this.time(ask, args))
  }

  private time(ask: Ask, args: [string, ...unknown[]]) {
    const start = now()
    const end = () => {
      this.span.leave()
      const ms = now() - start
      if (ms > this.slowest.ms) this.slowest = { ms, sql: args[0] }
    }
    this.count++
    this.span.enter()
    const result = attempt(() => ask(...args), end)
    if (result instanceof Promise) return result.finally(end)
    end()
    return result
  }
}

function attempt<T>(callback: () => T, failed: () => void) {
  try {
    return callback()
  } catch (error) {
    failed()
    throw error
  }
}

type Ask = (sql: string, ...args: unknown[]) => unknown
