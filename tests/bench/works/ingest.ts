import { mapValues } from 'koishi'
import { Bench } from '../bench'
import { ingest } from '../ingest'

const aims = { sqlite: 3, mariadb: 8, postgres: 8 }

/** How fast user events become rows. */
export default async function (bench: Bench) {
  const ingested = await ingest(bench)
  for (const kind of bench.kinds) {
    const common = { work: 'ingest', of: 'ours', to: 'naive', aim: { atLeast: aims[kind] } }
    bench.add({ ...common, name: kind, unit: 'events/s', values: mapValues(ingested[kind], ({ rate }) => rate) })
    // a server's time is not the child's
    if (kind !== 'sqlite') continue
    bench.add({ ...common, name: `${kind}, CPU time`, unit: 'events/s', values: mapValues(ingested[kind], ({ perCpu }) => perCpu) })
  }
}
