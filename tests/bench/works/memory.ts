import { mapValues } from 'koishi'
import { Bench } from '../bench'
import { ingest } from '../ingest'

/** More than any cache holds. */
const ROAM = 30_000

/** What stays in memory, by the number of users, and how much it takes at most in a burst. */
export default async function (bench: Bench) {
  const { many, multitude, rounds } = bench.size
  const rss: Record<string, number[]> = {}
  const heap: Record<string, number[]> = {}
  for (let round = 0; round < rounds; round++) {
    for (const users of [0, many, multitude]) {
      const { platform, store } = await bench.roster(users)
      await bench.run({ side: 'ours', store }, async (side) => {
        const fresh = await side.ask('memory')
        if (users) await side.ask('roam', Math.min(users, ROAM))
        const full = await side.ask('memory')
        const note = (values: Record<string, number[]>, key: string, value: number) => (values[key] ??= []).push(value)
        note(rss, `${users}, started`, fresh.rss)
        note(rss, `${users}`, full.rss)
        note(heap, `${users}`, full.heap)
      }, platform)
    }
  }
  const common = { work: 'memory', unit: 'MB' }
  // fewer do not fill the caches
  const aim = many >= ROAM ? { aim: { atMost: 1.2 } } : {}
  bench.add({ ...common, name: 'rss, just started', values: rss, of: `${multitude}, started`, to: '0, started', aim: { atMost: 1.1 } })
  bench.add({ ...common, name: 'rss, caches full', values: rss, of: `${many}`, to: '0' })
  bench.add({ ...common, name: 'rss, caches full', values: rss, of: `${multitude}`, to: `${many}`, ...aim })
  bench.add({ ...common, name: 'heap, caches full', values: heap, of: `${multitude}`, to: `${many}`, ...aim })
  const ingested = await ingest(bench)
  for (const kind of bench.kinds) {
    bench.add({ ...common, name: `rss, ingest, ${kind}`, values: mapValues(ingested[kind], ({ rss }) => rss), of: 'ours', to: 'naive' })
  }
}
