/** Rule: whatever users and plugins do at the same time, nobody who had said no is written to with a slow PostgreSQL server either. */
import { engines } from '../database'
import { explore } from './explore'

const engine = engines.find(({ name }) => name === 'postgres')!

;(engine.available ? describe : describe.skip)('whatever users and plugins do at the same time', () => {
  before(() => engine.start())
  after(() => engine.stop())

  it('the plugin keeps to what it was told, with PostgreSQL', () => explore(1, { steps: 200, slowDatabase: true, engine }))
})
