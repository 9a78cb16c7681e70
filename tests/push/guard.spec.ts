/** Rule: a user who turned proactive messages off gets none, whichever plugin sends it; replies and group messages pass. */
import { expect } from 'chai'
import { h, Session, Time } from 'koishi'
import { pass, until } from '../harness'
import { befriend, date, harness, platform, refuse, start, useStage, watchReads } from './stage'

describe('guard', () => {
  useStage()

  describe('private messages that nobody asked for', () => {
    it('reach users on the roster, whichever way they are sent', async () => {
      await start()
      await befriend('A', 'B')
      await harness.bot.sendPrivateMessage('A', 'one')
      await harness.bot.sendMessage('A', 'two')
      await harness.bot.broadcast(['A', 'B'], 'three', 0)
      expect(platform.accepted().map(({ target, body, route }) => [target, body.content, route])).to.deep.equal([
        ['A', 'one', 'proactive'], ['A', 'two', 'proactive'], ['A', 'three', 'proactive'], ['B', 'three', 'proactive'],
      ])
      expect(platform.unknownRequests).to.deep.equal([])
    })

    it('reach them with pictures', async () => {
      await start()
      await befriend('A')
      await harness.bot.sendPrivateMessage('A', h.image('data:image/png;base64,AAAA'))
      expect(platform.accepted('A').map(({ body }) => body.msg_type)).to.deep.equal([7])
    })

    it('are stopped for users who rejected or deleted the bot, by whatever plugin', async () => {
      await start()
      await befriend('A', 'B')
      const stopped: [string, string, string][] = []
      harness.app.on('qq-user/stopped', (user, reason, session) => { stopped.push([user.userId, reason, session.content!]) })
      await refuse('A')
      platform.remove('B')
      await until(() => harness.sessions.length === 4)
      expect(await harness.bot.sendPrivateMessage('A', 'one')).to.deep.equal([])
      expect(await harness.bot.sendMessage('A', 'two')).to.deep.equal([])
      expect(await harness.bot.broadcast(['A', 'B'], 'three', 0)).to.deep.equal([])
      expect(platform.posts).to.deep.equal([])
      expect(stopped).to.deep.equal([['A', 'rejected', 'one'], ['A', 'rejected', 'two'], ['A', 'rejected', 'three'], ['B', 'deleted', 'three']])
    })

    it('are stopped where the bot may not write to a user, on the roster or not', async () => {
      await start()
      platform.pushBanned = true
      for (const userId of ['S', 'S1', 'S2', 'S3']) platform.users.set(userId, { friend: true, push: true, username: '' })
      const stopped: [string, string][] = []
      harness.app.on('qq-user/stopped', ({ userId, consent }, reason) => {
        expect(consent).to.equal('unknown')
        stopped.push([userId, reason])
      })
      for (const userId of ['S', 'S', 'S1', 'S2', 'S3']) await harness.bot.sendPrivateMessage(userId, 'news').catch(() => {})
      const text = { content: 'by itself', msg_type: 0 }
      for (const userId of ['S', 'S3']) await harness.bot.internal.sendPrivateMessage(userId, text).catch(() => {})
      expect(platform.posts.map(({ target }) => target)).to.deep.equal(['S', 'S1', 'S2'])
      expect(stopped).to.deep.equal([['S', 'no-permission'], ['S3', 'no-permission']])
      expect(await harness.users).to.deep.equal([])
    })

    it('are logged once for each user and hour', async () => {
      await start()
      await befriend('A', 'B')
      await refuse('A')
      await refuse('B')
      for (let times = 0; times < 3; times++) await harness.bot.broadcast(['A', 'B'], 'news', 0)
      expect(harness.warnings.map(line => /message to (\w+) was stopped \((\w+)\)/.exec(line)?.slice(1))).to.deep.equal([['A', 'rejected'], ['B', 'rejected']])
      date(Date.now() + Time.hour)
      await harness.bot.sendMessage('A', 'news')
      expect(harness.warnings).to.have.length(3)
    })

    it('leave where the operator wants no guard, and still reach a user', async () => {
      await start({ config: { push: { guard: false } } })
      await befriend('A')
      await refuse('A')
      const error = await harness.bot.sendPrivateMessage('A', 'one').catch(error => error)
      expect(error.errors[0].response.data.code).to.equal(40054013)
      expect(platform.posts).to.have.length(1)
      expect(platform.posts[0]).to.include({ kind: 'user', target: 'A' })
    })

    it('leave for users whose switch was never seen', async () => {
      await start({ config: { push: { assumeAllowed: false } } })
      await befriend('A')
      await harness.bot.sendPrivateMessage('A', 'one')
      expect(platform.accepted('A')).to.have.length(1)
    })

    it('teach when they are refused', async () => {
      await start()
      await befriend('A')
      platform.users.get('A')!.push = false
      await harness.bot.sendPrivateMessage('A', 'one').catch(() => {})
      expect(await harness.bot.sendPrivateMessage('A', 'two')).to.deep.equal([])
      expect(platform.posts).to.have.length(1)
      expect((await harness.app.qqUser.get(platform.selfId, 'A'))!.consent).to.equal('rejected')
    })

    it('a plugin that throws when it is told does no harm', async () => {
      await start()
      await befriend('A')
      await refuse('A')
      harness.app.on('qq-user/stopped', () => { throw new Error('not ours') })
      expect(await harness.bot.sendPrivateMessage('A', 'one')).to.deep.equal([])
    })
  })

  describe('replies always pass', () => {
    it('on a message', async () => {
      await start({ prepare: app => app.middleware(session => `re ${session.content}`) })
      await befriend('A')
      await refuse('A')
      platform.message('A', 'hello')
      await until(() => platform.accepted('A').length)
      expect(platform.posts[0]).to.include({ route: 'msg', status: 200 })
    })

    it('on an event', async () => {
      await start({ prepare: app => app.on('friend-push-rejected', (session) => { session.send('bye') }) })
      await befriend('A')
      platform.reject('A', { via: 'interaction' })
      await until(() => platform.accepted('A').length)
      expect(platform.posts[0]).to.include({ route: 'event', status: 200 })
    })

    it('with an element that says so', async () => {
      await start()
      await befriend('A')
      const { d } = platform.message('A', 'hello')
      await refuse('A')
      await harness.bot.sendPrivateMessage('A', [h('passive', { messageId: d.id, seq: 7 }), h.text('re')])
      expect(platform.posts[0]).to.include({ route: 'msg', status: 200 })
    })

    it('but not when it is too late for one', async () => {
      await start()
      const messages: Session[] = []
      harness.app.on('message', (session) => { messages.push(session) })
      platform.message('A', 'hello', { timestamp: Date.now() - 61 * Time.minute })
      await until(() => messages.length)
      await refuse('A')
      await messages[0].send('at last')
      expect(platform.posts).to.deep.equal([])
      expect(harness.warnings).to.have.length(1)
    })
  })

  describe('group messages', () => {
    it('are never taken for private ones, and cost no read', async () => {
      await start({ prepare: app => app.middleware(session => `re ${session.content}`) })
      await befriend('A')
      const reads = watchReads()
      platform.groupMessage('G', 'A', 'hello')
      await until(() => platform.posts.length === 1)
      await harness.bot.sendMessage('G', 'unasked')
      await harness.bot.broadcast(['G'], 'broadcast', 0)
      await pass()
      expect(platform.posts.map(({ kind, target, body }) => [kind, target, body.content])).to.deep.equal([
        ['group', 'G', 're hello'], ['group', 'G', 'unasked'], ['group', 'G', 'broadcast'],
      ])
      expect(reads).to.deep.equal([])
    })

    it('do not even ask the roster\'s memory', async () => {
      await start({ prepare: app => app.middleware(session => `re ${session.content}`) })
      const roster = harness.app.qqUser['roster']
      const asked: string[] = []
      for (const name of ['get', 'peek'] as const) {
        const method = roster[name] as (...args: any[]) => any
        roster[name] = (...args: any[]) => {
          asked.push(name)
          return method.apply(roster, args)
        }
      }
      platform.groupMessage('G', 'A', 'hello')
      await until(() => platform.posts.length === 1)
      await harness.bot.sendMessage('G', 'unasked')
      await harness.bot.internal.sendMessage('G', { content: 'by itself', msg_type: 0 })
      expect(platform.posts.map(({ kind }) => kind)).to.deep.equal(['group', 'group', 'group'])
      expect(asked).to.deep.equal([])
      await harness.bot.sendMessage('A', 'to a user').catch(() => {})
      expect(asked).to.include('get')
    })

    it('of a group that was never heard of cost one read in ten seconds', async () => {
      await start()
      await befriend('A')
      const reads = watchReads()
      for (let times = 0; times < 5; times++) await harness.bot.sendMessage('G', 'unasked').catch(() => {})
      expect(platform.posts.every(({ kind }) => kind === 'group')).to.equal(true)
      expect(reads).to.have.length(1)
    })

    it('of a group that the bot was mentioned in cost none later either', async () => {
      await start({ prepare: app => app.middleware(session => `re ${session.content}`) })
      await befriend('A')
      platform.groupMessage('G', 'A', 'hello')
      await until(() => platform.posts.length === 1)
      const reads = watchReads()
      date(Date.now() + 50 * Time.minute)
      await harness.bot.sendMessage('G', 'unasked')
      expect(reads).to.deep.equal([])
    })
  })

  describe('whoever gets onto the roster is known at once', () => {
    const ways: [how: string, arrive: () => Promise<unknown>][] = [
      ['by an import', () => harness.app.qqUser['roster'].accept({
        id: '~import:1', type: 'friend-added', source: 'import', selfId: platform.selfId, userId: 'X', occurredAt: Date.now(), receivedAt: Date.now(),
      })],
      ['by an event', async () => {
        platform.add('X')
        await until(() => harness.sessions.length)
      }],
      ['by an event that is not written yet', async () => {
        harness.deafen('upsert')
        platform.add('X')
        await until(() => harness.app.qqUser['roster'].peek(platform.selfId, 'X'))
      }],
      ['by a message', async () => {
        platform.message('X')
        await until(() => harness.app.qqUser['roster'].peek(platform.selfId, 'X'))
      }],
    ]

    for (const [how, arrive] of ways) {
      it(how, async () => {
        await start()
        await harness.bot.sendMessage('X', 'to whom?').catch(() => {})
        await arrive()
        await harness.bot.sendMessage('X', 'to X').catch(() => {})
        expect(platform.posts.map(({ kind, target, body }) => [kind, target, body.content])).to.deep.equal([['group', 'X', 'to whom?'], ['user', 'X', 'to X']])
      })
    }

    it('within seconds where another process put them there', async () => {
      await start()
      await harness.bot.sendMessage('X', 'to whom?').catch(() => {})
      await harness.app.database.create('qq_user', { selfId: platform.selfId, userId: 'X', relation: 'friend', firstSeen: new Date() })
      date(Date.now() + 11 * Time.second)
      await harness.bot.sendMessage('X', 'to X').catch(() => {})
      expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['group', 'X'], ['user', 'X']])
    })

    it('and asked for anew when they were forgotten', async () => {
      await start()
      await befriend('A')
      await harness.app.qqUser.forget(platform.selfId, 'A')
      await harness.bot.sendMessage('A', 'to whom?').catch(() => {})
      await befriend('A')
      await until(() => harness.sessions.length === 2)
      await harness.bot.sendMessage('A', 'to A')
      expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['group', 'A'], ['user', 'A']])
    })
  })

  describe('with the database down', () => {
    function takeDown() {
      const driver = harness.app.database.drivers[0] as any
      driver.get = () => Promise.reject(new Error('the server has gone away'))
    }

    it('a private message that nobody asked for does not leave', async () => {
      await start()
      const messages: Session[] = []
      harness.app.on('message', (session) => { messages.push(session) })
      platform.message('A')
      await until(() => messages.length)
      await refuse('A')
      // what was known is known no more, and the message too old for a reply
      date(Date.now() + Time.hour)
      takeDown()
      expect(await messages[0].send('unasked')).to.deep.equal([])
      expect(platform.posts).to.deep.equal([])
      expect(harness.warnings.join()).to.contain('the server has gone away')
    })

    it('what may be for a group leaves', async () => {
      await start()
      takeDown()
      await harness.bot.sendMessage('G', 'unasked').catch(() => {})
      expect(platform.posts.map(({ kind, target }) => [kind, target])).to.deep.equal([['group', 'G']])
    })
  })

  it('stops what the platform does not let the bot send, whoever it is for', async () => {
    await start()
    await befriend('A', 'B', 'C', 'D')
    platform.pushBanned = true
    for (const userId of ['A', 'B', 'C']) await harness.bot.sendPrivateMessage(userId, 'one').catch(() => {})
    expect(await harness.bot.sendPrivateMessage('D', 'two')).to.deep.equal([])
    expect(platform.posts.map(({ target, code }) => [target, code])).to.deep.equal([['A', 40034105], ['B', 40034105], ['C', 40034105]])
  })
})
