/** Rule: no reload of the plugin or the adapter sends a notice twice, loses one, or leaves its outcome off the record. */
import { expect } from 'chai'
import { ForkScope, Time } from 'koishi'
import { kinds } from '../database'
import { pass, until } from '../harness'
import { freeze, harness, platform, start, useStage } from '../stage'

describe('notices, while the plugin is reloaded', () => {
  useStage()

  async function reload(config = {}) {
    await harness.reload(config)
  }

  const outcomes = async (count: number) => (await harness.settled(count)).map(({ notice, noticeReason }) => [notice, noticeReason])
  const ours = () => harness.log.filter(line => /^[we] (qq-user|app)/.test(line))

  it('between two tries go out once, by the next instance', async () => {
    await start({ freshFor: Time.second })
    const clock = freeze()
    platform.add('A')
    await until(() => platform.posts.length === 1)
    await pass()
    clock.tick(1200)
    await reload()
    await until(() => platform.accepted('A').length)
    expect(await outcomes(1)).to.deep.equal([['sent', '']])
    clock.tick(Time.minute)
    await pass()
    expect(platform.posts.map(({ code, route }) => [code, route])).to.deep.equal([[40034025, 'event'], [undefined, 'event']])
    expect(ours()).to.deep.equal([])
  })

  it('again and again go out once each', async () => {
    await start({ freshFor: 700 })
    for (let index = 0; index < 12; index++) {
      platform.add(`A${index}`)
      await new Promise(resolve => setTimeout(resolve, 50))
      if (index % 2) await reload()
    }
    expect(await outcomes(12)).to.deep.equal(Array.from({ length: 12 }, () => ['sent', '']))
    const targets = platform.accepted().map(({ target }) => target)
    expect(new Set(targets).size).to.equal(12)
    expect(targets).to.have.length(12)
    expect(ours()).to.deep.equal([])
  })

  it('before their turn go out once each', async () => {
    await start({ config: { requests: { concurrent: 1 } } })
    platform.latency = 30
    for (let index = 0; index < 10; index++) platform.add(`A${index}`)
    await until(() => platform.accepted().length >= 2)
    await reload({ requests: { concurrent: 1 } })
    await until(() => platform.accepted().length >= 5)
    await reload({ requests: { concurrent: 1 } })
    expect(await outcomes(10)).to.deep.equal(Array.from({ length: 10 }, () => ['sent', '']))
    expect(platform.posts).to.have.length(10)
  })

  it('under way are on record, however they end', async () => {
    await start()
    platform.latency = 200
    platform.fail({ code: 40054007, when: ({ target }) => target === 'B' })
    platform.fail({ code: 40034025, when: ({ target }) => target === 'C' })
    for (const id of ['A', 'B', 'C']) platform.add(id)
    await until(() => platform.posts.length === 3)
    await reload()
    await until(() => platform.accepted('C').length)
    const ledger = await harness.settled(3)
    expect(Object.fromEntries(ledger.map(({ userId, notice, noticeReason }) => [userId, [notice, noticeReason]]))).to.deep.equal({
      A: ['sent', ''], B: ['failed', 'code:40054007'], C: ['sent', ''],
    })
    expect(platform.posts).to.have.length(4)
    expect(ours().filter(line => !line.includes('40054007'))).to.deep.equal([])
  })

  it('in the middle of one that has two parts arrive as a whole', async () => {
    await start({ config: { icebreaker: { content: '<message>one</message><message>two</message>' } } })
    platform.latency = 100
    platform.add('A')
    await until(() => platform.posts.length === 1)
    await reload()
    expect(await outcomes(1)).to.deep.equal([['sent', '']])
    expect(platform.accepted('A').map(({ body }) => [body.content, body.msg_seq])).to.deep.equal([['one', undefined], ['two', 2]])
  })

  it('of the adapter in the middle of one that has two parts arrive as a whole', async () => {
    await start({ config: { icebreaker: { content: '<message>one</message><message>two</message>' } } })
    let answered!: () => void
    harness.app.on('send', () => {
      harness.adapter!.dispose()
      answered()
    })
    const gone = new Promise<void>(resolve => answered = resolve)
    platform.add('A')
    await gone
    await pass()
    harness.connect()
    expect(await outcomes(1)).to.deep.equal([['sent', '']])
    expect(platform.accepted('A').map(({ body }) => [body.content, body.msg_seq])).to.deep.equal([['one', undefined], ['two', 2]])
  })

  it('of the database before their text is made go out once, and the text is not said to be at fault', async () => {
    const load = kinds.find(({ name }) => name === 'strict')!.create()
    let database!: ForkScope
    await start({ database(app) { database = load(app) as never } })
    harness.app.once('qq-user/updated', () => { database.dispose() })
    platform.add('A')
    await until(() => !harness.app.get('database'))
    await pass()
    load(harness.app)
    await until(() => platform.accepted('A').length)
    expect(await outcomes(1)).to.deep.equal([['sent', '']])
    expect(ours().filter(line => line.includes('icebreaker'))).to.deep.equal([])
  })

  it('of the database while they are looked for are left to the next instance without a word', async () => {
    const load = kinds.find(({ name }) => name === 'strict')!.create()
    let database!: ForkScope
    await start({ database(app) { database = load(app) as never } })
    harness.app.emit('bot-status-updated', harness.bot)
    database.dispose()
    await pass()
    load(harness.app)
    await until(() => harness.app.get('qqUser'))
    await pass()
    expect(ours()).to.deep.equal([])
  })

  it('are sent through the bot of now', async () => {
    await start({ freshFor: Time.second })
    const clock = freeze()
    platform.add('A')
    await until(() => platform.posts.length === 1)
    await pass()
    harness.adapter!.dispose()
    await clock.tickAsync(2 * Time.second)
    await pass()
    expect(platform.posts).to.have.length(1)
    expect((await harness.ledger)[0]).to.include({ notice: 'pending' })
    clock.uninstall()
    harness.connect()
    await until(() => platform.accepted('A').length)
    expect(await outcomes(1)).to.deep.equal([['sent', '']])
  })

  it('are on record when the process is told to end: what is under way as sent, what waits as owed', async () => {
    await start({ config: { requests: { concurrent: 1 } } })
    platform.latency = 200
    platform.add('A')
    platform.add('B')
    await until(() => platform.posts.length === 1)
    await harness.app.parallel('exit', 'SIGTERM')
    await until(async () => (await harness.ledger).length === 2)
    expect((await harness.ledger).map(({ userId, notice }) => [userId, notice])).to.deep.equal([['A', 'sent'], ['B', 'pending']])
    expect(platform.posts).to.have.length(1)
  })
})
