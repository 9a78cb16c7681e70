/** Rule: whatever goes wrong with the platform's answers, nobody is told twice, and operators and plugins learn what became of it. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { PushError } from '../../src'
import { Harness, pass } from '../harness'
import { Clock, freeze, tickUntil } from '../clock'
import { Fault, Platform } from '../platform'
import { Dice, withDice } from '../random'

/** Everything that can go wrong with an answer. The message itself may have arrived nonetheless, where it says `accept`. */
function misbehave(dice: Dice): Fault {
  const accept = dice.chance(0.5)
  return dice.pick<() => Fault>([
    () => ({ delay: dice.below(20) }),
    () => ({ status: dice.pick([500, 502, 503, 504]), accept }),
    () => ({ status: dice.pick([500, 502]), body: '<html><h1>Bad Gateway</h1></html>', accept }),
    () => ({ status: 429 }),
    () => ({ status: 429, body: 'slow down' }),
    () => ({ body: dice.pick(['', '{', '{"id":', 'null', '[]', '"text"', '\u0000']), accept: true }),
    () => ({ status: 400, body: dice.pick(['', '{', 'null', '[]', '{"code":"40054013"}', '{"code":null}', '{"code":{}}']) }),
    () => ({ close: true, accept }),
    () => ({ code: dice.pick([40034025, 40034026, 40034027, 40034128, 40054006, 50055002, 40034006, 99999999]) }),
  ])()
}

describe('a platform that misbehaves', () => {
  let harness: Harness
  let platform: Platform
  let clock: Clock | undefined
  const rejections: unknown[] = []
  const note = (error: unknown) => { rejections.push(error) }

  beforeEach(async () => {
    const limits = { botSecond: Infinity, userMinute: Infinity, userDay: Infinity }
    harness = await Harness.start({ limits, config: { push: { tier: 'custom', botSecond: 10_000, botMinute: 10_000, userMinute: 10_000 } } })
    platform = harness.platform
    platform.heartbeatInterval = Time.day
    rejections.length = 0
    process.on('unhandledRejection', note)
    clock = freeze()
  })

  afterEach(async () => {
    process.off('unhandledRejection', note)
    clock?.uninstall()
    await harness.stop()
  })

  /** Lets time pass, as long as something is to come. */
  const wait = (condition: () => unknown) => tickUntil(clock!, 1000, condition, 40_000)

  /** Waits until nothing has changed for longer than the longest pause before another attempt. */
  async function silence() {
    const look = async () => JSON.stringify([platform.posts.length, (await harness.ledger).map(({ notice, noticeReason }) => [notice, noticeReason])])
    for (let before = '', now = await look(); now !== before; [before, now] = [now, await look()]) {
      for (let round = 0; round < 5; round++) {
        await clock!.tickAsync(4 * Time.second)
        await pass()
      }
    }
  }

  it('is told nothing twice, and what became of a notice is on record', () => withDice(async (dice) => {
    const count = 200
    const faults: Fault[] = []
    for (let index = 0; index < count; index++) {
      const target = `U${index}`
      for (let times = dice.below(4); times > 0; times--) {
        const fault = misbehave(dice)
        faults.push(fault)
        platform.fail({ ...fault, when: post => post.target === target })
      }
      platform.add(target)
      if (dice.chance(0.3)) await clock!.tickAsync(dice.below(2000))
    }
    await silence()
    const ledger = (await harness.ledger).filter(({ source }) => source === 'friend-add')
    expect(ledger).to.have.length(count)
    for (const { userId, notice, noticeReason } of ledger) {
      const posts = platform.posts.filter(({ target }) => target === userId)
      const outcome = `${userId}: ${notice} ${noticeReason} after ${posts.map(({ route, status, code }) => `${route} ${status} ${code}`)}`
      expect(platform.accepted(userId).length, outcome).to.be.at.most(1)
      if (notice === 'sent' && !noticeReason) expect(platform.accepted(userId).length, outcome).to.equal(1)
      if (notice === 'failed' && noticeReason !== 'unknown-outcome') expect(platform.accepted(userId).length, outcome).to.equal(0)
    }
    expect(faults.length, 'faults').to.be.above(count)
    expect(rejections).to.deep.equal([])
  }))

  it('is pushed nothing twice, and callers are told the truth', () => withDice(async (dice) => {
    const users = Array.from({ length: 100 }, (_, index) => `U${index}`)
    platform.dispatch('C2C_MSG_RECEIVE', { openid: 'probe', timestamp: 1_700_000_000 })
    for (const id of users) platform.allow(id)
    await wait(async () => (await harness.ledger).length > users.length)
    const pushes = new Map<string, string>()
    const all = users.map(async (userId, index) => {
      for (let times = dice.below(3); times > 0; times--) {
        platform.fail({ ...misbehave(dice), when: ({ target, route }) => target === userId && route === 'proactive' })
      }
      const content = `news ${index}`
      pushes.set(content, 'sent')
      await harness.app.qqUser.push(platform.selfId, userId, content).catch((error) => {
        if (!(error instanceof PushError)) throw error
        pushes.set(content, error.reason)
      })
    })
    let done = false
    const end = Promise.all(all).finally(() => { done = true })
    await wait(() => done)
    await end
    for (const [content, outcome] of pushes) {
      const reached = platform.accepted().filter(({ body }) => body.content === content).length
      if (outcome === 'unknown-outcome') expect(reached, `${content}: ${outcome}`).to.be.at.most(1)
      else expect(reached, `${content}: ${outcome}`).to.equal(outcome === 'sent' ? 1 : 0)
    }
    expect(new Set(pushes.values()).size).to.be.above(2)
    expect(rejections).to.deep.equal([])
  }))
}).timeout(60_000)
