import { mapValues } from 'koishi'
import { Bench } from '../bench'
import { ingest } from '../ingest'

const aim = { atMost: 50 }
/** Few enough for the adapter alone not to hold up anything. */
const PACE = 200

/** For how long at a time nothing else gets its turn. */
export default async function (bench: Bench) {
  const common = { work: 'stall', unit: 'ms', of: 'ours' }
  for (const pace of [undefined, PACE]) {
    const ingested = await ingest(bench, pace)
    for (const kind of bench.kinds) {
      const name = `ingest${pace ? ` at ${pace}/s` : ''}, ${kind}`
      const values = mapValues(ingested[kind], ({ stall }) => stall)
      bench.add({ ...common, name, values, aim })
      bench.add({ ...common, name, values, to: 'adapter' })
      bench.add({ ...common, name, values, to: 'naive' })
    }
  }
  const ours: number[] = []
  for (let round = 0; round < bench.size.rounds; round++) ours.push(await prune(bench))
  bench.add({ ...common, name: 'prune, sqlite', values: { ours }, aim })
}

async function prune(bench: Bench) {
  const { pruned, entries } = bench.size
  const store = await bench.stores.create('sqlite')
  return bench.run({ side: 'ours', store }, async (side) => {
    await side.ask('fill', pruned, entries)
    await side.ask('watch')
    await side.ask('prune')
    const { stall } = await side.ask('unwatch')
    return stall
  })
}
