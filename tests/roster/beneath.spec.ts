/** Rule: the roster works with versions of the SQLite driver and the framework that differ in what lies beneath. */
import { expect } from 'chai'
import { Context } from 'koishi'
import { Harness, silent, until } from '../harness'
import { Store } from '../../src/roster/store'
import { unwrap } from '../../src/shared/patch'
import { user } from './tables'

type Driver = Record<string, any>

/** What another version of the driver, or of the framework, may be like. */
const versions: [what: string, change: (driver: Driver) => unknown][] = [
  ['without _run', driver => hide(driver, '_run')],
  ['without _get', driver => hide(driver, '_get')],
  ['whose database can be read only', (driver) => {
    const { database } = driver
    Object.defineProperty(driver, 'database', { get: () => database, configurable: true })
  }],
  ['whose database is fixed', driver => Object.defineProperty(driver, 'database', { writable: false })],
  ['that is frozen', driver => Object.freeze(driver)],
]

/** Takes a method away from everybody but the driver itself. */
function hide(driver: Driver, name: string) {
  const method = driver[name]
  for (const own of Object.getOwnPropertyNames(Object.getPrototypeOf(driver))) {
    if (own === name || own === 'constructor' || typeof driver[own] !== 'function') continue
    const original = driver[own]
    driver[own] = (...args: unknown[]) => original.apply(inside, args)
  }
  const inside = new Proxy(driver, { get: (target, key) => key === name ? method.bind(inside) : Reflect.get(target, key, target) })
  driver[name] = undefined
}

describe('a driver for SQLite', () => {
  let harness: Harness

  afterEach(() => harness.stop())

  const driver = () => harness.app.database.drivers[0] as unknown as Driver

  for (const [what, change] of versions) {
    it(`${what} serves all the same`, async () => {
      harness = await Harness.start({ config: silent, order: ['adapter'] })
      change(driver())
      harness.load()
      await harness.online()
      const { platform } = harness
      for (const userId of ['A', 'B', 'C']) platform.add(userId)
      platform.reject('B')
      await until(async () => platform.posts.length >= 3 && (await harness.settled(4)).length === 4)
      platform.remove('A')
      const ledger = await harness.settled(5)
      expect(ledger.filter(({ type, notice }) => type === 'friend-added' && notice === 'sent')).to.have.length(3)
      expect(await harness.app.qqUser.count({ relation: 'friend' })).to.equal(2)
      expect((await harness.app.qqUser.get(platform.selfId, 'B'))).to.include({ consent: 'rejected' })
      expect(harness.sessions).to.have.length(5)
      harness.plugin!.dispose()
      expect(harness.warnings).to.deep.equal([])
    })
  }
})

describe('a framework that does not say what is behind its proxies', () => {
  const secret = Symbol.for('cordis.original')

  function veil<T extends object>(value: T): T {
    return new Proxy(value, { get: (target, key) => key === secret ? undefined : Reflect.get(target, key) })
  }

  it('is left as it is', () => {
    const value = {}
    expect(unwrap(veil(value))).to.not.equal(undefined)
  })

  it('has its database used as it is', async () => {
    const harness = await Harness.start({ config: silent })
    const { app } = harness
    const context = new Proxy(app, {
      get: (target, key) => key === 'database' ? veil(target.database) : Reflect.get(target, key),
    }) as Context
    const store = new Store(context)
    await store.save([user('A', { relation: 'friend' })], [])
    expect(await store.user(user('A'))).to.include({ relation: 'friend' })
    await harness.stop()
  })
})
