/** Rule: what a real database refuses for ever holds up nobody else, and half a batch is announced once. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Harness, HarnessOptions, pass, silent, until } from '../../harness'
import { engines } from '../../database'
import { freeze } from '../../clock'

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`what cannot be written on ${engine.name}`, () => {
    let harness: Harness
    /** Users whose rows are refused, and users whose entries are. */
    let refused: { rows: Set<string>; entries: Set<string>; updates: boolean; partly: boolean }

    before(() => engine.start())
    after(() => engine.stop())

    afterEach(async () => {
      refused.rows.clear()
      refused.entries.clear()
      await harness.stop()
    })

    async function start(options: HarnessOptions = {}) {
      refused = { rows: new Set(), entries: new Set(), updates: false, partly: false }
      harness = await Harness.start({ config: silent, database: engine.create(), ...options })
      const driver = harness.app.database.drivers[0] as any
      const check = (table: string, text: string) => {
        const users = table === 'qq_user' ? refused.rows : refused.entries
        for (const id of users) {
          if (text.includes(id)) throw new Error(`${id} is refused`)
        }
      }
      for (const name of ['upsert', 'set']) {
        const original = driver[name]
        driver[name] = async (selection: any, values: any, ...args: unknown[]) => {
          if (name === 'upsert' && selection.table === 'qq_user_event' && refused.partly) {
            // as a database without transactions may
            const rest = values.filter(({ userId }: { userId: string }) => !refused.entries.has(userId))
            if (rest.length < values.length && rest.length) await original.call(driver, selection, rest, ...args)
          }
          if (name === 'upsert') check(selection.table, JSON.stringify(values))
          else if (refused.updates && selection.table === 'qq_user_event') throw new Error('no updates')
          return original.call(driver, selection, values, ...args)
        }
      }
      const { _run } = driver
      if (!_run) return
      driver._run = (sql: string, params: unknown[] = [], ...rest: unknown[]) => {
        if (sql.startsWith('INSERT')) check(sql.includes('qq_user_event') ? 'qq_user_event' : 'qq_user', params.join())
        if (refused.updates && sql.startsWith('UPDATE qq_user_event')) throw new Error('no updates')
        return _run.call(driver, sql, params, ...rest)
      }
    }

    const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${String(index).padStart(2, '0')}-`)
    const announced = () => harness.sessions.map(({ userId }) => userId)
    const writing = () => harness.app.qqUser['roster'].writing

    it('is set aside where nothing may be removed, too', async () => {
      await start()
      const driver = harness.app.database.drivers[0] as any
      const { remove } = driver
      driver.remove = async () => { throw new Error('no removals') }
      refused.entries.add('P00-')
      harness.platform.add('P00-')
      await until(() => writing().setAside.length)
      harness.platform.add('A')
      await until(() => announced().includes('A'))
      expect(writing().failing).to.equal(false)
      driver.remove = remove
    })

    it('is one write, however often its user writes', async () => {
      await start()
      harness.plugin!.dispose()
      const clock = freeze()
      try {
        harness.load(silent)
        await until(() => harness.app.get('qqUser'))
        refused.rows.add('P00-')
        for (let minute = 0; minute < 3; minute++) {
          harness.platform.message('P00-')
          await until(() => writing().setAside.length)
          await pass()
          await clock.tickAsync(Time.minute)
        }
        expect(writing().setAside).to.have.length(1)
      } finally {
        clock.uninstall()
      }
    })

    for (const table of ['rows', 'entries'] as const) {
      it(`is set aside, told of once, and read as if it were written: ${table}`, async () => {
        await start()
        const users = ids('U', 40)
        refused[table].add(users[7]).add(users[30])
        const envelopes = users.map(userId => harness.platform.reject(userId))
        const others = users.filter(userId => !refused[table].has(userId))
        await until(() => announced().length === others.length && writing().setAside.length === 2)
        expect(announced()).to.deep.equal(others)
        expect((await harness.ledger).map(({ userId }) => userId).sort()).to.deep.equal(others)
        expect(writing()).to.deep.include({ waiting: 0, failing: false })
        expect(writing().setAside.map(({ id, error }) => [id, error])).to.deep.equal([7, 30].map((index) => {
          return [envelopes[index].id, `${users[index]} is refused`]
        }))
        expect(harness.warnings.filter(line => line.includes('is set aside') && line.includes('is refused'))).to.have.length(2)
        expect((await harness.app.qqUser.get(harness.platform.selfId, users[7]))?.consent).to.equal('rejected')
        expect(await harness.app.qqUser.canPush(harness.platform.selfId, users[7])).to.deep.equal({ ok: false, reason: 'rejected' })
        // nothing is left of what was written to see whether anything can be
        expect((await harness.users).filter(({ selfId }) => !selfId)).to.deep.equal([])
      })
    }

    it('spoils nothing for the others, whose entries were written in the batch that failed', async () => {
      await start()
      refused.partly = true
      const users = ids('U', 40)
      refused.entries.add(users[7]).add(users[30])
      users.forEach(userId => harness.platform.reject(userId))
      await until(() => writing().setAside.length === 2)
      const others = users.filter(userId => !refused.entries.has(userId))
      await until(() => announced().length === others.length)
      expect(announced()).to.deep.equal(others)
      refused.partly = false
      refused.entries.clear()
    })

    it('is announced once it is written', async () => {
      await start()
      refused.entries.add('A-')
      harness.platform.reject('A-')
      harness.platform.reject('B-')
      await until(() => writing().setAside.length === 1)
      refused.entries.clear()
      // an outage is an occasion
      refused.rows.add('-')
      harness.platform.reject('C-')
      refused.entries.add('~')
      await until(() => writing().failing)
      refused.rows.clear()
      refused.entries.clear()
      await until(() => announced().length === 3)
      expect(announced().sort()).to.deep.equal(['A-', 'B-', 'C-'])
      expect(await harness.ledger).to.have.length(3)
      expect(writing().setAside).to.deep.equal([])
      expect(await harness.app.qqUser.count()).to.equal(3)
    })

    it('does not come back for somebody who was forgotten', async () => {
      await start()
      refused.entries.add('A-')
      harness.platform.reject('A-')
      await until(() => writing().setAside.length === 1)
      await harness.app.qqUser.forget(harness.platform.selfId, 'A-')
      expect(writing().setAside).to.deep.equal([])
      expect(await harness.app.qqUser.get(harness.platform.selfId, 'A-')).to.equal(undefined)
      await pass()
      expect(announced()).to.deep.equal([])
    })

    it('does not come back for somebody who is forgotten while it is being refused', async () => {
      await start()
      refused.entries.add('A-')
      const { selfId } = harness.platform
      const event = { type: 'friend-added', source: 'friend-add', selfId, userId: 'A-', occurredAt: Date.now(), receivedAt: Date.now() } as const
      const recorded = harness.app.qqUser['roster'].accept({ ...event, id: 'E' }).catch((error: Error) => error)
      await harness.app.qqUser.forget(selfId, 'A-')
      expect(writing().setAside).to.deep.equal([])
      await recorded
      refused.entries.clear()
      expect(await harness.users).to.deep.equal([])
    })

    it('may be what became of a notice', async () => {
      await start({ config: {} })
      const { id } = harness.platform.add('A-')
      await harness.settled(1)
      refused.updates = true
      harness.app.qqUser['roster'].settleNotice(id, 'skipped', 'test')
      await until(() => writing().setAside.length === 1)
      expect(writing().setAside[0]).to.include({ id, error: 'no updates' })
      harness.platform.remove('B-')
      await until(() => announced().includes('B-'))
      refused.updates = false
      expect(writing()).to.include({ waiting: 0, failing: false })
    })
  })
}
