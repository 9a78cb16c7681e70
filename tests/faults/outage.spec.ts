/** Rule: a database server that is away costs no event and no order; beyond 50,000 that wait the oldest are given up, and said so. */
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect } from 'chai'
import { Time } from 'koishi'
import { hasMariaDB, MariaDB, MariaDriver } from '../database/mariadb'
import { Harness, silent, until as wait } from '../harness'
import { Clock, date } from '../clock'
import { Platform } from '../platform'

const suite = hasMariaDB ? describe : describe.skip

/** What the heap holds, garbage not counted. */
function measure() {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

suite('a database server that is down', function () {
  this.timeout(600_000)

  let server: MariaDB
  let harness: Harness
  let platform: Platform
  let clock: Clock | undefined
  let count = 0

  before(async () => {
    server = await MariaDB.start()
  })

  after(() => server.stop())

  beforeEach(async () => {
    const name = `outage_${++count}`
    server.create(name)
    harness = await Harness.start({ config: silent, database: app => app.plugin(MariaDriver as never, server.address(name) as never) })
    platform = harness.platform
    platform.heartbeatInterval = Time.day
  })

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    await harness.stop()
  })

  /** Users come, by the clock one after the other, at a rate (1/s); every event has its second. @returns the ids of the events */
  async function flow(events: number, rate: number) {
    clock = date(Date.now())
    let received = 0
    const dispose = harness.app.on('qq/friend-add' as never, (() => { received++ }) as never)
    const ids: string[] = []
    while (ids.length < events) {
      for (let index = 0; index < rate / 10; index++) ids.push(platform.add(`U${ids.length}`).id)
      await wait(() => received === ids.length)
      clock.tick(100)
    }
    dispose()
    return ids
  }

  const until = (count: number) => wait(() => harness.sessions.length >= count, 400_000)

  const announced = () => harness.sessions.map(({ qq }: any) => qq.id as string)

  it('for 30 s at 200 events a second costs no event, no order and little memory', async () => {
    await server.kill()
    const before = measure()
    const start = Date.now()
    const ids = await flow(6000, 200)
    expect(ids).to.have.length(6000)
    const waiting = measure() - before
    expect(harness.sessions).to.deep.equal([])
    expect(harness.log.filter(line => line.includes('does not take writes'))).to.have.length(1)
    await server.resume()
    await until(6000)
    expect(announced()).to.deep.equal(ids)
    const ledger = await harness.ledger
    expect(ledger.map(({ id }) => id).sort()).to.deep.equal([...ids].sort())
    expect(await harness.users).to.have.length(6000)
    expect(+ledger.at(-1)!.receivedAt - start, 'how long it took by the clock').to.be.within(29_000, 60_000)
    expect(waiting / 6000, 'bytes for each event that waits').to.be.below(8000)
    expect(harness.log.filter(line => /takes writes again; .* 0 were given up/.test(line))).to.have.length(1)
  })

  it('for longer gives up the oldest beyond 50,000, says so, and takes them when they come again', async () => {
    await server.kill()
    const before = measure()
    const ids = await flow(50_600, 2000)
    const waiting = measure() - before
    await server.resume()
    await until(50_000)
    expect(announced()).to.deep.equal(ids.slice(600))
    expect(waiting / 50_000, 'bytes for each event that waits').to.be.below(8000)
    expect(harness.log.filter(line => line.includes('50000 writes wait for the database; the oldest are given up'))).to.have.length(1)
    expect(harness.log.filter(line => /takes writes again; .* 600 were given up/.test(line))).to.have.length(1)
    // of several, as one action in one second counts once
    for (const id of ids.slice(0, 20)) platform.dispatch('FRIEND_ADD', { openid: `again${ids.indexOf(id)}`, timestamp: Math.floor(Date.now() / 1000) }, { id })
    await until(50_020)
    expect(announced().slice(-20)).to.deep.equal(ids.slice(0, 20))
  })
})
