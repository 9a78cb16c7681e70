/** Rule: a webhook that is called again and again, in parallel and late, makes everything happen once. */
import { expect } from 'chai'
import { Harness, pass } from '../harness'
import { Platform } from '../platform'
import { withDice } from '../random'
import { Story } from './story'

describe('a webhook', () => {
  let harness: Harness
  let platform: Platform

  afterEach(() => harness.stop())

  it('that is called again and again, in parallel and late, makes everything happen once', () => withDice(async (dice) => {
    harness = await Harness.start({ bot: { protocol: 'webhook' }, limits: { botSecond: Infinity, userMinute: Infinity, userDay: Infinity } })
    platform = harness.platform
    const { webhook } = platform
    const story = new Story(platform, dice, 20)
    // nobody is told yet
    platform.webhook = undefined
    story.tell(60)
    platform.webhook = webhook
    const envelopes = [...story.told.values()].map(({ envelope }) => envelope)
    while (envelopes.length) {
      const some = envelopes.splice(0, 1 + dice.below(10))
      // up to three retries of each
      const calls = dice.shuffle(some.flatMap(envelope => Array(1 + dice.below(4)).fill(envelope)))
      const responses = await Promise.all(calls.map(envelope => platform.deliver(envelope)))
      expect(responses.map(({ status }) => status)).to.deep.equal(calls.map(() => 200))
      if (dice.chance(0.3)) await platform.deliver(dice.pick([...story.told.values()].slice(0, -envelopes.length || undefined)).envelope)
    }
    const ledger = await harness.settled(story.told.size)
    await pass()
    const announced = harness.sessions.map(({ qq }: any) => qq.id as string)
    story.checkRows({ users: await harness.users, ledger }, announced)
    story.checkEnd({ users: await harness.users, ledger })
    expect(announced.sort()).to.deep.equal([...story.told.keys()].sort())
  }))
}).timeout(60_000)
