import { setTimeout as sleep } from 'node:timers/promises'
import { Time } from 'koishi'
import type { Retention } from '../../../../src/retention'
import type { Statistics } from '../../../../src/roster/statistics'
import { now } from '../../clock'
import type { Side } from '../app'
import { cpu } from '../watch'
import { toUserId } from './fill'

/** Milliseconds that something takes. */
async function time(callback: () => Promise<unknown>) {
  const start = now()
  await callback()
  return now() - start
}

async function cost(times: number, callback: (index: number) => Promise<unknown>) {
  const start = cpu()
  for (let index = 0; index < times; index++) await callback(index)
  return (cpu() - start) / times * 1000
}

/** Microseconds of CPU time that one question about a user takes. @param offset the first of users that were not asked about before */
export async function gate({ app: { database, qqUser }, spec }: Side, offset: number, users: number) {
  const { selfId } = spec.address
  const ids = Array.from({ length: users }, (_, index) => toUserId(0, offset + index))
  const others = Array.from({ length: users }, (_, index) => toUserId(0, offset + users + index))
  return {
    get: await cost(users, index => database.get('qq_user', { selfId, userId: others[index] })),
    uncached: await cost(users, index => qqUser.canPush(selfId, ids[index])),
    cached: await cost(users * 50, index => qqUser.canPush(selfId, ids[index % users])),
  }
}

/** Milliseconds that the first and the last page take, several times, one after the other. */
export async function pages({ app, spec }: Side, times: number) {
  const { selfId } = spec.address
  const [last] = await app.database.get('qq_user', { selfId }, { sort: { firstSeen: 'asc', userId: 'asc' }, limit: 1, offset: 20 })
  const result = { first: [] as number[], last: [] as number[] }
  for (let i = 0; i < times; i++) {
    result.first.push(await time(() => app.qqUser.list({ selfId })))
    result.last.push(await time(() => app.qqUser.list({ selfId, after: last })))
  }
  return result
}

/** Milliseconds that totals and statistics take the first time, and then. */
export async function totals({ app, spec }: Side) {
  const { selfId } = spec.address
  const room: { Statistics: typeof Statistics } = require('../../../../src/roster/statistics')
  const statistics = new room.Statistics(app, app.qqUser['roster'])
  return {
    firstCount: await time(() => app.qqUser.count({ selfId })),
    count: await time(() => app.qqUser.count({ selfId, consent: 'rejected' })),
    firstStatistics: await time(() => statistics.get(selfId)),
    statistics: await time(() => statistics.get(selfId)),
  }
}

/** Fills whatever may remember users: asks about so many, looks at pages and totals. */
export async function roam(side: Side, users: number) {
  const { app, spec } = side
  const { selfId } = spec.address
  for (let index = 0; index < users; index++) await app.qqUser.canPush(selfId, toUserId(0, index))
  await pages(side, 20)
  await totals(side)
}

/** Prunes the ledger until nothing older than a day is left in it. */
export async function prune({ app }: Side) {
  const room: { Retention: typeof Retention } = require('../../../../src/retention')
  // eslint-disable-next-line no-new
  new room.Retention(app, app.qqUser['roster'], app.qqUser['pusher'], app.qqUser.broadcasts, 1)
  const before = new Date(Date.now() - Time.day)
  while (true) {
    const [entry] = await app.database.get('qq_user_event', { occurredAt: { $lt: before } }, { limit: 1, fields: ['id'] })
    if (!entry) return
    await sleep(50)
  }
}
