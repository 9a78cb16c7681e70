/** Rule: a payload, as documented or seen by bots, becomes the event and the state of the user that it tells of, or nothing. */
import { expect } from 'chai'
import { pick } from 'koishi'
import { decode, WireType } from '../../src/gateway/decode'
import { Clock, date } from '../clock'
import { Harness, silent, until } from '../harness'
import { cases } from './events.json'

const now = Date.UTC(2026, 9, 1)

const userFields = ['relation', 'scene', 'sceneParam', 'lastMessageAt'] as const

describe('payloads of the documentation and of bots, and what the roster makes of them', () => {
  let clock: Clock
  let harness: Harness

  beforeEach(async () => {
    clock = date(now)
    harness = await Harness.start({ config: silent })
  })

  afterEach(async () => {
    await harness.stop()
    clock.uninstall()
  })

  for (const { from, t, d, expect: expected } of cases) {
    const { type, occurredAt, weak, ...user } = (expected ?? {}) as Record<string, unknown>
    const openid = (d as any).openid ?? (d as any).user_openid ?? (d as any).author?.user_openid

    it(`${from}: ${expected ? type ?? 'a message' : 'nothing'}`, async () => {
      const { platform, app } = harness
      platform.dispatch(t, d)
      // what comes after it tells that it was read
      platform.add('mark')
      await until(() => harness.sessions.some(({ userId }) => userId === 'mark'))
      await until(async () => (await harness.ledger).some(({ userId }) => userId === 'mark'))
      const entries = (await harness.ledger).filter(({ userId }) => userId !== 'mark')
      const sessions = harness.sessions.filter(({ userId }) => userId !== 'mark')
      expect(harness.warnings).to.deep.equal([])
      expect(sessions.map(({ type, userId }) => [type, userId])).to.deep.equal(type ? [[type, openid]] : [])
      if (!expected) {
        expect(entries).to.deep.equal([])
        expect(await harness.users).to.have.length(1)
        return
      }
      const row = (await app.qqUser.get(platform.selfId, openid))!
      const seen = { ...pick(row, [...userFields]), lastMessageAt: row.lastMessageAt && +row.lastMessageAt }
      expect(seen).to.deep.include(user)
      if (!type) return
      expect(entries.map(({ type, userId, applied }) => [type, userId, applied])).to.deep.equal([[type, openid, true]])
      if (occurredAt) expect(+entries[0].occurredAt).to.equal(occurredAt)
      expect(!!decode(t as WireType, d, now)!.weak).to.equal(!!weak)
    })
  }
})
