/** Rule: what one process writes of a user between another one's reading and writing is not undone, and nobody who was erased is half there. */
import { expect } from 'chai'
import { Context } from 'koishi'
import { engines } from '../database'
import { UserEvent } from '../../src/event'
import { Committer } from '../../src/roster/committer'
import { Ledger } from '../../src/roster/ledger'
import { blank } from '../../src/roster/state'
import { Store } from '../../src/roster/store'
import { day, open } from './tables'

for (const engine of engines.filter(({ shared }) => shared)) {
  (engine.available ? describe : describe.skip)(`a process that is overtaken by another on ${engine.name}`, () => {
    let apps: Context[]
    let first: Committer
    let second: Committer
    /** What happens between the reading and the writing of the second. */
    let meanwhile: () => Promise<unknown>

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      const load = engine.create()
      apps = [await open(load), await open(load)]
      const stores = apps.map(app => new Store(app))
      ;[first, second] = stores.map((store, index) => new Committer(store, new Ledger(store, `process${index}`), () => ['none', '']))
      meanwhile = async () => {}
      const { users } = stores[1]
      stores[1].users = async (items) => {
        const result = await users.call(stores[1], items)
        const happen = meanwhile
        meanwhile = async () => {}
        await happen()
        return result
      }
    })

    afterEach(() => Promise.all(apps.map(app => app.stop())))

    const event = (id: string, at: number, values: Partial<UserEvent> = {}): UserEvent => ({
      id, type: 'friend-added', source: 'friend-add', selfId: '1', userId: 'A', occurredAt: +day(at), receivedAt: +day(9), ...values,
    })
    const addition = (id: string, at: number) => event(id, at, { scene: 2000 + at, sceneParam: id })
    const message = (id: string, at: number) => event(id, at, { source: 'message', name: id })
    const choice = (id: string, at: number) => event(id, at, { type: 'friend-push-allowed', source: 'msg-receive' })
    const row = async () => (await apps[0].database.get('qq_user', { userId: 'A' }))[0]

    it('leaves where somebody new came from', async () => {
      meanwhile = () => first.commit([addition('poster', 1)])
      await second.commit([choice('choice', 2)])
      expect(await row()).to.deep.include({
        relation: 'friend', relationAt: day(1), consent: 'allowed', consentAt: day(2), firstSeen: day(1), scene: 2001, sceneParam: 'poster', sceneAt: day(1),
      })
    })

    it('sets right where they came from last when it hears of that itself', async () => {
      const newer = addition('newer', 2)
      meanwhile = () => first.commit([newer])
      await second.commit([addition('older', 1)])
      const { changes } = await second.commit([newer])
      expect([...changes]).to.deep.equal([])
      expect(await row()).to.include({ scene: 2002, sceneParam: 'newer' })
    })

    it('makes somebody who was erased begin anew', async () => {
      await first.commit([addition('poster', 1)])
      meanwhile = () => apps[0].database.remove('qq_user', { userId: 'A' })
      await second.commit([message('Ada', 2)])
      await first.commit([choice('choice', 3)])
      const stranger = blank(event('', 3))
      expect({ ...stranger, ...await row() }).to.deep.include({ firstSeen: day(3), consent: 'allowed', scene: null, sceneParam: null, sceneAt: null })
    })
  })
}
