/** Rule: an answer to a message, as documented or seen by bots, is taken for what it means: sent, waiting for audit, refused or unknown. */
import { expect } from 'chai'
import { h } from 'koishi'
import { Meaning, readFailure } from '../../src/delivery/codes'
import { Harness, silent } from '../harness'
import { cases } from './bodies.json'

/** What the cases say in words. */
const meanings: Record<string, Meaning> = {
  'the reply\'s window is closed': 'window-closed',
  'the bot may not push': 'no-permission',
  'the message\'s form': 'form',
  'too frequent': 'rate',
  'unknown outcome': 'unknown-outcome',
}

describe('answers of the documentation and of bots, and what a send makes of them', () => {
  let harness: Harness

  beforeEach(async () => {
    harness = await Harness.start({ config: silent })
    harness.platform.add('A')
    await harness.settled(1)
  })

  afterEach(() => harness.stop())

  for (const { from, status, body, meaning, certain } of cases) {
    it(`HTTP ${status}, ${from}: ${meaning}`, async () => {
      const { bot, platform } = harness
      platform.fail({ status, body })
      const encoder = new (bot.constructor as any).MessageEncoder(bot, 'A', undefined, { session: session() })
      const results = await encoder.send(h.normalize('news')).then(() => encoder.results, (error: unknown) => error)
      expect(platform.posts).to.have.length(1)
      if (meaning === 'sent') {
        expect(results.map(({ id }: any) => id)).to.deep.equal([(body as any).id])
      } else if (meaning === 'waits for audit') {
        expect(results).to.deep.equal([])
      } else {
        const { err_code: inner, code } = body as { err_code?: number; code?: number | string }
        const number = inner ?? code
        expect(readFailure(results)).to.deep.equal({ meaning: meanings[meaning], undelivered: certain, code: number && +number })
      }
    })
  }

  function session() {
    const { bot } = harness
    const session = bot.session({ type: 'message', user: { id: 'A' }, channel: { id: 'A', type: 1 } })
    session.isDirect = true
    session.setInternal('qq', {})
    return session
  }
})
