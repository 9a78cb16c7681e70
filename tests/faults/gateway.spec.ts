/** Rule: a gateway that drops, replays and repeats loses no event and makes none happen twice, unless it forgets the session. */
import { expect } from 'chai'
import { Harness, pass, until } from '../harness'
import { Envelope, Platform } from '../platform'
import { withDice } from '../random'
import { Story } from './story'

const open = { botSecond: Infinity, userMinute: Infinity, userDay: Infinity }

describe('a gateway that is not to be relied upon', () => {
  let harness: Harness
  let platform: Platform

  afterEach(() => harness.stop())

  async function start() {
    harness = await Harness.start({ limits: open, bot: { retryTimes: 1000 } })
    platform = harness.platform
  }

  async function end(story: Story) {
    await until(() => harness.sessions.length >= story.told.size, 20_000)
    await harness.settled(story.told.size)
    const tables = { users: await harness.users, ledger: await harness.ledger }
    const announced = harness.sessions.map(({ qq }: any) => qq.id as string)
    story.checkRows(tables, announced)
    story.checkEnd(tables)
    expect(announced.sort()).to.deep.equal([...story.told.keys()].sort())
  }

  it('drops, resumes with a replay, and repeats it, without loss or repetition', () => withDice(async (dice) => {
    await start()
    const story = new Story(platform, dice, 20)
    for (let round = 0; round < 12; round++) {
      story.tell(dice.below(12))
      if (dice.chance(0.5)) await pass(dice.below(5))
      // both kinds of end leave a session that can be resumed
      platform.drop(dice.pick([undefined, 4008, 4009]))
      // while nobody listens
      story.tell(dice.below(12))
      await platform.connected()
      if (dice.chance(0.5)) repeat([...story.told.values()].slice(-dice.below(30)).map(({ envelope }) => envelope))
    }
    await end(story)
    expect(platform.resumes.length).to.be.at.least(10)
  }))

  it('sends whole replays again, in any order, at once', () => withDice(async (dice) => {
    await start()
    const story = new Story(platform, dice, 20)
    story.tell(80)
    const envelopes = [...story.told.values()].map(({ envelope }) => envelope)
    for (let round = 0; round < 3; round++) repeat(dice.shuffle(envelopes))
    await end(story)
  }))

  it('forgets the session: what was told meanwhile is lost, and all else goes on', () => withDice(async (dice) => {
    await start()
    const story = new Story(platform, dice, 20)
    story.tell(40)
    await until(() => harness.sessions.length === story.told.size)
    const before = new Set(story.told.keys())
    platform.forget()
    platform.drop()
    story.tell(20)
    const lost = [...story.told.keys()].filter(id => !before.has(id))
    for (const id of lost) story.told.delete(id)
    await platform.connected()
    story.tell(40)
    await end(story)
    expect(lost.length).to.be.above(0)
  }))

  function repeat(envelopes: Envelope[]) {
    for (const envelope of envelopes) platform.replay(envelope)
  }
}).timeout(60_000)
