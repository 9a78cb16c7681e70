import { Bench } from '../bench'

const USERS = 300

/** What it costs to ask whether somebody may be written to. */
export default async function (bench: Bench) {
  const { multitude, rounds } = bench.size
  const { platform, store } = await bench.roster(multitude)
  const values: Record<string, number[]> = { 'database.get': [], cached: [], uncached: [] }
  await bench.run({ side: 'ours', store }, async (side) => {
    await side.ask('gate', 0, USERS)
    for (let round = 1; round <= rounds * 3; round++) {
      const { get, uncached, cached } = await side.ask('gate', round * USERS * 2, USERS)
      values['database.get'].push(get)
      values.uncached.push(uncached)
      values.cached.push(cached)
    }
  }, platform)
  const common = { work: 'gate', unit: 'CPU us', values, to: 'cached' }
  bench.add({ ...common, name: 'canPush, cached', of: 'database.get', aim: { atLeast: 50 } })
  bench.add({ ...common, name: 'canPush, uncached', of: 'uncached', to: 'database.get' })
}
