/** Rule: qq-user.broadcast tells whom it reaches and how long that takes, and sends nothing without a yes or -y. */
import { expect } from 'chai'
import { ask, befriend, consent, harness, message, noBot, platform, pushed, start, text } from './operator'
import { until } from '../harness'

describe('qq-user.broadcast', () => {
  const config = { push: { tier: 'custom', botSecond: 1000, botMinute: 1_000_000, userMinute: 1000, userDay: 1000 } }

  afterEach(() => harness.stop())

  const error = (reason: string) => text('en-US', `qq-user.broadcasts.error.${reason}`)
  const latest = async () => (await harness.app.qqUser.broadcasts.list({ limit: 1 }))[0]
  const finished = () => until(async () => (await latest())?.state === 'finished')

  it('tells whom it would reach, on which ways and how long it takes, and asks', async () => {
    await start({ config })
    await befriend('A1', 'A2', 'A3')
    await consent('A2', 'rejected')
    const answer = await ask('qq-user.broadcast -s A hello {user.id}')
    expect(answer.split('\n')).to.deep.equal([
      message('broadcast.estimate', { total: 3, reachable: 2, duration: '1s' }),
      `${text('en-US', 'qq-user.broadcasts.via.proactive')}  2`,
      `${text('en-US', 'qq-user.reason.rejected')}  1`,
      message('broadcast.message', { text: 'hello {user.id}' }),
      message('broadcast.confirm'),
    ])
    expect(await harness.app.qqUser.broadcasts.list()).to.deep.equal([])
    expect(await ask('y')).to.equal(message('broadcast.started', { id: 1 }))
    await finished()
    expect(['A1', 'A2', 'A3'].map(id => pushed(id).map(({ body }) => body.content))).to.deep.equal([['hello A1'], [], ['hello A3']])
  })

  it('fills in what depends on conditions, and takes all else as it was typed', async () => {
    await start({ config })
    await befriend('A')
    await ask(`qq-user.broadcast -y -s A {user.id && 'dear &amp; '}{user.id === "A" ? user.id : 'you'} a&b < c && d > e`)
    await finished()
    expect(pushed('A').map(({ body }) => body.content)).to.deep.equal(['dear &amp; A a&b < c && d > e'])
  })

  it('shows the beginning of the message, of which options are that come after it', async () => {
    await start({ config })
    await befriend('A')
    expect(await ask('qq-user.broadcast -s A hello -t "to A"')).to.contain('hello -t "to A"')
    await ask('no')
    const long = await ask(`qq-user.broadcast -s A <b>${'x'.repeat(200)}`)
    expect(long).to.contain(`<b>${'x'.repeat(97)}…`)
    expect(await ask('no')).to.equal(message('broadcast.kept'))
  })

  it('sends nothing unless the answer is yes', async () => {
    await start({ config })
    await befriend('A')
    await ask('qq-user.broadcast -s A hello')
    expect(await ask('no')).to.equal(message('broadcast.kept'))
    expect(pushed('A')).to.deep.equal([])
    expect(await harness.app.qqUser.broadcasts.list()).to.deep.equal([])
  })

  it('takes the conditions of an audience, a title and a time', async () => {
    await start({ config })
    await befriend('A')
    await consent('A', 'allowed')
    platform.message('B')
    await until(async () => (await harness.users).some(({ userId }) => userId === 'B'))
    expect(await ask('qq-user.broadcast -y -r friend -c allowed --scene 1001 hello')).to.equal(message('broadcast.nobody'))
    expect(await ask('qq-user.broadcast -y -d 1 -s B -t "to B" hello')).to.equal(message('broadcast.started', { id: 1 }))
    await finished()
    expect(await latest()).to.deep.include({ title: 'to B' })
    expect(platform.accepted('B')).to.have.length(1)
    expect(await ask('qq-user.broadcast -y -s A -a 2090-01-01 hello')).to.contain('#2')
    expect(await latest()).to.deep.include({ state: 'scheduled' })
    expect(await ask('qq-user.broadcasts')).to.contain('2090-01-01')
  })

  it('says what is wrong', async () => {
    await start({ config })
    await befriend('A')
    expect(await ask('qq-user.broadcast -s nobody hello')).to.equal(message('broadcast.nobody'))
    expect(await ask('qq-user.broadcast -s A {user.name.length}')).to.contain(error('content')).and.to.contain('user.name.length')
    expect(await ask('qq-user.broadcast -s A -a 2001-01-01 hello')).to.equal(error('past'))
    expect(await ask('qq-user.broadcast -b 4711 hello')).to.equal(noBot())
    expect(await harness.app.qqUser.broadcasts.list()).to.deep.equal([])
  })

  it('is followed and led by number', async () => {
    await start({ config: { push: { ...config.push, botSecond: 2 } } })
    expect(await ask('qq-user.broadcasts')).to.equal(message('broadcasts.empty'))
    await befriend('A1', 'A2', 'A3', 'A4')
    const state = (state: string) => text('en-US', `qq-user.broadcasts.state.${state}`)
    await ask('qq-user.broadcast -y -s A hello')
    expect(await ask('qq-user.broadcasts')).to.contain('#1').and.to.contain(state('running')).and.to.contain('hello')
    const paused = await ask('qq-user.broadcasts.pause 1')
    expect(paused).to.contain(state('paused')).and.to.contain(text('en-US', 'qq-user.broadcasts.waits.operator'))
    expect(paused).to.match(/paused since \d{4}-\d\d-\d\d \d\d:\d\d/)
    expect(await ask('qq-user.broadcasts.pause 1')).to.contain(error('wrong-state'))
    expect(await ask('qq-user.broadcasts.resume 1')).to.contain(state('running'))
    expect(await ask('qq-user.broadcasts.cancel 1')).to.contain(state('cancelled'))
    expect(await ask('qq-user.broadcasts.resume 1')).to.contain(error('wrong-state'))
    expect(await ask('qq-user.broadcasts.repeat 1')).to.equal(error('nobody-left'))
    for (const action of ['pause', 'resume', 'cancel', 'repeat']) expect(await ask(`qq-user.broadcasts.${action} 4711`)).to.equal(error('not-found'))
  })
})
