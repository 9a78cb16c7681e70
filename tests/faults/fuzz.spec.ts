/** Rule: no envelope and no call of a client, valid or hostile, crashes the bot or leaves a row that is not allowed. */
import { expect } from 'chai'
import { Site } from '../console/site'
import { until } from '../harness'
import { withDice } from '../random'
import { QQUser, QQUserEntry } from '../../src'
import { call } from './fuzz/calls'
import { envelope } from './fuzz/envelopes'

const ENVELOPES = Number(process.env.ENVELOPES) || 70_000
const CALLS = Number(process.env.CALLS) || 30_000
const BATCH = 1000
/** The server takes no more at once. */
const AT_ONCE = 16

const id = /^[\x21-\x7e]{1,100}$/
const text = /^[^\p{Cc}\p{Cs}]{1,64}$/u

/** What a row must be, whatever was sent. */
function checkUser({ selfId, userId, relation, relationAt, consent, consentAt, firstSeen, lastMessageAt, scene, sceneParam, sceneAt, name, nameAt }: QQUser) {
  const isTime = (time: Date | null) => time === null || time instanceof Date && +time >= Date.UTC(2001, 8, 9) && +time <= Date.now() + 86400_000
  expect(id.test(selfId) && id.test(userId), `id ${userId}`).to.equal(true)
  expect(['unknown', 'friend', 'deleted']).to.include(relation)
  expect(['unknown', 'allowed', 'rejected']).to.include(consent)
  expect([relationAt, consentAt, firstSeen, lastMessageAt, sceneAt, nameAt].every(isTime) && !!firstSeen, `times of ${userId}`).to.equal(true)
  expect([relation === 'unknown', consent === 'unknown', scene === null, name === null], userId)
    .to.deep.equal([!relationAt, !consentAt, !sceneAt, !nameAt])
  expect(scene === null || Number.isInteger(scene), `scene of ${userId}`).to.equal(true)
  expect([sceneParam, name].every(value => value === null || text.test(value)), `texts of ${userId}`).to.equal(true)
}

const sources: Record<string, string> = {
  'friend-add': 'friend-added',
  'message': 'friend-added',
  'friend-del': 'friend-deleted',
  'msg-reject': 'friend-push-rejected',
  'msg-receive': 'friend-push-allowed',
}

function checkEntry(entry: QQUserEntry) {
  const { id: key, type, source, occurredAt, receivedAt, applied, notice, noticeReason } = entry
  expect(/^[\x21-\x7e]{1,255}$/.test(key), key).to.equal(true)
  if (source === 'authorize') expect(['friend-push-rejected', 'friend-push-allowed']).to.include(type)
  else expect(type, key).to.equal(sources[source])
  expect([+occurredAt > 0, +receivedAt > 0, typeof applied, notice, noticeReason], key).to.deep.equal([true, true, 'boolean', 'none', ''])
}

describe(`${ENVELOPES + CALLS} envelopes and calls, valid, nearly valid and hostile`, () => {
  const site = new Site()
  const faults: unknown[] = []
  const note = (error: unknown) => { faults.push(error) }

  // Cordis takes a stack trace of every service that is read, which takes the most of all time
  const { stackTraceLimit } = Error

  beforeEach(() => {
    Error.stackTraceLimit = 2
    faults.length = 0
    process.on('unhandledRejection', note)
  })

  afterEach(async () => {
    process.off('unhandledRejection', note)
    Error.stackTraceLimit = stackTraceLimit
    await site.stop()
  })

  const crowd = Array.from({ length: 600 }, (_, index) => `U${index}`)
  const users = crowd.slice(0, 20)

  async function check() {
    const { harness } = site
    for (const user of await harness.users) checkUser(user)
    for (const entry of await harness.ledger) checkEntry(entry)
    expect(faults).to.deep.equal([])
    expect(({} as any).polluted).to.equal(undefined)
    expect(harness.log.filter(line => /^[we] qq-user (?!(ignored )?a malformed)/.test(line))).to.deep.equal([])
    expect(harness.sessions.every(({ userId, channelId, isDirect }) => id.test(userId!) && channelId === userId && isDirect)).to.equal(true)
  }

  it(`${ENVELOPES} envelopes crash nothing, and leave nothing that is not allowed`, () => withDice(async (dice) => {
    await site.start()
    const { platform, harness } = site
    platform.heartbeatInterval = 86400_000
    for (let sent = 0; sent < ENVELOPES; sent += BATCH) {
      for (let index = 0; index < BATCH; index++) {
        const { t, d, id } = envelope(dice, crowd, Date.now())
        platform.dispatch(t, d, { id })
      }
      // one that is known to be good tells that all before it were read
      const { id } = platform.add(`mark${sent}`)
      await until(() => (harness.sessions.at(-1) as any)?.qq.id === id, 30_000)
    }
    await check()
    expect((await harness.users).length).to.be.above(100)
    expect(site.harness.log.filter(line => line.includes('ignored a malformed')).length).to.be.above(ENVELOPES / 10)
  }))

  it(`${CALLS} calls of clients crash nothing, and change nothing`, () => withDice(async (dice) => {
    const page = await site.start()
    const { platform, harness } = site
    await site.befriend(...users)
    const before = [await harness.users, await harness.ledger]
    const answers = new Map<string, number>()
    for (let sent = 0; sent < CALLS; sent += AT_ONCE) {
      const errors = await Promise.all(Array.from({ length: AT_ONCE }, () => page.error(...call(dice, platform.selfId, users))))
      for (const error of errors) answers.set(error ?? 'ok', (answers.get(error ?? 'ok') ?? 0) + 1)
    }
    const codes = [
      'ok', 'bad-request', 'busy', 'unknown-user', 'unknown-users', 'unknown-bot', 'empty', 'expired', 'bad-header', 'bad-csv', 'template', 'bad-param',
      // of broadcasts
      'not-found', 'wrong-state', 'empty-content', 'too-long', 'audience', 'empty-audience', 'title', 'past',
    ]
    expect([...answers.keys()].filter(answer => !codes.includes(answer.split(':')[0]))).to.deep.equal([])
    expect(answers.get('ok')).to.be.above(CALLS / 10)
    expect([await harness.users, await harness.ledger]).to.deep.equal(before)
    await check()
  }))
}).timeout(1200_000)
