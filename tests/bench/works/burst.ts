import { setTimeout as sleep } from 'node:timers/promises'
import { Bench } from '../bench'
import { now } from '../clock'
import { Side } from '../side'

const CROWDS = [500, 1000, 3000, 10_000]
/** What the platform is like: requests that it takes in a second, how long it takes to answer and to know a new event, ms. */
const PLATFORM = { requestsPerSecond: 100, latency: 50, freshFor: 1000 }
/** Nothing takes longer, ms. */
const PATIENCE = 240_000

interface Crowd {
  users: number
  /** Within which time (ms) they come. */
  within?: number
  /** How often (ms) the plugin is reloaded meanwhile. */
  reload?: number
}

/** Very many users at once, and reloads in the midst of it. */
export default async function (bench: Bench) {
  const most = bench.size.users
  for (const users of CROWDS.filter(users => users <= Math.max(most * 2, 1000))) await greet(bench, `${users} in a second`, { users })
  await greet(bench, 'reload every 5 s', { users: 100, within: 20_000, reload: 5000 })
  await greet(bench, 'reload every 200 ms', { users: 1000, within: 20_000, reload: 200 })
  await announce(bench)
  await reply(bench)
}

function add(bench: Bench, name: string, unit: string, value: number, aim?: { atLeast: number } | { atMost: number }) {
  bench.add({ work: 'burst', name, unit, values: { ours: [value] }, of: 'ours', aim })
}

async function greet(bench: Bench, name: string, { users, within = 1000, reload }: Crowd) {
  const store = await bench.stores.create('sqlite')
  await bench.run({ side: 'ours', store, greet: true }, async (side) => {
    const { platform } = side
    Object.assign(platform, PLATFORM)
    const sockets = platform.watchSockets()
    await side.ask('watch')
    if (reload) await side.ask('reloadPlugin', reload)
    await come(side, users, within)
    await until(() => platform.accepted().length >= users)
    if (reload) bench.say(`  ${await side.ask('stopReloading')} reloads`)
    // what would come twice has the time to come
    await sleep(1000)
    const { stall } = await side.ask('unwatch')
    const greetings = platform.accepted().map(({ target }) => target)
    const greeted = new Set(greetings).size
    bench.say(`  ${name}: ${greeted} of ${users} greeted, ${platform.tooFrequent} refused, ${sockets.most} sockets, stall ${Math.round(stall)} ms`)
    add(bench, `${name}, greeted`, '%', greeted / users * 100, { atLeast: 100 })
    add(bench, `${name}, greeted twice`, 'users', greetings.length - greeted, { atMost: 0 })
    add(bench, `${name}, refused as too frequent`, 'requests', platform.tooFrequent)
    add(bench, `${name}, most sockets at once`, 'sockets', sockets.most)
    add(bench, `${name}, longest stall`, 'ms', stall)
  })
}

/** Events while the database plugin is reloaded. */
async function announce(bench: Bench) {
  const store = await bench.stores.create('sqlite')
  await bench.run({ side: 'ours', store }, async (side) => {
    const reloads = side.ask('reloadDatabase', 5, 600, 131)
    await come(side, 800, 4000)
    await reloads
    const told = await side.ask('told', 800, PATIENCE)
    bench.say(`  database reloaded: ${told.users} of 800 told, ${told.unmended} unmended, ${told.twice} twice`)
    add(bench, '5 reloads of the database at 200/s, lost', 'events', 800 - told.users, { atMost: 0 })
    add(bench, '5 reloads of the database at 200/s, unmended', 'events', told.unmended, { atMost: 0 })
    add(bench, '5 reloads of the database at 200/s, twice', 'events', told.twice, { atMost: 0 })
  })
}

/** Replies of another plugin to events whose ids the platform does not know yet. */
async function reply(bench: Bench) {
  const store = await bench.stores.create('sqlite')
  await bench.run({ side: 'ours', store }, async (side) => {
    const { platform } = side
    platform.freshFor = 300
    await side.ask('replyToFriends')
    await come(side, 10, 1000)
    await until(() => platform.accepted().length >= 10, 20_000)
    add(bench, 'replies of others, ids unknown for 300 ms, arrived', '%', platform.accepted().length * 10, { atLeast: 100 })
  })
}

async function come({ platform }: Side, users: number, within: number) {
  const start = now()
  for (let index = 0; index < users; index++) {
    platform.add(`USER${index}`)
    while ((index + 1) / users * within > now() - start) await sleep(1)
  }
}

/** Waits for something, but not for ever. */
async function until(condition: () => boolean, waits = PATIENCE) {
  const deadline = now() + waits
  while (!condition() && now() < deadline) await sleep(20)
}
