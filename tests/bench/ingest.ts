import { Bench } from './bench'
import { SideName } from './child/spec'
import { now } from './clock'
import { feed } from './feed'
import { Store } from './stores'

/** Of each round, by what was measured. */
export interface Ingestion {
  /** Events a second, and events a second of CPU time. */
  rate: number[]
  perCpu: number[]
  rss: number[]
  stall: number[]
}

export type Ingested = Record<Store['kind'], Record<SideName, Ingestion>>

const sides: SideName[] = ['adapter', 'naive', 'ours']
/** How often the count may stay as it was. */
const PATIENCE = 30

/**
 * User events to each side in turn, until all of them are in the database.
 *
 * @param pace how many a second; without it they come all at once
 */
export function ingest(bench: Bench, pace?: number): Promise<Ingested> {
  return bench.once(`ingest ${pace}`, () => run(bench, pace))
}

async function run(bench: Bench, pace?: number) {
  const result = {} as Ingested
  for (const kind of bench.kinds) {
    const { adapter, naive, ours } = { adapter: blank(), naive: blank(), ours: blank() }
    result[kind] = { adapter, naive, ours }
    for (let round = 0; round < bench.size.rounds; round++) {
      for (const side of sides) await once(bench, kind, side, result[kind][side], pace)
    }
  }
  return result
}

async function once(bench: Bench, kind: Store['kind'], side: SideName, result: Ingestion, pace?: number) {
  const { users } = bench.size
  const events = pace ? pace * bench.size.seconds : bench.size.events
  const store = await bench.stores.create(kind)
  await bench.run({ side, store }, async (child) => {
    await child.ask('watch')
    const start = now()
    await feed(child.platform, events, users, pace)
    const { count, at } = await child.ask('recorded', events, PATIENCE)
    const { rss, stall, cpu } = await child.ask('unwatch')
    result.rate.push(events / (at - start) * 1000)
    result.perCpu.push(events / cpu * 1000)
    result.rss.push(rss)
    result.stall.push(stall)
    const lost = count < events ? `, ${events - count} lost` : ''
    const took = `${Math.round(at - start)} ms, ${(cpu / events).toFixed(2)} ms of CPU each, longest stall ${Math.round(stall)} ms`
    bench.say(`  ingest${pace ? ` at ${pace}/s` : ''}, ${kind}, ${side}: ${took}${lost}`)
  })
}

function blank(): Ingestion {
  return { rate: [], perCpu: [], rss: [], stall: [] }
}
