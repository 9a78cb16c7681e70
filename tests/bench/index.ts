import { Bench } from './bench'
import { readOptions, usage } from './options'
import { toJson, toTable } from './table'
import broadcast from './works/broadcast'
import burst from './works/burst'
import gate from './works/gate'
import greeting from './works/greeting'
import ingest from './works/ingest'
import memory from './works/memory'
import page from './works/page'
import scale from './works/scale'
import stall from './works/stall'
import traffic from './works/traffic'

const works = { ingest, greeting, traffic, gate, scale, memory, stall, page, burst, broadcast }

async function run() {
  const options = readOptions(process.argv.slice(2))
  if (!options) return process.stdout.write(usage)
  const bench = await Bench.start(options)
  const stop = () => bench.stop().finally(() => process.exit(130))
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, stop)
  try {
    for (const [index, [name, work]] of Object.entries(works).entries()) {
      const letter = String.fromCharCode(97 + index)
      if (options.only && !options.only.includes(name) && !options.only.includes(letter)) continue
      bench.say(`${letter} ${name}`)
      await work(bench)
    }
  } finally {
    await bench.stop()
  }
  process.stdout.write(options.json ? toJson(bench.figures) : toTable(bench.figures))
}

run().catch((error) => {
  process.stderr.write(`${error?.stack ?? error}\n`)
  process.exitCode = 1
})
