import { setTimeout as sleep } from 'node:timers/promises'
import { Bench } from '../bench'
import { SideName } from '../child/spec'
import { now } from '../clock'
import { quantile } from '../figures'
import { Side } from '../side'
import { Store } from '../stores'

/** How long the platform takes to answer, ms. */
const LATENCY = 50
const PATIENCE = 20_000

const sides: SideName[] = ['adapter', 'naive', 'ours']

interface Greeting {
  sent: number
  posted?: number
  answered?: number
}

type Values = Record<string, Record<string, number[]>>

/** How long a new friend waits for the greeting. */
export default async function (bench: Bench) {
  for (const kind of bench.kinds) {
    const values: Values = {}
    for (let round = 0; round < bench.size.rounds; round++) {
      for (const side of sides) await once(bench, kind, side, values)
    }
    report(bench, kind, values)
  }
}

async function once(bench: Bench, kind: Store['kind'], side: SideName, values: Values) {
  const { greetings, rate, seconds } = bench.size
  const store = await bench.stores.create(kind)
  const note = (name: string, value: number) => ((values[name] ??= {})[side] ??= []).push(value)
  await bench.run({ side, store, greet: true }, async (child) => {
    const scheduler = new Scheduler(child)
    await scheduler.oneByOne(10)
    for (const [load, list] of [
      ['calm', await scheduler.oneByOne(greetings)],
      ['busy', await scheduler.steadily(rate, rate * seconds)],
    ] as const) {
      const waits = list.map(({ sent, posted }) => posted ? posted - sent : Infinity)
      const rests = list.map(({ sent, answered }) => answered ? answered - sent : Infinity)
      note(`${load} p50`, quantile(waits, 0.5))
      note(`${load} p99`, quantile(waits, 0.99))
      note(`${load} answered p50`, quantile(rests, 0.5))
      note(`${load} answered p99`, quantile(rests, 0.99))
      const missing = waits.filter(wait => wait === Infinity).length
      bench.say(`  greeting, ${kind}, ${side}, ${load}: ${quantile(waits, 0.5).toFixed(1)} ms${missing ? `, ${missing} missing` : ''}`)
    }
  })
}

function report(bench: Bench, kind: Store['kind'], values: Values) {
  const common = { work: 'greeting', unit: 'ms', of: 'ours' }
  const add = (name: string, key: string, to: SideName, atMost?: number) => {
    bench.add({ ...common, name: `${kind}, ${name}`, values: values[key], to, ...atMost && { aim: { atMost } } })
  }
  add('one at a time, answered, p50', 'calm answered p50', 'naive', 1.1)
  add('one at a time, sent, p50', 'calm p50', 'naive')
  add('one at a time, sent, p50', 'calm p50', 'adapter')
  add(`${bench.size.rate}/s, answered, p99`, 'busy answered p99', 'naive', 1)
  add(`${bench.size.rate}/s, answered, p50`, 'busy answered p50', 'naive')
  add(`${bench.size.rate}/s, sent, p50`, 'busy p50', 'naive')
  add(`${bench.size.rate}/s, sent, p99`, 'busy p99', 'adapter')
}

/** Sends new friends and waits for them to be greeted. */
class Scheduler {
  private greetings = new Map<string, Greeting & { done(): void }>()
  private count = 0

  constructor(private side: Side) {
    side.platform.fail({
      times: Infinity,
      delay: LATENCY,
      when: ({ target }) => {
        const greeting = this.greetings.get(target)
        if (greeting && !greeting.posted) greeting.posted = now()
        greeting?.done()
        return true
      },
    })
  }

  async oneByOne(times: number) {
    this.greetings.clear()
    for (let i = 0; i < times; i++) {
      await this.send()
      await sleep(LATENCY + 30)
    }
    return this.collect()
  }

  async steadily(rate: number, times: number) {
    this.greetings.clear()
    const start = now()
    const posted: Promise<unknown>[] = []
    while (posted.length < times) {
      while (posted.length < times && posted.length < (now() - start) / 1000 * rate) posted.push(this.send())
      await sleep(1)
    }
    await Promise.race([Promise.all(posted), sleep(PATIENCE)])
    await sleep(LATENCY + 200)
    return this.collect()
  }

  private send() {
    const openid = `FRIEND${(++this.count).toString(16).toUpperCase().padStart(26, '0')}`
    return new Promise<void>((resolve) => {
      this.greetings.set(openid, { sent: now(), done: resolve })
      this.side.platform.add(openid)
    })
  }

  private async collect(): Promise<Greeting[]> {
    for (const [userId, at] of await this.side.ask('answers')) {
      const greeting = this.greetings.get(userId)
      if (greeting) greeting.answered ??= at
    }
    return [...this.greetings.values()]
  }
}
