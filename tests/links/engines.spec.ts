/** Rule: on every database, links are kept, counted and told apart by case, and are one if two processes make it at once. */
import { expect } from 'chai'
import { QQUser } from '../../src'
import { engines } from '../database'
import { Harness, silent, until } from '../harness'

const at = new Date(1_700_000_000_000)

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`links, on ${engine.name}`, () => {
    let harness: Harness
    let database: ReturnType<typeof engine.create>

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      database = engine.create()
      harness = await Harness.start({ config: silent, database })
    })

    afterEach(() => harness.stop())

    const service = () => harness.app.qqUser.links
    const numbers = async () => {
      const list = await service().list(harness.platform.selfId)
      return Object.fromEntries(list.map(({ sceneParam, users, friends, rejected }) => [sceneParam, [users, friends, rejected]]))
    }

    async function seed(users: Partial<QQUser>[]) {
      const { selfId } = harness.platform
      await harness.app.database.upsert('qq_user', users.map((user, index) => ({ selfId, userId: `u${index}`, firstSeen: at, ...user })))
    }

    it('are kept, counted and removed', async () => {
      const { selfId } = harness.platform
      await seed([
        ...Array.from({ length: 30 }, (_, index): Partial<QQUser> => ({
          relation: index % 3 ? 'friend' : 'deleted',
          consent: index % 5 ? 'unknown' : 'rejected',
          sceneParam: index % 2 ? 'poster' : 'flyer',
        })),
        { userId: 'other', selfId: 'other', sceneParam: 'poster' },
        { userId: 'none' },
        { userId: 'odd', sceneParam: "海报 ' \\ \" %" },
      ])
      const poster = await service().create(selfId, 'poster', { title: "a ' \\ 😀" })
      await service().create(selfId, 'flyer')
      await service().create(selfId, 'unused')
      expect(await service().create(selfId, 'poster')).to.deep.equal(poster)
      expect(await numbers()).to.deep.equal({ poster: [15, 10, 3], flyer: [15, 10, 3], unused: [0, 0, 0] })
      expect((await service().survey(selfId)).others).to.deep.equal([{ selfId, sceneParam: "海报 ' \\ \" %", users: 1, friends: 0, rejected: 0 }])
      await service().remove(selfId, 'flyer')
      expect(await numbers()).to.deep.equal({ poster: [15, 10, 3], unused: [0, 0, 0] })
      expect((await service().survey(selfId)).others.map(({ sceneParam, users }) => [sceneParam, users])).to.deep.equal([['flyer', 15], ["海报 ' \\ \" %", 1]])
      const users = await harness.app.qqUser.list({ selfId, sceneParam: 'poster', limit: 100 })
      expect(users.map(({ sceneParam }) => sceneParam)).to.deep.equal(Array(15).fill('poster'))
      expect(await harness.app.qqUser.count({ selfId, sceneParam: 'poster', relation: 'friend' })).to.equal(10)
    })

    it('are not taken for those that differ by case only', async () => {
      const { selfId } = harness.platform
      await seed([
        { sceneParam: 'poster', relation: 'friend' }, { sceneParam: 'Poster', relation: 'friend' }, { sceneParam: 'POSTER', relation: 'friend' },
        { sceneParam: 'Poster', relation: 'deleted', consent: 'rejected' },
      ])
      await service().create(selfId, 'Poster')
      expect(await numbers()).to.deep.equal({ Poster: [2, 1, 1] })
      expect((await service().survey(selfId)).others.map(({ sceneParam, users }) => [sceneParam, users])).to.have.deep.members([['poster', 1], ['POSTER', 1]])
      for (const [sceneParam, users] of [['poster', 1], ['Poster', 2], ['POSTER', 1], ['pOSTER', 0]] as const) {
        expect(await harness.app.qqUser.count({ selfId, sceneParam }), sceneParam).to.equal(users)
        expect(await harness.app.qqUser.count({ sceneParam }), sceneParam).to.equal(users)
        expect(await harness.app.qqUser.list({ selfId, sceneParam }), sceneParam).to.have.length(users)
      }
      expect(await harness.app.qqUser.count({ selfId, sceneParam: 'Poster', relation: 'friend', consent: 'unknown' })).to.equal(1)
      const seen = await harness.app.qqUser['roster'].users.countSeen(selfId, at, new Date(+at + 1))
      expect(seen.map(({ sceneParam, count }) => [sceneParam, count])).to.have.deep.members([['poster', 1], ['Poster', 2], ['POSTER', 1]])
      expect(await harness.app.qqUser['roster'].users.countSeen(selfId, new Date(+at + 1), new Date())).to.deep.equal([])
      await service().remove(selfId, 'poster')
      const second = await service().create(selfId, 'poster').catch(error => error.reason)
      const apart = second !== 'same-but-case'
      expect(harness.platform.links.asked).to.deep.equal(apart ? ['Poster', 'poster'] : ['Poster'])
      expect(await numbers()).to.deep.equal(apart ? { poster: [1, 1, 0], Poster: [2, 1, 1] } : { Poster: [2, 1, 1] })
      harness.platform.add('u0', { scene: 2003, sceneParam: 'Poster' })
      await until(async () => (await numbers()).Poster[0] === 3)
      await harness.app.qqUser.forget(selfId, 'u3')
      expect((await numbers()).Poster).to.deep.equal([2, 2, 0])
    })

    it('are told apart by whatever a database may take for the same', async () => {
      const { selfId } = harness.platform
      const params = ['pöster', '😀', '😁', '\\', "' OR '' = '", '__proto__']
      await seed(['poster', ...params, ...params].map(sceneParam => ({ sceneParam, relation: 'friend' as const })))
      await service().create(selfId, 'poster')
      expect(await numbers()).to.deep.equal({ poster: [1, 1, 0] })
      expect((await service().survey(selfId)).others.map(({ sceneParam, users }) => [sceneParam, users])).to.have.deep.members(params.map(param => [param, 2]))
      for (const sceneParam of params) expect(await harness.app.qqUser.count({ selfId, sceneParam }), sceneParam).to.equal(2)
      for (const sceneParam of ['', 'x\0', 'x'.repeat(70_000)]) expect(await harness.app.qqUser.count({ selfId, sceneParam })).to.equal(0)
      const seen = await harness.app.qqUser['roster'].users.countSeen(selfId, at, new Date())
      expect(seen.map(({ sceneParam, count }) => [sceneParam, count])).to.have.deep.members([['poster', 1], ...params.map(param => [param, 2])])
    })

    it('are one, if two processes make it at once', async function () {
      if (!engine.shared) return this.skip()
      const { selfId } = harness.platform
      const other = await Harness.start({ config: silent, database, platform: harness.platform })
      try {
        const made = await Promise.all([harness, other].map(({ app }) => app.qqUser.links.create(selfId, 'poster')))
        expect(made[0]).to.deep.equal(made[1])
        expect(await harness.app.database.get('qq_user_link', {})).to.deep.equal([made[0]])
      } finally {
        await other.stop()
      }
    })
  })
}
