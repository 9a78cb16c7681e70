/** Rule: whatever users and plugins do at the same time, nobody who had said no is written to with a slow PostgreSQL server either. */
import { engines } from '../database'
import { explore } from './explore'

for (const engine of engines.filter(({ name }) => name === 'postgres')) {
  (engine.available ? describe : describe.skip)(`whatever users and plugins do at the same time on ${engine.name}`, () => {
    before(() => engine.start())
    after(() => engine.stop())

    it('the plugin keeps to what it was told', () => explore({ steps: 200, slowDatabase: true, engine }))
  })
}
