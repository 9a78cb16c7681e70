import { withDice } from '../random'
import { survey } from './aftermath'
import { Storm } from './storm'

const STEPS = Number(process.env.STEPS) || 120
/** How many storms there are: on demand, as each takes seconds. */
const COUNT = Number(process.env.STORMS) || 0

describe('reloads, outages and crowds in any combination', () => {
  for (let count = 1; count <= COUNT; count++) {
    it('greet everybody once, lose nothing, and hand nobody what is for another', () => withDice(async (dice) => {
      const storm = new Storm(dice, STEPS)
      try {
        await storm.live()
        await survey(storm)
      } finally {
        await storm.stop()
      }
    }))
  }
})
