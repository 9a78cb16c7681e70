/** Rule: on every database, what is recorded again, in part or by several processes counts once, and one process has its notice. */
import { expect } from 'chai'
import { Context } from 'koishi'
import { engines } from '../database'
import { Committer, createDecisions } from '../../src/roster/committer'
import { Ledger } from '../../src/roster/ledger'
import { Store } from '../../src/roster/store'
import { UserEvent } from '../../src/event'
import { event, kinds } from './replay'
import { entry, open } from './tables'

const { add, del, message, reject, authorizeOff } = kinds

/** Engines that serve one process each. */
const alone = ['memory', 'sqlite', 'strict']

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`the record on ${engine.name}`, () => {
    let load: ReturnType<typeof engine.create>
    let apps: Context[]

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(() => {
      load = engine.create()
      apps = []
    })

    afterEach(() => Promise.all(apps.map(app => app.stop())))

    /** A process of its own, unless told which other one hands over to it. */
    async function start(origin: string, decisions = createDecisions()) {
      const app = await open(load)
      apps.push(app)
      const store = new Store(app)
      const ledger = new Ledger(store, origin)
      const committer = new Committer(store, ledger, (event, applied, duplicate) => applied && !duplicate ? ['pending', ''] : ['none', ''], decisions)
      return { app, store, ledger, committer, decisions }
    }

    const rows = () => apps[0].database.get('qq_user_event', {}, { sort: { id: 'asc' } })

    async function applied(committer: Committer, ...batches: UserEvent[][]) {
      const result: Record<string, boolean> = {}
      for (const batch of batches) {
        const { changes } = await committer.commit(batch)
        for (const [id, { entry, duplicate }] of changes) result[id] = entry.applied && !duplicate
      }
      return result
    }

    it('keeps what is there when the same is written again', async () => {
      const { store } = await start('process1')
      const first = entry('1', { notice: 'sent', noticeReason: 'x' })
      await store.save([], [first])
      await store.save([], [entry('1', { notice: 'pending', applied: false, origin: 'process2' }), entry('2', { noticeReason: 'y' })])
      expect(await rows()).to.deep.equal([first, entry('2', { noticeReason: 'y' })])
    })

    describe('an action', () => {
      it('counts, though a message was newer, in one batch or in two', async () => {
        const { committer } = await start('process1')
        for (const [index, cut] of [1, 2].entries()) {
          const userId = `U${index}`
          const events = [event(message, 20, { userId, id: `m${index}` }), event(add, 10, { userId, id: `a${index}` })]
          expect(await applied(committer, events.slice(0, cut), events.slice(cut))).to.deep.equal({ [`m${index}`]: true, [`a${index}`]: true })
        }
      })

      it('is late when a newer one is on record, in one batch or in two', async () => {
        const { committer } = await start('process1')
        for (const [index, cut] of [1, 2].entries()) {
          const userId = `U${index}`
          const events = [event(del, 20, { userId, id: `d${index}` }), event(add, 10, { userId, id: `a${index}` })]
          expect(await applied(committer, events.slice(0, cut), events.slice(cut))).to.deep.equal({ [`d${index}`]: true, [`a${index}`]: false })
        }
      })

      it('is late though a message was newer still', async () => {
        const { committer } = await start('process1')
        expect(await applied(committer, [event(del, 20)], [event(message, 30)], [event(add, 10, { id: 'a' })])).to.include({ a: false })
      })

      it('counts once, told under two ids, in one batch or in two', async () => {
        const { committer } = await start('process1')
        for (const kind of [add, del, reject, authorizeOff]) {
          for (const cut of [1, 2]) {
            const userId = `U${kind}${cut}`
            const events = ['1', '2'].map(id => event(kind, 10, { userId, id: `${userId}:${id}` }))
            expect(Object.values(await applied(committer, events.slice(0, cut), events.slice(cut)))).to.deep.equal([true, false])
          }
        }
      })

      it('costs no look at the record in the usual order', async () => {
        const { committer, ledger } = await start('process1')
        const looks: number[] = []
        const { related: bearing } = ledger
        ledger.related = async (events) => {
          looks.push(events.length)
          return bearing.call(ledger, events)
        }
        await applied(committer, [event(add, 0)], [event(message, 5)], [event(reject, 20)], [event(del, 40), event(add, 60)])
        expect(looks).to.deep.equal([0, 0, 0, 0])
        await applied(committer, [event(add, 50, { id: 'late' })])
        expect(looks.at(-1)).to.equal(1)
      })
    })

    if (alone.includes(engine.name)) return

    it('has one recorder of what several processes hear', async () => {
      const processes = [await start('process1'), await start('process2'), await start('process3')]
      for (let round = 0; round < 10; round++) {
        const events = Array.from({ length: 20 }, (_, index) => event(add, index, { userId: `U${round}-${index}`, id: `${round}-${index}` }))
        const commits = await Promise.all(processes.map(({ committer }, index) => {
          return attempts(() => committer.commit(index % 2 ? [...events].reverse() : events))
        }))
        const told = commits.flatMap(({ changes }) => [...changes.keys()])
        expect(told.sort()).to.deep.equal(events.map(({ id }) => id).sort())
        const recorded = await apps[0].database.get('qq_user_event', { id: told })
        for (const [index, { changes }] of commits.entries()) {
          for (const id of changes.keys()) expect(recorded.find(row => row.id === id)!.origin).to.equal(`process${index + 1}`)
        }
      }
    })

    it('gives each notice to one of several processes, and none that is not pending', async () => {
      const ledgers = [(await start('process1')).ledger, (await start('process2')).ledger]
      const ids = Array.from({ length: 40 }, (_, index) => `${index}`)
      await apps[0].database.upsert('qq_user_event', [...ids.map(id => entry(id)), entry('sent', { notice: 'sent' })])
      const taken = await Promise.all(ledgers.map((ledger, index) => {
        const token = ledger.token()
        return attempts(() => ledger.claim([...index ? [...ids].reverse() : ids, 'sent'], token))
      }))
      expect(taken.flatMap(set => [...set]).sort()).to.deep.equal([...ids].sort())
    })
  })
}

describe('an attempt that failed half way', () => {
  const engine = engines.find(({ name }) => name === 'sqlite')!

  it('is completed by the next instance in the same process, and its events are told once', async () => {
    await engine.start()
    const app = await open(engine.create())
    const store = new Store(app)
    const decisions = createDecisions()
    const create = () => new Committer(store, new Ledger(store, 'process1'), () => ['pending', ''], decisions)
    const { save } = store
    store.save = async (...args) => {
      await save.apply(store, args)
      throw new Error('the answer got lost')
    }
    const failure = await create().commit([event(add, 1)]).catch(error => error)
    expect(failure.message).to.equal('the answer got lost')
    store.save = save
    const { changes } = await create().commit([event(add, 1)])
    expect([...changes.values()].map(({ entry, duplicate }) => [entry.applied, entry.notice, duplicate])).to.deep.equal([[true, 'pending', false]])
    expect((await create().commit([event(add, 1)])).changes.size).to.equal(0)
    const stranger = new Committer(store, new Ledger(store, 'process2'), () => ['pending', ''])
    expect((await stranger.commit([event(add, 1)])).changes.size).to.equal(0)
    await app.stop()
    await engine.stop()
  })
})

/** A database that finds two processes in each other's way may ask for another try, as the queue does. */
async function attempts<T>(callback: () => Promise<T>): Promise<T> {
  for (let tries = 0; ; tries++) {
    try {
      return await callback()
    } catch (error) {
      if (tries === 10) throw error
    }
  }
}
