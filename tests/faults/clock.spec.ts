/** Rule: a clock that jumps by less than a day costs no event, makes none happen twice, and holds up no message. */
import { expect } from 'chai'
import { Dict, Time } from 'koishi'
import { Harness, silent, until } from '../harness'
import { Clock, freeze, tickUntil } from '../clock'
import { Platform } from '../platform'
import { Dice, withDice } from '../random'
import { Story } from './story'

/** The platform's clock is right. */
const real = Date

describe('a clock that jumps', () => {
  let harness: Harness
  let platform: Platform
  let clock: Clock

  async function begin(config?: Dict) {
    harness = await Harness.start({ config, now: () => real.now(), limits: { botSecond: Infinity, userMinute: Infinity, userDay: Infinity } })
    platform = harness.platform
    platform.heartbeatInterval = Time.day
    clock = freeze()
  }

  afterEach(async () => {
    clock.uninstall()
    await harness.stop()
  })

  const minutes = [Time.second, 5 * Time.second, Time.minute, 5 * Time.minute]
  const hours = [...minutes, Time.hour, 5 * Time.hour, 20 * Time.hour]

  async function play(dice: Dice, jump: () => number) {
    const story = new Story(platform, dice, 20)
    const start = Date.now()
    for (let round = 0; round < 30; round++) {
      story.tell(1 + dice.below(5))
      if (dice.chance(0.5)) clock.setSystemTime(start + jump())
      if (dice.chance(0.3)) story.tell(2)
      if (dice.chance(0.5)) await until(() => harness.sessions.length === story.told.size)
    }
    clock.setSystemTime(start)
    await tickUntil(clock, 200, async () => {
      return harness.sessions.length >= story.told.size && (await harness.ledger).every(({ notice, noticeReason }) => {
        return notice !== 'pending' && noticeReason !== 'unknown-outcome'
      })
    }, 20_000)
    const announced = harness.sessions.map(({ qq }: any) => qq.id as string)
    const tables = { users: await harness.users, ledger: await harness.ledger }
    story.checkRows(tables, announced)
    story.checkEnd(tables)
    expect(announced.sort()).to.deep.equal([...story.told.keys()].sort())
  }

  it('by minutes back and forth costs no event and no notice, and makes none happen twice', () => withDice(async (dice) => {
    await begin()
    await play(dice, () => dice.pick(minutes) * dice.pick([1, -1]))
    expect((await harness.ledger).filter(({ notice, noticeReason }) => notice !== 'none' && notice !== 'sent' && noticeReason !== 'no-route')).to.deep.equal([])
  }))

  it('by hours back and forth costs no event, and makes none happen twice', () => withDice(async (dice) => {
    await begin(silent)
    // the platform's own clock stays within a day of this one
    await play(dice, () => dice.pick(hours) * dice.pick([1, -1]))
  }))

  for (const [name, sign] of [['back', -1], ['forward', 1]] as const) {
    it(`${name} holds up no message that waits for its turn`, () => withDice(async (dice) => {
      await begin()
      platform.allow('A')
      await until(() => harness.sessions.length)
      let sent = 0
      const pushes = Array.from({ length: 12 }, (_, index) => harness.app.qqUser.push(platform.selfId, 'A', `news ${index}`).then(() => { sent++ }))
      await until(() => sent >= 5)
      clock.setSystemTime(Date.now() + sign * dice.pick(hours))
      await tickUntil(clock, 200, () => sent === pushes.length)
      await Promise.all(pushes)
      expect(new Set(platform.accepted('A').map(({ body }) => body.content)).size).to.equal(platform.accepted('A').length)
    }))
  }

  it('by more than a day back makes the platform seem to speak of the future: it is ignored, and said so, until the clock is right', async () => {
    await begin()
    const now = Date.now()
    clock.setSystemTime(now - 2 * Time.day)
    platform.add('A', { timestamp: now })
    await until(() => harness.warnings.length)
    expect(harness.warnings).to.deep.equal(['w qq-user ignored a malformed FRIEND_ADD: its field timestamp'])
    clock.setSystemTime(now)
    const { id } = platform.add('A', { timestamp: now })
    await until(() => harness.sessions.length)
    expect((await harness.ledger).map(entry => entry.id)).to.deep.equal([id])
  })
}).timeout(60_000)
