import type { ExportQuery } from '../../../src/console/transfer/protocol'
import type { PageQuery } from '../../../src/console/users/protocol'
import { Page } from '../../console/page'
import { Bench } from '../bench'
import { now } from '../clock'
import { Side } from '../side'

const TIMES = 20

/** Milliseconds that each thing takes, by its name. */
type Times = Record<string, number[]>

/** How long an operator with very many users waits, through the console's own socket, and what a download takes in memory. */
export default async function (bench: Bench) {
  const { multitude, rounds } = bench.size
  const { platform, store } = await bench.roster(multitude)
  const times: Times = {}
  const memory: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++) {
    await bench.run({ side: 'ours', store }, async (side) => {
      const port = await side.ask('openConsole')
      const page = await Page.open(port)
      await look(page, times)
      for (const table of ['users', 'ledger'] as const) await download(side, page, port, { table, query: {} }, times, memory)
      page.close()
    }, platform)
  }
  for (const of of Object.keys(times)) bench.add({ work: 'page', name: of, unit: 'ms', values: times, of, aim: aims[of] })
  for (const of of Object.keys(memory)) bench.add({ work: 'page', name: `${of}, rss growth`, unit: 'MB', values: memory, of, aim: { atMost: 100 } })
}

const aims: Record<string, { atMost: number }> = {
  'first page': { atMost: 50 },
  'next page': { atMost: 50 },
  'middle page': { atMost: 50 },
  'last page': { atMost: 50 },
  'by last message, middle page': { atMost: 50 },
  'search, openid': { atMost: 100 },
  'search, name': { atMost: 100 },
  'overview': { atMost: 50 },
}

async function look(page: Page, times: Times) {
  const note = async <T>(name: string, callback: () => Promise<T>, count = TIMES) => {
    let result!: T
    for (let time = 0; time < count; time++) {
      const start = now()
      result = await callback()
      ;(times[name] ??= []).push(now() - start)
    }
    return result
  }
  const list = (query: PageQuery) => () => page.call('qq-user/list', query)
  await note('first page, after a start', list({}), 1)
  const { users } = await note('first page', list({}))
  await note('next page', list({ after: users.at(-1) }))
  const range = async (query: PageQuery) => {
    const after = { userId: '8', firstSeen: 0, lastMessageAt: 0, selfId: users[0].selfId }
    const middle = Date.now() - 182 * 86_400_000
    const last = Date.now() - 364 * 86_400_000
    const name = query.sort ? 'by last message, ' : query.relation ? `${query.relation} and ${query.consent}, ` : ''
    await note(`${name}middle page`, list({ ...query, after: { ...after, firstSeen: middle, lastMessageAt: middle } }))
    await note(`${name}last page`, list({ ...query, after: { ...after, firstSeen: last, lastMessageAt: query.sort ? null : last } }))
  }
  await range({})
  await range({ sort: 'lastMessageAt' })
  await range({ relation: 'deleted', consent: 'rejected' })
  await note('search, openid', list({ search: users[3].userId.slice(0, 6) }))
  await note('search, openid, one character', list({ search: users[3].userId.slice(0, 1) }))
  await note('search, name', list({ search: 'user 3' }))
  await note('search, nobody', list({ search: 'nobody' }))
  await note('overview, after a start', () => page.call('qq-user/overview', { days: 30 }), 1)
  await note('overview', () => page.call('qq-user/overview', { days: 30 }))
  await note('overview of a year, the first time', () => page.call('qq-user/overview', { days: 365 }), 1)
  await note('diagnosis', () => page.call('qq-user/diagnose'))
  const { selfId, userId } = users[5]
  await note('one user', () => Promise.all([page.call('qq-user/get', selfId, userId), page.call('qq-user/history', selfId, userId)]))
}

async function download(side: Side, page: Page, port: number, query: ExportQuery, times: Times, memory: Record<string, number[]>) {
  const before = await side.ask('memory')
  await side.ask('watch')
  const start = now()
  const { url, total } = await page.call('qq-user/export', query)
  const response = await fetch(`http://127.0.0.1:${port}${url}`)
  let lines = 0
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++
  }
  if (lines !== total + 1) throw new Error(`${lines} lines for ${total} rows`)
  const name = `export, ${query.table}`
  ;(times[name] ??= []).push(now() - start)
  ;(memory[name] ??= []).push((await side.ask('unwatch')).rss - before.rss)
}
