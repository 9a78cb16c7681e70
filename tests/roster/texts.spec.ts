/** Rule: whatever text a caller asks for is looked for as it is, and never part of the statement; one that no column can hold is found nowhere. */
import { expect } from 'chai'
import { engines } from '../database'
import { Harness, silent, until } from '../harness'

/** Half of a character, as a text has it that was cut in the middle: SQLite's takes what follows for the other half. */
const HALF = '\ud83c'

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`a text of a caller on ${engine.name}`, () => {
    let harness: Harness
    let selfId: string

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      harness = await Harness.start({ config: silent, database: engine.create() })
      selfId = harness.platform.selfId
      harness.platform.add('A', { scene: 2003, sceneParam: 'poster' })
      await until(() => harness.sessions.length === 1)
    })

    afterEach(() => harness.stop())

    const everybody = `${HALF}' OR 1=1 OR userId = '`
    const texts = [HALF, `${HALF}'`, `A${HALF}`, everybody, `x${'🌸'.repeat(200)}`, 'A\0', 'x'.repeat(100_000), `' OR 1=1 --`]

    it('finds nobody whom it does not describe', async () => {
      const { qqUser } = harness.app
      for (const text of texts) {
        const what = JSON.stringify(text).slice(0, 40)
        expect(await qqUser.list({ search: text }), what).to.deep.equal([])
        expect(await qqUser.list({ selfId: text }), what).to.deep.equal([])
        expect(await qqUser.list({ sceneParam: text }), what).to.deep.equal([])
        expect(await qqUser.list({ search: 'x', after: { userId: text, firstSeen: new Date() } }), what).to.deep.equal([])
        expect(await qqUser.count({ search: text }), what).to.equal(0)
        expect(await qqUser.count({ sceneParam: text, relation: text as never }), what).to.equal(0)
        expect(await qqUser.broadcasts.list({ selfId: text }), what).to.deep.equal([])
      }
      expect(await qqUser.count({ search: 'A' })).to.equal(1)
    })

    it('chooses nobody for a broadcast whom it does not describe', async () => {
      const { broadcasts } = harness.app.qqUser
      const { id } = await broadcasts.create({ selfId, content: 'hello' })
      await broadcasts.start(id)
      await until(async () => (await broadcasts.get(id))?.state === 'finished')
      for (const text of texts) {
        const what = JSON.stringify(text).slice(0, 40)
        for (const audience of [{ search: text }, { sceneParam: text }]) {
          const total = await broadcasts.estimate({ selfId, audience }).then(({ total }) => total, ({ reason }) => reason)
          expect(total, what).to.be.oneOf([0, 'audience'])
        }
        expect(await broadcasts.recipients(id, { state: text as never }), what).to.deep.equal([])
        expect((await broadcasts.recipients(id, { after: text })).length, what).to.be.below(2)
      }
      expect(await broadcasts.recipients(id)).to.have.length(1)
    })
  })
}
