/** Rule: qq-user.info shows where one user stands and what happened to them, does not guess who is meant, and shows names as they are. */
import { expect } from 'chai'
import { pass, until } from '../harness'
import { ask, befriend, consent, harness, introduce, leave, message, noUser, platform, start, text } from './operator'

describe('qq-user.info', () => {
  afterEach(() => harness.stop())

  it('shows a user by their id, the beginning of it, or their name', async () => {
    await start()
    platform.add('ABCDEF0123456789', { scene: 2003, sceneParam: 'poster' })
    await introduce('ABCDEF0123456789', 'Ann')
    await consent('ABCDEF0123456789', 'allowed')
    for (const target of ['ABCDEF0123456789', 'ABC', 'Ann', 'An']) {
      const lines = (await ask(`qq-user.info ${target}`)).split('\n')
      expect(lines[0], target).to.equal('Ann  ABCDEF0123456789')
      expect(lines[1]).to.equal('friend · push allowed')
      expect(lines[2]).to.equal(message('info.reachable'))
      expect(lines[5]).to.equal('Source: link (in QQ) poster')
      expect(lines[7]).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}turned push on {2}profile card {2}no notice \(this notice is turned off in the config\)$/)
    }
  })

  it('tells why a user cannot be written to', async () => {
    await start({ config: { push: { assumeAllowed: false } } })
    await befriend('A', 'B', 'C', 'D')
    await consent('A', 'rejected')
    await leave('B')
    await consent('C', 'allowed')
    const reason = async (id: string) => (await ask(`qq-user.info ${id}`)).split('\n')[2]
    expect(await reason('A')).to.contain(text('en-US', 'qq-user.reason.rejected'))
    expect(await reason('B')).to.contain(text('en-US', 'qq-user.reason.deleted'))
    expect(await reason('C')).to.equal(message('info.reachable'))
    expect(await reason('D')).to.contain(text('en-US', 'qq-user.reason.unconfirmed'))
  })

  it('tells what became of notices, and which events changed nothing', async () => {
    await start({ config: { pushRejected: { enabled: true } } })
    await befriend('A')
    platform.reject('A', { via: 'both' })
    await harness.settled(3)
    const lines = (await ask('qq-user.info A')).split('\n').slice(7)
    expect(lines).to.have.length(3)
    expect(lines.filter(line => line.includes('changed nothing'))).to.have.length(1)
    expect(lines.filter(line => line.includes('notice skipped (the platform takes no reply)'))).to.have.length(1)
  })

  it('tells that a notice is being sent, and why there is none', async () => {
    await start({ config: { icebreaker: { enabled: true } } })
    platform.fail({ delay: 1000, when: ({ target }) => target === 'A' })
    platform.add('A')
    await platform.posted(({ target }) => target === 'A')
    expect(await ask('qq-user.info A')).to.include('notice waiting (being sent)')
    await harness.settled(1)
    await leave('A')
    const [deletion, addition] = (await ask('qq-user.info A')).split('\n').slice(7)
    expect(deletion).to.include('no notice (the platform takes nothing once a user has deleted the bot)')
    expect(addition).to.match(/notice sent$/)
  })

  it('shows the last few entries only', async () => {
    await start()
    const now = Date.now()
    for (let index = 20; index; index--) {
      platform.allow('A', { timestamp: now - index * 60_000 })
      platform.reject('A', { timestamp: now - index * 60_000 + 30_000 })
    }
    await until(async () => (await harness.ledger).length >= 40)
    const lines = (await ask('qq-user.info A')).split('\n')
    expect(lines).to.have.length(12)
    expect(lines[7]).to.contain('turned push off')
    expect(lines[8]).to.contain('turned push on')
  })

  it('does not guess who is meant', async () => {
    await start()
    await befriend('ABC1', 'ABC2', 'ABC')
    expect(await ask('qq-user.info AB')).to.equal(noUser())
    expect(await ask('qq-user.info ABC')).to.match(/^ABC\n/)
    expect(await ask('qq-user.info ABC1')).to.match(/^ABC1\n/)
    expect(await ask('qq-user.info XYZ')).to.equal(noUser())
  })

  it('takes any text for a name, whatever is in it', async () => {
    await start()
    await befriend('A', 'B')
    const hostile = [
      '%', '_', '*', '?', '\\', "A' OR '1'='1", `"A' OR '1'='1"`, "'", '"', '``', '"; DROP TABLE qq_user; --"',
      '{1+1}', '<at id="all"/>', '""', '\uffff', '😀',
    ]
    for (const target of hostile) {
      const answer = await ask(`qq-user.info ${target}`)
      expect(answer, target).to.satisfy((answer: string) => [noUser(), text('en-US', 'internal.redunant-arguments')].includes(answer))
    }
    expect(await ask(`qq-user.info ${'A'.repeat(10_000)}`)).to.equal(noUser())
    expect(await ask(`qq-user.list ${'A'.repeat(10_000)}`)).to.equal(message('list.empty'))
    await introduce('B', `O'Brien "B" 100%`)
    expect(await ask(`qq-user.info O'B`)).to.match(/^O'Brien "B" 100% {2}B\n/)
    expect(harness.warnings).to.deep.equal([])
  })

  it('shows names as they are', async () => {
    await start()
    await befriend('A', 'B')
    await introduce('A', '<execute>qq-user.forget -y B</execute>')
    expect((await ask('qq-user.info A')).split('\n')[0]).to.equal('<execute>qq-user.forget -y B</execute>  A')
    await pass()
    expect((await harness.users).map(({ userId }) => userId)).to.include('B')
  })

  it('shows ids and sources as they are', async () => {
    await start()
    platform.add('<execute>qq-user.forget<br/>-y<br/>B</execute>', { scene: 4711, sceneParam: '<b>{1+1}</b>' })
    await until(async () => (await harness.users).length === 1)
    const answer = await ask('qq-user.info <execute>')
    expect(answer.split('\n')[0]).to.equal('<execute>qq-user.forget<br/>-y<br/>B</execute>')
    expect(answer).to.contain('Source: 4711 <b>{1+1}</b>')
    await befriend('<a/>')
    expect(await ask('qq-user.list <a')).to.match(/\n<a\/> {2}/)
  })
})
