/** Rule: what a plugin writes to a user past Koishi's sending is decided upon like any other message. */
import { expect } from 'chai'
import { Session, Time } from 'koishi'
import { pass, until } from '../harness'
import { StoppedError } from '../../src/delivery/objections'
import { befriend, date, freeze, harness, platform, refuse, start, unfreeze, useStage, watchReads } from './stage'

describe('a request that a plugin makes by itself', () => {
  useStage()

  const text = { content: 'unasked', msg_type: 0 }
  const file = { file_type: 1, url: 'https://example.com/a.png', srv_send_msg: true }
  const outcome = (promise: Promise<unknown>) => promise.then(() => 'sent', (error: Error) => error instanceof StoppedError ? error.reason : error.message)

  /** Somebody who rejected long ago, so that nobody remembers. */
  async function refuseLongAgo(id: string) {
    await befriend(id)
    await refuse(id)
    forget()
  }

  const forget = () => date(Date.now() + Time.hour)

  async function message(id: string) {
    const sessions: Session[] = []
    const dispose = harness.app.on('message', (session) => { sessions.push(session) })
    platform.message(id)
    await until(() => sessions.length)
    dispose()
    return sessions[0]
  }

  const ways: [what: string, send: (id: string) => Promise<unknown>][] = [
    ['bot.internal.sendPrivateMessage', id => harness.bot.internal.sendPrivateMessage(id, text)],
    ['bot.internal.sendFilePrivate with srv_send_msg', id => harness.bot.internal.sendFilePrivate(id, file)],
    ['session.qq.sendPrivateMessage', async (id) => {
      const { qq } = harness.sessions[0] as Session & { qq: any }
      return qq.sendPrivateMessage(id, text)
    }],
    ['session.qq.sendFilePrivate with srv_send_msg', async (id) => {
      const { qq } = harness.sessions[0] as Session & { qq: any }
      return qq.sendFilePrivate(id, file)
    }],
  ]

  for (const [what, send] of ways) {
    it(`is stopped for a user who rejected and was not looked at lately: ${what}`, async () => {
      await start()
      await refuseLongAgo('A')
      expect(await outcome(send('A'))).to.equal('rejected')
      expect(await outcome(send('A'))).to.equal('rejected')
      expect(platform.posts).to.deep.equal([])
      expect(harness.warnings.map(line => /message to (\w+) was stopped \((\w+)\)/.exec(line)?.slice(1))).to.deep.equal([['A', 'rejected']])
    })

    it(`leaves where the operator wants no guard: ${what}`, async () => {
      await start({ config: { push: { guard: false } } })
      await refuseLongAgo('A')
      const reads = watchReads()
      expect(await outcome(send('A'))).to.not.equal('rejected')
      expect(reads).to.deep.equal([])
    })

    it(`leaves for a friend, and for somebody who is not on the roster: ${what}`, async () => {
      await start()
      await befriend('A')
      forget()
      expect(await outcome(send('A'))).to.equal('sent')
      expect(await outcome(send('X'))).to.not.be.oneOf(['rejected', 'deleted', 'unknown-user'])
    })
  }

  it('is stopped for a user who rejects while the roster is asked', async () => {
    await start()
    await befriend('A')
    forget()
    const driver = harness.app.database.drivers[0] as any
    const { get } = driver
    let answer!: () => void
    driver.get = async (sel: unknown) => {
      driver.get = get
      const rows = await get.call(driver, sel)
      await new Promise<void>(resolve => answer = resolve)
      return rows
    }
    const request = outcome(harness.bot.internal.sendPrivateMessage('A', text))
    await until(() => answer)
    platform.reject('A')
    await until(() => harness.sessions.length === 2)
    answer()
    expect(await request).to.equal('rejected')
    expect(platform.posts).to.deep.equal([])
  })

  it('asks the roster once for what was decided upon just before', async () => {
    await start()
    await befriend('A')
    forget()
    const reads = watchReads()
    await harness.bot.sendPrivateMessage('A', 'one<message>two</message>')
    await harness.bot.internal.sendPrivateMessage('A', text)
    expect(platform.accepted('A')).to.have.length(3)
    expect(reads).to.deep.equal(['qq_user'])
  })

  it('waits for nothing when it is a reply, or a file for a message to come', async () => {
    await start()
    const session = await message('A')
    await refuseLongAgo('A')
    const driver = harness.app.database.drivers[0] as any
    driver.get = () => new Promise(() => {})
    expect(await outcome(harness.bot.internal.sendPrivateMessage('A', { ...text, msg_id: session.messageId, msg_seq: 9 }))).to.not.equal('rejected')
    expect(platform.posts.map(({ route, body }) => [route, body.msg_seq])).to.deep.equal([['msg', 9]])
    expect(await outcome(harness.bot.internal.sendFilePrivate('A', { ...file, srv_send_msg: false }))).to.equal('sent')
  })

  it('in a group waits for nothing, and costs no read', async () => {
    await start()
    const reads = watchReads()
    await harness.bot.internal.sendMessage('G', text).catch(() => {})
    await harness.bot.internal.sendFileGuild('G', file)
    expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['group', 'G']])
    expect(reads).to.deep.equal([])
  })

  describe('with the database down', () => {
    for (const [what, send] of ways) {
      it(`does not leave: ${what}`, async () => {
        await start()
        await befriend('A')
        forget()
        const driver = harness.app.database.drivers[0] as any
        driver.get = () => Promise.reject(new Error('the server has gone away'))
        for (let times = 0; times < 3; times++) expect(await outcome(send('A'))).to.match(/was stopped.*the server has gone away/)
        expect(platform.posts).to.deep.equal([])
        expect(harness.warnings.filter(line => line.includes('the server has gone away'))).to.have.length(1)
      })
    }

    it('does not leave when it was sent by bot.sendPrivateMessage(), and does where the operator wants no guard', async () => {
      for (const guard of [true, false]) {
        await start({ config: { push: { guard } } })
        const driver = harness.app.database.drivers[0] as any
        driver.get = () => Promise.reject(new Error('the server has gone away'))
        await harness.bot.sendPrivateMessage('A', 'unasked').catch(() => {})
        expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal(guard ? [] : [['user', 'A']])
        if (guard) await harness.stop()
      }
    })

    it('is given up after a few seconds when no answer comes', async () => {
      await start()
      const driver = harness.app.database.drivers[0] as any
      driver.get = () => new Promise(() => {})
      const clock = freeze()
      const results: string[] = []
      const done = Promise.all([
        outcome(harness.bot.internal.sendPrivateMessage('A', text)).then(result => results.push(result)),
        outcome(harness.bot.sendPrivateMessage('A', 'unasked')).then(result => results.push(result)),
        harness.bot.sendMessage('G', 'for a group').catch(() => {}),
      ])
      await clock.tickAsync(2 * Time.second)
      expect(results).to.deep.equal([])
      await clock.tickAsync(2 * Time.second)
      unfreeze()
      await done
      expect(results.join()).to.match(/was stopped.*no answer in time.*was stopped.*no answer in time/)
      expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['group', 'G']])
    })

    it('is given up when the plugin is unloaded', async () => {
      await start()
      const driver = harness.app.database.drivers[0] as any
      driver.get = () => new Promise(() => {})
      const result = outcome(harness.bot.internal.sendPrivateMessage('A', text))
      await pass()
      harness.plugin!.dispose()
      expect(await result).to.match(/was stopped/)
      expect(platform.posts).to.deep.equal([])
    })
  })

  /** A method that is new here may write to users: see whether it needs to be covered. */
  it('is one of those that the adapter knows', async () => {
    await start()
    const proto = Object.getPrototypeOf(harness.bot.internal)
    const found: string[] = []
    for (const name of Object.getOwnPropertyNames(proto).filter(name => name !== 'constructor')) {
      const requests: string[] = []
      const http = Object.assign(async (url: string, { method }: { method: string }) => {
        requests.push(`${method} ${url}`)
        return { headers: new Map() }
      }, { isError: () => false })
      const internal = Object.assign(Object.create(proto), { bot: { logger: { debug() {} } }, http: () => http })
      for (let args = 0; args < 4 && !requests.length; args++) await internal[name](...Array(args).fill('x')).catch(() => {})
      expect(requests, name).to.have.length(1)
      if (requests[0].includes(' /v2/users')) found.push(`${name}: ${requests[0]}`)
    }
    expect(found.sort()).to.deep.equal([
      'deletePrivateMessage: DELETE /v2/users/x/messages/x',
      'sendFilePrivate: POST /v2/users/x/files',
      'sendPrivateMessage: POST /v2/users/x/messages',
    ])
  })
})
