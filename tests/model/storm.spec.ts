/** Rule: reloads, outages and crowds in any combination lose nothing, greet everybody once, and hand nobody what is for another. */
import { withDice } from '../random'
import { survey } from './aftermath'
import { Storm } from './storm'

const STEPS = Number(process.env.STEPS) || 120
/** How many storms there are; more on demand, as each takes a second or two. */
const COUNT = Number(process.env.STORMS) || 2

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
