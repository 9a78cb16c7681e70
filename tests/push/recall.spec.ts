/** Rule: where the bot may not write proactively, a push replies, or recalls once in each period, and never after a no. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { Clock, date } from '../clock'
import { engines } from '../database'
import { Harness, HarnessOptions, pass, silent, until } from '../harness'
import { Platform } from '../platform'
import { PushError, PushOptions } from '../../src'

const { hour, day } = Time

/** The middle of a day on the platform's calendar. */
const noon = Date.UTC(2026, 2, 10, 4)

describe('push where the bot may not write proactively', () => {
  let harness: Harness
  let platform: Platform
  let clock: Clock

  async function start({ config, ...options }: HarnessOptions = {}) {
    clock = date(noon)
    harness = await Harness.start({ config: { ...silent, ...config }, ...options })
    platform = harness.platform
    platform.pushBanned = true
  }

  afterEach(async () => {
    clock.uninstall()
    await harness.stop()
  })

  async function write(userId = 'A', messageId?: string) {
    const at = Date.now()
    platform.message(userId, 'hello', { messageId })
    await until(async () => +(await harness.app.qqUser.get(platform.selfId, userId))?.lastMessageAt! >= Math.floor(at / 1000) * 1000)
  }

  /** Lets time pass, in which the bot is not reconnected. */
  const wait = (ms: number) => clock.setSystemTime(Date.now() + ms)

  const push = (options?: PushOptions, userId = 'A') => harness.app.qqUser.push(platform.selfId, userId, 'news', options)
  const canPush = (userId = 'A') => harness.app.qqUser.canPush(platform.selfId, userId)
  const routes = () => platform.accepted().map(({ route }) => route)

  /** What comes of a push: the way it arrived on, or the reason. */
  async function attempt(options?: PushOptions, userId = 'A') {
    try {
      await push(options, userId)
      return routes().at(-1)
    } catch (error) {
      expect(error).to.be.instanceOf(PushError)
      return (error as PushError).reason
    }
  }

  async function reload() {
    harness.plugin!.dispose()
    await until(() => !harness.app.get('qqUser'))
    harness.load(silent)
    await until(() => harness.app.get('qqUser'))
  }

  it('goes on with the next way at once, and begins with it the next time', async () => {
    await start()
    await write()
    wait(2 * hour)
    expect(await canPush()).to.deep.equal({ ok: true, via: 'proactive' })
    expect(await attempt()).to.equal('recall')
    expect(platform.posts.map(({ route, code }) => [route, code])).to.deep.equal([['proactive', 40034105], ['recall', undefined]])
    const [, { body }] = platform.posts
    expect(body).to.include({ is_wakeup: true, content: 'news' })
    expect(body).to.not.have.any.keys('msg_id', 'event_id', 'msg_seq')
    expect(await canPush()).to.deep.equal({ ok: false, reason: 'recall-used' })
    wait(40 * Time.minute)
    expect(await attempt()).to.equal('recall-used')
    expect(platform.posts).to.have.length(2)
  })

  it('recalls once in each period, and no more after the thirtieth day', async () => {
    await start()
    await write()
    wait(2 * hour)
    const outcomes: unknown[] = []
    for (const days of [1, 2, 4, 23]) {
      outcomes.push(await attempt({ via: ['recall'] }), await attempt({ via: ['recall'] }))
      wait(days * day)
    }
    outcomes.push(await attempt({ via: ['recall'] }))
    expect(outcomes).to.deep.equal(['recall', 'recall-used', 'recall', 'recall-used', 'recall', 'recall-used', 'recall', 'recall-used', 'recall-closed'])
    expect(platform.posts.map(({ code }) => code)).to.deep.equal([undefined, undefined, undefined, undefined])
    await write()
    expect(await attempt({ via: ['recall'] })).to.equal('recall')
  })

  it('recalls once, however many pushes there are at a time', async () => {
    await start()
    await write()
    wait(2 * hour)
    const outcomes = await Promise.all(Array.from({ length: 5 }, () => attempt({ via: ['recall'] })))
    expect(outcomes.filter(outcome => outcome === 'recall-used')).to.have.length(4)
    expect(platform.posts.map(({ route }) => route)).to.deep.equal(['recall'])
  })

  it('says why there is no other way when nothing proactive is let through', async () => {
    await start()
    for (const userId of ['A', 'B']) await write(userId)
    wait(2 * hour)
    await push({ via: ['recall'] })
    expect(await attempt()).to.equal('recall-used')
    platform.fail({ code: 40034105, delay: 200, when: ({ route }) => route === 'proactive' })
    const outcome = attempt({}, 'B')
    await until(() => platform.posts.length === 3)
    platform.reject('B')
    expect(await outcome).to.equal('rejected')
    expect(platform.posts.map(({ route }) => route)).to.deep.equal(['recall', 'proactive', 'proactive'])
  })

  it('remembers over a reload', async () => {
    await start()
    await write()
    wait(2 * hour)
    await push()
    await reload()
    expect(await canPush()).to.deep.equal({ ok: false, reason: 'recall-used' })
    expect(await attempt({ via: ['recall'] })).to.equal('recall-used')
    expect(routes()).to.deep.equal(['recall'])
  })

  it('is believed by the platform\'s word', async () => {
    await start()
    await write()
    wait(2 * hour)
    platform.fail({ code: 40034122 })
    const error = await push({ via: ['recall'] }).catch(error => error)
    expect(error).to.include({ reason: 'recall-used', code: 40034122 })
    expect(await attempt({ via: ['recall'] })).to.equal('recall-used')
    expect(platform.posts).to.have.length(1)
    wait(day)
    expect(await attempt({ via: ['recall'] })).to.equal('recall')
  })

  it('is told once when the platform does not take it for a recall, and does not try it again in that period', async () => {
    await start()
    platform.recallClosed = true
    for (const userId of ['A', 'B']) await write(userId)
    wait(2 * hour)
    for (const userId of ['A', 'B']) {
      expect(await push({ via: ['recall'] }, userId).catch(error => error)).to.include({ reason: 'recall-closed', code: 40034123 })
      expect(await attempt({ via: ['recall'] }, userId)).to.equal('recall-closed')
    }
    await reload()
    expect(await attempt({ via: ['recall'] })).to.equal('recall-closed')
    expect(platform.posts).to.have.length(2)
    expect(harness.warnings.filter(line => line.includes('recall-closed'))).to.have.length(1)
    platform.recallClosed = false
    wait(day)
    expect(await attempt({ via: ['recall'] })).to.equal('recall')
  })

  for (const code of [40034102, 40034105]) {
    it(`is closed for the period, and nothing else is, where the platform says that there is no permission for it (${code})`, async () => {
      await start()
      platform.pushBanned = false
      const users = ['A', 'B', 'C']
      for (const userId of users) await write(userId)
      wait(2 * hour)
      platform.fail({ code, times: 3, when: ({ route }) => route === 'recall' })
      for (const userId of users) {
        expect(await push({ via: ['recall'] }, userId).catch(error => error)).to.include({ reason: 'recall-closed', code })
        expect(await attempt({ via: ['recall'] }, userId)).to.equal('recall-closed')
      }
      expect(platform.posts).to.have.length(3)
      wait(Time.second)
      for (const userId of users) {
        expect(await canPush(userId)).to.deep.equal({ ok: true, via: 'proactive' })
        expect(await attempt({}, userId)).to.equal('proactive')
      }
      wait(day)
      expect(await attempt({ via: ['recall'] })).to.equal('recall')
    })

    it(`goes on proactively where the platform says so of a reply (${code})`, async () => {
      await start()
      platform.pushBanned = false
      await write()
      platform.fail({ code, when: ({ route }) => route === 'msg' })
      expect(await attempt({ via: ['reply'] })).to.equal('refused')
      expect(await attempt({ via: ['reply'] })).to.equal('no-permission')
      expect(await attempt()).to.equal('proactive')
    })
  }

  it('may be tried again in the next period, if there is one', async () => {
    await start()
    platform.recallClosed = true
    for (const userId of ['A', 'B']) await write(userId)
    wait(2 * hour)
    const recall = (userId: string) => push({ via: ['recall'] }, userId).catch(error => error)
    expect(await recall('A')).to.include({ reason: 'recall-closed', code: 40034123, retryable: true })
    expect(await recall('A')).to.include({ reason: 'recall-closed', code: undefined, retryable: true })
    wait(8 * day)
    expect(await recall('B')).to.include({ reason: 'recall-closed', code: 40034123, retryable: false })
    wait(30 * day)
    expect(await recall('A')).to.include({ reason: 'recall-closed', code: undefined, retryable: false })
    expect(platform.posts).to.have.length(2)
  })

  it('replies instead to somebody who writes while the recall waits for its turn', async () => {
    await start({ config: { push: { tier: 'custom', botSecond: 1, botMinute: 100, userMinute: 20, userDay: 100 } } })
    for (const userId of ['A', 'B']) await write(userId)
    wait(2 * hour)
    await push({ via: ['recall'] }, 'B')
    const outcome = attempt({ via: ['reply', 'recall'] })
    await pass()
    await write()
    wait(2 * Time.second)
    expect(await outcome).to.equal('msg')
  })

  it('has the recall still when it certainly did not arrive, and not when nobody knows', async () => {
    await start()
    for (const userId of ['A', 'B']) await write(userId)
    wait(2 * hour)
    platform.fail({ code: 40034006 })
    expect(await attempt({ via: ['recall'] })).to.equal('refused')
    expect(await attempt({ via: ['recall'] })).to.equal('recall')
    platform.fail({ status: 500 })
    expect(await attempt({ via: ['recall'] }, 'B')).to.equal('unknown-outcome')
    expect(await attempt({ via: ['recall'] }, 'B')).to.equal('recall-used')
  })

  it('writes to nobody who said no or left, on any way', async () => {
    await start()
    for (const userId of ['A', 'B']) await write(userId)
    platform.reject('A')
    platform.remove('B')
    await until(() => harness.sessions.length === 2)
    for (const via of [undefined, ['reply'], ['recall']] as PushOptions['via'][]) {
      expect(await attempt({ via })).to.equal('rejected')
      expect(await attempt({ via }, 'B')).to.equal('deleted')
    }
    expect(platform.posts).to.deep.equal([])
  })

  it('looks once more right before a recall is sent', async () => {
    await start({ config: { push: { tier: 'custom', botSecond: 1, botMinute: 100, userMinute: 20, userDay: 100 } } })
    for (const userId of ['A', 'B']) await write(userId)
    wait(2 * hour)
    await push({ via: ['recall'] }, 'B')
    const outcome = attempt({ via: ['recall'] })
    await pass()
    platform.reject('A')
    await until(() => harness.sessions.length === 1)
    wait(2 * Time.second)
    expect(await outcome).to.equal('rejected')
    platform.allow('A')
    await until(() => harness.sessions.length === 2)
    expect(await attempt({ via: ['recall'] }), 'was not spent').to.equal('recall')
  })

  describe('replies while the user\'s message takes it', () => {
    it('and leaves the last reply to the bot', async () => {
      await start()
      await write()
      const outcomes: unknown[] = []
      for (let index = 0; index < 5; index++) outcomes.push(await attempt())
      expect(outcomes).to.deep.equal(['msg', 'msg', 'msg', 'recall', 'recall-used'])
      expect(platform.posts[0].route).to.equal('proactive')
    })

    it('counting what others reply, and all at a time', async () => {
      await start({ prepare: app => app.on('message', (session) => { session.send('first') }) })
      await write()
      await until(() => platform.accepted().length === 1)
      const outcomes = await Promise.all(Array.from({ length: 6 }, () => attempt({ via: ['reply'] })))
      expect(outcomes.filter(outcome => outcome === 'msg').length).to.be.within(1, 2)
      expect(outcomes.filter(outcome => outcome !== 'msg' && outcome !== 'no-permission')).to.deep.equal([])
      expect(platform.accepted().length).to.be.at.most(3)
      expect(platform.posts.every(({ code }) => !code)).to.equal(true)
    })

    it('for an hour', async () => {
      await start()
      await write()
      wait(hour - Time.second)
      expect(await attempt({ via: ['reply'] })).to.equal('msg')
      wait(2 * Time.second)
      expect(await attempt({ via: ['reply'] })).to.equal('no-permission')
    })

    it('and goes on where the platform says that its window is closed', async () => {
      await start()
      await write()
      platform.fail({ code: 40034128, when: ({ route }) => route === 'msg' })
      expect(await attempt({ via: ['reply', 'recall'] })).to.equal('recall')
      expect(await attempt({ via: ['reply'] })).to.equal('no-permission')
    })
  })

  describe('takes the ways that it is told only', () => {
    it('of those that there are', async () => {
      await start()
      await write()
      expect(await attempt({ via: ['proactive'] })).to.equal('no-permission')
      expect(await attempt({ via: ['proactive'] })).to.equal('no-permission')
      expect(platform.posts.map(({ route }) => route)).to.deep.equal(['proactive'])
      expect(await attempt({ via: ['proactive', 'recall'] })).to.equal('recall')
    })

    it('and refuses what is no list of them', async () => {
      await start()
      await write()
      for (const via of ['recall', [], ['push'], null, 1, [undefined]]) {
        const error = await push({ via } as never).catch(error => error)
        expect(error).to.be.instanceOf(TypeError)
        expect(error.message).to.equal("via: expected some of 'proactive', 'reply', 'recall' in an array")
      }
      expect(platform.posts).to.deep.equal([])
    })
  })

  it('recalls nobody where the operator does not want it', async () => {
    await start({ config: { push: { recall: false } } })
    await write()
    wait(2 * hour)
    expect(await attempt()).to.equal('no-permission')
    expect(await canPush()).to.deep.equal({ ok: false, reason: 'no-permission' })
    expect(await attempt({ via: ['recall'] })).to.equal('recall-closed')
    expect(platform.posts.map(({ route }) => route)).to.deep.equal(['proactive'])
  })

  describe('goes by the newest message that any process has heard of', () => {
    /** The user wrote twice; the second time only another process heard it, and recalled them. */
    async function miss() {
      await start()
      await write()
      harness.plugin!.dispose()
      wait(10 * day)
      const heard = new Promise<void>(resolve => harness.app.once('message', () => resolve()))
      platform.message('A')
      await heard
      harness.load(silent)
      await until(() => harness.app.get('qqUser'))
      const now = new Date()
      const row = { selfId: platform.selfId, userId: 'A', wroteAt: now, spentAt: now, reason: 'recall-used', token: 'other' } as const
      await harness.app.database.upsert('qq_user_recall', [row])
      wait(2 * day)
    }

    for (const code of [undefined, 40034122]) {
      it(code ? `which is not forgotten by the platform's word (${code})` : 'which is not forgotten by the next recall', async () => {
        await miss()
        if (code) platform.fail({ code })
        expect(await attempt({ via: ['recall'] })).to.equal(code ? 'recall-used' : 'recall')
        wait(2 * day)
        expect(await attempt({ via: ['recall'] })).to.equal('recall')
        expect(platform.posts).to.have.length(2)
      })
    }
  })

  it('is not sent to somebody who says no while it is put on record, whether or not others are guarded', async () => {
    await start({ config: { push: { guard: false } } })
    await write()
    wait(2 * hour)
    const driver = harness.app.database.drivers[0] as any
    const { set } = driver
    let heard = false
    harness.app.on('qq/c2c-msg-reject' as never, (() => { heard = true }) as never)
    driver.set = async (sel: { table: string }, ...args: unknown[]) => {
      if (sel.table === 'qq_user_recall' && !heard) {
        platform.reject('A')
        await until(() => heard)
      }
      return set.call(driver, sel, ...args)
    }
    expect(await attempt({ via: ['recall'] })).to.equal('rejected')
    expect(platform.posts).to.deep.equal([])
    expect(heard).to.equal(true)
  })

  it('goes on with what waits when the bot turns out not to be allowed to push', async () => {
    await start({ config: { push: { tier: 'custom', botSecond: 3, botMinute: 100, userMinute: 20, userDay: 100 } } })
    const users = ['A', 'B', 'C', 'D', 'E']
    for (const userId of users) await write(userId)
    wait(2 * hour)
    const outcomes = users.map(userId => attempt({}, userId))
    const timer = setInterval(() => wait(Time.second), 20)
    await Promise.all(outcomes).finally(() => clearInterval(timer))
    expect(platform.accepted().map(({ target, route }) => `${route} ${target}`)).to.have.members(users.map(id => `recall ${id}`))
    expect(platform.posts.filter(({ route }) => route === 'proactive')).to.have.length(3)
  })

  it('forgets with the user what was spent, and in time by itself', async () => {
    await start()
    for (const userId of ['A', 'B']) await write(userId)
    wait(2 * hour)
    for (const userId of ['A', 'B']) await push({ via: ['recall'] }, userId)
    const rows = () => harness.app.database.get('qq_user_recall', {}, ['userId'])
    await harness.app.qqUser.forget(platform.selfId, 'A')
    expect(await rows()).to.deep.equal([{ userId: 'B' }])
    wait(32 * day)
    await reload()
    await until(async () => !(await rows()).length)
  })
})

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`what was spent of recalls, on ${engine.name}`, () => {
    let platform: Platform
    let harnesses: Harness[]

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      platform = await Platform.start()
      platform.pushBanned = true
      const database = engine.create()
      harnesses = []
      for (let index = 0; index < (engine.shared ? 2 : 1); index++) {
        harnesses.push(await Harness.start({ platform, database, config: silent }))
      }
    })

    afterEach(async () => {
      for (const harness of harnesses) await harness.stop()
      await platform.stop()
    })

    it('is spent once, whoever pushes', async () => {
      const users = Array.from({ length: 20 }, (_, index) => `U${index}`)
      for (const userId of users) platform.message(userId)
      for (const { app } of harnesses) {
        await until(async () => (await Promise.all(users.map(id => app.qqUser.get(platform.selfId, id)))).every(user => user?.lastMessageAt))
      }
      const push = (harness: Harness, userId: string) => {
        return harness.app.qqUser.push(platform.selfId, userId, 'news', { via: ['recall'] }).then(() => 'sent', error => error.reason ?? error)
      }
      const config = { push: { tier: 'custom', botSecond: 1000, botMinute: 10_000, userMinute: 20, userDay: 100 } }
      for (const harness of harnesses) harness.plugin!.update({ ...silent, ...config })
      await until(() => harnesses.every(({ app }) => app.get('qqUser')))
      const outcomes = await Promise.all(users.flatMap(id => harnesses.flatMap(harness => [push(harness, id), push(harness, id)])))
      expect(outcomes.filter(outcome => outcome === 'sent')).to.have.length(users.length)
      expect(outcomes.filter(outcome => outcome !== 'sent' && outcome !== 'recall-used')).to.deep.equal([])
      expect(platform.posts).to.have.length(users.length)
      const rows = await harnesses[0].app.database.get('qq_user_recall', {})
      expect(rows).to.have.length(users.length)
      expect(rows.every(({ wroteAt, spentAt, reason }) => wroteAt && spentAt && reason === 'recall-used')).to.equal(true)
    })

    it('is given back, and is learnt', async () => {
      const [{ app }] = harnesses
      platform.message('A')
      for (const { app } of harnesses) await until(async () => (await app.qqUser.get(platform.selfId, 'A'))?.lastMessageAt)
      const push = () => app.qqUser.push(platform.selfId, 'A', 'news', { via: ['recall'] }).then(() => 'sent', error => error.reason ?? error)
      const rows = () => app.database.get('qq_user_recall', {})
      platform.fail({ code: 40034006 })
      expect(await push()).to.equal('refused')
      await until(async () => !(await rows()).length)
      platform.fail({ code: 40034123 })
      expect(await push()).to.equal('recall-closed')
      expect(await push()).to.equal('recall-closed')
      expect(await rows()).to.have.length(1)
      await app.database.set('qq_user_recall', {}, { wroteAt: new Date(Date.now() - 2 * day), spentAt: new Date(Date.now() - 2 * day) })
      platform.fail({ code: 40034006 })
      expect(await push()).to.equal('refused')
      await until(async () => (await rows())[0].reason === 'recall-closed')
      expect(await push()).to.equal('sent')
      expect((await rows())[0].reason).to.equal('recall-used')
    })
  })
}
