import { Bench } from '../bench'

const PAGES = 30

/** Whether many users make anything slower. */
export default async function (bench: Bench) {
  const { multitude, rounds } = bench.size
  const empty = await bench.roster(0)
  const full = await bench.roster(multitude)
  const starts: Record<string, number[]> = { empty: [], full: [] }
  const pages: Record<string, number[]> = { first: [], last: [] }
  const totals: Record<string, number[]> = {}
  // the first start of all reads the files
  for (let round = -1; round < rounds + 2; round++) {
    for (const [name, { platform, store }] of [['empty', empty], ['full', full]] as const) {
      await bench.run({ side: 'ours', store }, async (side) => {
        if (round < 0) return
        starts[name].push(await side.ask('startUp'))
        if (name === 'empty' || round >= rounds) return
        const { first, last } = await side.ask('pages', PAGES)
        pages.first.push(...first.slice(5))
        pages.last.push(...last.slice(5))
        for (const [key, value] of Object.entries(await side.ask('totals'))) (totals[key] ??= []).push(value)
      }, platform)
    }
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
