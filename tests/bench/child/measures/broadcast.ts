import { clone, Time } from 'koishi'
import { Driver } from 'minato'
import { wrapSend } from '../../../../src/delivery/internal'
import { add, isSQLite } from '../../../../src/roster/sqlite'
import { toOriginal, wrap } from '../../../../src/shared/patch'
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
  statements(): number
  over(): boolean
}

/** What a broadcast has cost so far. */
export interface Cost {
  /** ms in which the database was at work. */
  database: number
  statements: number
  /** ms of real time. */
  real: number
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
  const statements = watchDatabase(app.database.select('qq_user').driver, database)
  const bot = app.bots.find(bot => bot.platform === 'qq' && bot.selfId === selfId)!
  wrapSend(toOriginal(bot.internal as object), send => async (openid, data) => {
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
  course = { id, simulation, database, sent, statements, over: () => over }
  const start = Date.now()
  const total = await measure(course, async () => {
    let counts: { total: number } | undefined
    broadcasts.start(id).then(broadcast => counts = broadcast.counts)
    const run = () => broadcasts['desk'].runs.get(id)
    await simulation.until(() => over || !!counts && sent.length > 0 && !!run()?.['row'].complete)
    return counts!.total
  })
  return { ...total, first: sent[0] - start }
}

/** Lets it go on until so many messages more are sent, or it is over. */
export async function advanceBroadcast(_: Side, messages: number) {
  const { simulation, sent, over } = course!
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

async function measure<T>({ database, statements }: Course, callback: () => Promise<T>) {
  const before = { database: database.spent, statements: statements(), real: now() }
  const result = await callback()
  const cost: Cost = { database: database.spent - before.database, statements: statements() - before.statements, real: now() - before.real }
  return { ...cost, result }
}

/** Measures how long statements take. @returns tells how many there were */
function watchDatabase(driver: Driver, span: Span) {
  let statements = 0
  const names = isSQLite(driver) ? ['_exec'] : ['query']
  for (const name of names) {
    wrap(driver as never as Record<string, (...args: unknown[]) => unknown>, name, original => (...args) => {
      statements++
      span.enter()
      let result: unknown
      try {
        result = original(...args)
      } finally {
        if (!(result instanceof Promise)) span.leave()
      }
      if (result instanceof Promise) return result.finally(() => span.leave())
      return result
    })
  }
  return () => statements
}
