import { Bench } from '../bench'
import { Side } from '../side'

const PAGES = 30

/** Whether many users make anything slower. */
export default async function (bench: Bench) {
  const { multitude, rounds } = bench.size
  const empty = await bench.roster(0)
  const full = await bench.roster(multitude)
  const starts = { empty: [] as number[], full: [] as number[] }
  const pages: Record<string, number[]> = { first: [], last: [] }
  const totals: Record<string, number[]> = {}
  const run = <T>(name: 'empty' | 'full', callback: (side: Side) => Promise<T>) => {
    const { platform, store } = { empty, full }[name]
    return bench.run({ side: 'ours', store }, callback, platform)
  }
  // the first start of all reads the files
  for (const name of ['empty', 'full'] as const) await run(name, async () => {})
  for (let round = 0; round < rounds * 2; round++) {
    // whoever comes second finds the machine as the first left it
    for (const name of round % 2 ? ['full', 'empty'] as const : ['empty', 'full'] as const) {
      starts[name].push(await run(name, side => side.ask('startUp')))
    }
  }
  for (let round = 0; round < rounds; round++) {
    await run('full', async (side) => {
      const { first, last } = await side.ask('pages', PAGES)
      pages.first.push(...first.slice(5))
      pages.last.push(...last.slice(5))
      for (const [key, value] of Object.entries(await side.ask('totals'))) (totals[key] ??= []).push(value)
    })
  }
  const common = { work: 'scale', unit: 'ms' }
  bench.add({ ...common, name: 'page, last to first', values: pages, of: 'last', to: 'first', aim: { atMost: 1.5 } })
  bench.add({ ...common, name: 'count, the first', values: totals, of: 'firstCount' })
  bench.add({ ...common, name: 'count', values: totals, of: 'count' })
  bench.add({ ...common, name: 'statistics, the first', values: totals, of: 'firstStatistics' })
  bench.add({ ...common, name: 'statistics', values: totals, of: 'statistics' })
  // independent, but for the noise of a start
  bench.add({ ...common, name: 'start-up', values: starts, of: 'full', to: 'empty', aim: { atMost: 1.2 } })
}
