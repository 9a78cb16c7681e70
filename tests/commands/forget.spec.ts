/** Rule: qq-user.forget erases everything of one user, and only after a yes of the operator who asked, or with -y. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { freeze } from '../clock'
import { pass, until } from '../harness'
import { ask, befriend, consent, enroll, harness, introduce, message, noUser, platform, start } from './operator'

describe('qq-user.forget', () => {
  afterEach(() => harness.stop())

  async function remember() {
    await befriend('A', 'B')
    await consent('A', 'allowed')
    expect(await ask('qq-user.push A hi')).to.equal(message('push.sent'))
    await ask('qq-user.push B hi')
  }

  const records = async (userId: string) => ({
    users: (await harness.app.database.get('qq_user', { userId })).length,
    entries: (await harness.app.database.get('qq_user_event', { userId })).length,
    pushes: (await harness.app.database.get('qq_user_push', { userId })).length,
  })

  const contents = () => platform.accepted('OP').map(({ body }) => body.content)

  const none = { users: 0, entries: 0, pushes: 0 }

  for (const answer of ['y', 'Y', ' y ']) {
    it(`asks, and erases everything of one user after "${answer}"`, async () => {
      await start()
      await remember()
      const question = await ask('qq-user.forget A')
      expect(question).to.contain('A  friend · push allowed').and.to.match(/\nA\n/)
      expect(await records('A')).to.deep.equal({ users: 1, entries: 2, pushes: 1 })
      expect(await ask(answer)).to.equal(message('forget.done'))
      expect(await records('A')).to.deep.equal(none)
      expect(await records('B')).to.deep.equal({ users: 1, entries: 1, pushes: 1 })
      expect(await harness.app.qqUser.get(platform.selfId, 'A')).to.equal(undefined)
      expect(await ask('qq-user.info A')).to.equal(noUser())
      expect((await ask('qq-user.stats')).split('\n')[0]).to.equal(message('stats.totals', { friends: 2, reachable: 2, rejected: 0, deleted: 0, unknown: 2 }))
    })
  }

  for (const answer of ['n', 'yes', 'yy', 'qq-user.list', 'yes please']) {
    it(`erases nothing after "${answer}"`, async () => {
      await start()
      await remember()
      await ask('qq-user.forget A')
      expect(await ask(answer)).to.equal(message('forget.kept'))
      expect(await records('A')).to.deep.equal({ users: 1, entries: 2, pushes: 1 })
    })
  }

  it('takes the answer of nobody else', async () => {
    await start()
    await enroll('OTHER', 4)
    await remember()
    await ask('qq-user.forget A')
    platform.message('OTHER', 'y')
    await ask('push-status', 'OTHER')
    expect((await records('A')).users).to.equal(1)
    expect(await ask('y')).to.equal(message('forget.done'))
  })

  it('does not ask when told so', async () => {
    await start()
    await remember()
    expect(await ask('qq-user.forget -y A')).to.equal(message('forget.done'))
    expect(await records('A')).to.deep.equal(none)
    expect(await ask('qq-user.forget A --yes')).to.equal(noUser())
    expect(await ask('qq-user.forget B -y')).to.equal(message('forget.done'))
    expect(await records('B')).to.deep.equal(none)
  })

  it('lets a user begin anew', async () => {
    await start()
    await remember()
    await consent('A', 'rejected')
    await ask('qq-user.forget -y A')
    platform.add('A')
    await until(async () => (await records('A')).users)
    expect((await harness.app.qqUser.get(platform.selfId, 'A'))?.consent).to.equal('unknown')
  })

  it('shows names as they are in its question', async () => {
    await start()
    await befriend('A', 'B')
    await introduce('A', '<execute>qq-user.forget -y B</execute> & co')
    expect(await ask('qq-user.forget A')).to.contain('<execute>qq-user.forget -y B</execute> & co  A  ')
    await pass()
    expect((await records('B')).users).to.equal(1)
    await ask('n')
  })

  it('erases nothing when nobody answers for a minute', async () => {
    await start()
    await remember()
    const clock = freeze()
    try {
      await ask('qq-user.forget A')
      await clock.tickAsync(Time.minute - 1)
      expect(contents().at(-1)).not.to.equal(message('forget.kept'))
      await clock.tickAsync(1)
      await until(() => contents().at(-1) === message('forget.kept'))
      expect(await records('A')).to.deep.equal({ users: 1, entries: 2, pushes: 1 })
    } finally {
      clock.uninstall()
    }
  })
})
