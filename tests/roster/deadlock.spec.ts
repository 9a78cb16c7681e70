/** Rule: processes write their rows in one order, so that none waits for another that waits for it. */
import { expect } from 'chai'
import { engines } from '../database'
import { Harness, silent } from '../harness'
import { QQUserEntry } from '../../src'
import { Store } from '../../src/roster/store'

const TIME = new Date(1_750_000_000_000)
const COUNT = 300

for (const engine of engines.filter(({ shared }) => shared)) {
  (engine.available ? describe : describe.skip)(`two processes that write the same users at once on ${engine.name}`, () => {
    let harnesses: Harness[]

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      const database = engine.create()
      harnesses = [await Harness.start({ config: silent, database }), await Harness.start({ config: silent, database })]
    })

    afterEach(async () => {
      for (const harness of harnesses) await harness.stop()
    })

    for (const [what, users] of [['new', (round: number) => `A${round}`], ['known', () => 'A']] as const) {
      it(`in opposite orders are never called off by the database, when they are ${what}`, async () => {
        const [first, second] = harnesses.map(({ app }) => new Store(app))
        for (let round = 0; round < 5; round++) {
          const entries = Array.from({ length: COUNT }, (_, index) => toEntry(`${users(round)}U${index}`, `${round}E${index}`))
          const rows = entries.map(({ selfId, userId }) => ({
            selfId, userId, relation: 'friend', consent: 'unknown', name: `N${round}`, firstSeen: TIME, updatedAt: TIME,
          } as const))
          const outcomes = await Promise.allSettled([
            first.save(rows, entries),
            second.save([...rows].reverse(), [...entries].reverse()),
          ])
          expect(outcomes.map(({ status }) => status)).to.deep.equal(['fulfilled', 'fulfilled'])
        }
        expect(await harnesses[0].app.database.get('qq_user_event', {}, ['id'])).to.have.length(5 * COUNT)
      })
    }
  })
}

function toEntry(userId: string, id: string): QQUserEntry {
  return {
    id,
    selfId: '1',
    userId,
    type: 'friend-added',
    source: 'friend-add',
    occurredAt: TIME,
    receivedAt: TIME,
    applied: true,
    weak: false,
    notice: 'none',
    noticeReason: '',
    origin: 'process',
  }
}
