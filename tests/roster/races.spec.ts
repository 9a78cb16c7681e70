/** Rule: what happens between a look at the database and a write to it counts. */
import { expect } from 'chai'
import { kinds } from '../database'
import { Harness, HarnessOptions, silent, until } from '../harness'
import { Platform } from '../platform'
import { QQUser, QQUserEntry } from '../../src'
import { UserEvent } from '../../src/event'
import { GivenUpError } from '../../src/roster/queue'

describe('the roster', () => {
  let harness: Harness
  let platform: Platform

  async function start(options: HarnessOptions = {}) {
    harness = await Harness.start({ config: silent, ...options })
    platform = harness.platform
    return harness.app.qqUser['roster']
  }

  afterEach(() => harness.stop())

  const event = (values: Partial<UserEvent> = {}): UserEvent => ({
    id: 'FRIEND_ADD:1',
    type: 'friend-added',
    source: 'friend-add',
    selfId: platform.selfId,
    userId: 'A',
    occurredAt: Date.now(),
    receivedAt: Date.now(),
    ...values,
  })

  it('goes by what was committed while a user was looked up, not by what was found', async () => {
    const roster = await start()
    platform.add('A')
    await until(() => harness.sessions.length)
    // nobody remembers them
    roster['rows'].delete(`${platform.selfId} A`)
    const store = roster['store']
    const look = store.user
    let found = false
    let goOn!: () => void
    const held = new Promise<void>(resolve => goOn = resolve)
    store.user = async (key) => {
      const row = await look.call(store, key)
      found = true
      await held
      return row
    }
    const reading = roster.get(platform.selfId, 'A')
    await until(() => found)
    store.user = look
    platform.reject('A')
    await until(() => harness.sessions.length === 2)
    goOn()
    expect(await reading).to.include({ relation: 'friend', consent: 'rejected' })
    expect(await roster.get(platform.selfId, 'A')).to.include({ relation: 'friend', consent: 'rejected' })
  })

  it('takes an event that was given up when it is sent again', async () => {
    const roster = await start()
    const queue = roster['queue']
    queue.push = () => Promise.reject(new GivenUpError('the write queue is full'))
    expect(await roster.accept(event())).to.equal(undefined)
    Reflect.deleteProperty(queue, 'push')
    expect(await roster.accept(event())).to.nested.include({ 'entry.applied': true })
    expect(await roster.accept(event())).to.equal(undefined)
  })

  it('sets right what another process overwrites again and again', async () => {
    const database = kinds.find(({ name }) => name === 'strict')!.create()
    const roster = await start({ database })
    const ledger = roster['ledger']
    const { selfId } = platform
    const now = Math.floor(Date.now() / 1000) * 1000
    /** What the other process tells of, and the row as it thinks that it is. */
    const overwrite = async (id: string, entry: Partial<QQUserEntry>, row: Partial<QQUser>, at: number) => {
      const time = new Date(at)
      const { database } = harness.app
      await database.upsert('qq_user', [{ selfId, userId: 'A', firstSeen: time, ...row }])
      await database.create('qq_user_event', {
        id, selfId, userId: 'A', occurredAt: time, receivedAt: time, applied: true, weak: false, notice: 'none', noticeReason: '', origin: 'otherone', ...entry,
      } as QQUserEntry)
    }
    const stranger = { relation: 'unknown', relationAt: null } as const
    const steps = [
      () => overwrite('R:2', { type: 'friend-push-rejected', source: 'msg-reject' }, { ...stranger, consent: 'rejected' }, now + 1000),
      () => overwrite('R:3', { type: 'friend-push-allowed', source: 'msg-receive' }, { ...stranger, consent: 'allowed' }, now + 20_000),
    ]
    const { recordedNearby: around } = ledger
    ledger.recordedNearby = async (entries) => {
      await steps.shift()?.()
      return around.call(ledger, entries)
    }
    await roster.accept(event({ occurredAt: now, receivedAt: now }))
    expect(steps).to.deep.equal([])
    const [row] = await harness.users
    expect([row.relation, row.consent, +row.relationAt!]).to.deep.equal(['friend', 'allowed', now])
  })
})
