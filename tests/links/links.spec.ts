/** Rule: a parameter has one link, made by one request at a time, which tells how many users came by it, or there is a reason why not. */
import { expect } from 'chai'
import { LinkError } from '../../src'
import { Clock, freeze, tickUntil } from '../clock'
import { Harness, pass, silent, until } from '../harness'
import { Answer, refuse } from '../platform/answer'

describe('links', () => {
  let harness: Harness
  let clock: Clock | undefined

  beforeEach(async () => {
    harness = await Harness.start({ config: silent })
  })

  afterEach(async () => {
    clock?.uninstall()
    clock = undefined
    await harness.stop()
  })

  const made = () => harness.platform.links
  const create = (sceneParam: unknown, title?: string, selfId = harness.platform.selfId) => {
    return harness.app.qqUser.links.create(selfId, sceneParam as string, { title })
  }
  const fail = async (sceneParam: unknown, selfId?: string) => {
    const error = await create(sceneParam, undefined, selfId).catch(error => error)
    expect(error).to.be.instanceOf(LinkError)
    return error as LinkError
  }
  const rows = () => harness.app.database.get('qq_user_link', {})
  const numbers = async () => {
    const list = await harness.app.qqUser.links.list(harness.platform.selfId)
    return Object.fromEntries(list.map(({ sceneParam, users, friends, rejected }) => [sceneParam, [users, friends, rejected]]))
  }

  /** Lets time pass until something has come to its end. */
  async function ticking<T>(promise: Promise<T>): Promise<T> {
    let done = false
    promise.then(() => done = true, () => done = true)
    await tickUntil(clock!, 500, () => done)
    return promise
  }

  for (const shape of ['retcode', 'data', 'url_link'] as const) {
    it(`are made, where the platform answers by ${shape}`, async () => {
      made().shape = shape
      const before = Date.now()
      const link = await create('poster-1', ' In the\nmetro ')
      const [[code, param]] = made().made
      expect(param).to.equal('poster-1')
      expect(link).to.deep.include({
        selfId: harness.platform.selfId, sceneParam: 'poster-1', url: `https://bot.q.qq.com/s/${code}`, title: 'In the metro',
      })
      expect(+link.createdAt).to.be.within(before, Date.now())
      expect(await rows()).to.deep.equal([link])
    })
  }

  it('are made once: the same parameter gives the same link, without asking again', async () => {
    const link = await create('poster', 'first')
    expect(await create('poster', 'second')).to.deep.equal(link)
    await harness.reload(silent)
    harness.bot.offline()
    expect(await create('poster')).to.deep.equal(link)
    expect(made().asked).to.deep.equal(['poster'])
  })

  it('are asked for once, however many want the same at once', async () => {
    const links = await Promise.all(['a', 'a', 'b', 'a'].map(param => create(param)))
    expect(new Set(links.map(({ url }) => url)).size).to.equal(2)
    expect(made().asked).to.deep.equal(['a', 'b'])
    expect(new Set(links).size).to.equal(4)
  })

  it('are made anew after they were removed', async () => {
    const { links } = harness.app.qqUser
    const { selfId } = harness.platform
    const first = await create('poster')
    await links.remove(selfId, 'poster')
    await links.remove(selfId, 'poster')
    await links.remove(selfId, 'a b')
    expect(await links.list(selfId)).to.deep.equal([])
    expect((await create('poster')).url).not.to.equal(first.url)
    expect(made().asked).to.deep.equal(['poster', 'poster'])
  })

  it('wait their turn, one request at a time, and wait again when the platform makes no more', async () => {
    clock = freeze()
    const params = Array.from({ length: 12 }, (_, index) => `p${index}`)
    const links = await ticking(Promise.all(params.map(param => create(param))))
    expect(links.map(({ sceneParam }) => sceneParam)).to.deep.equal(params)
    expect([...made().made.values()]).to.deep.equal(params)
    // nobody overtakes whoever was refused
    expect([...new Set(made().asked)]).to.deep.equal(params)
    expect(made().asked.length).to.be.within(13, 20)
    expect(await rows()).to.have.length(12)
  })

  it('hold up nothing else while they wait', async () => {
    harness.platform.add('U')
    await until(async () => (await harness.users).length)
    clock = freeze()
    made().misbehaviour.push(refuse(100017))
    const link = create('poster')
    await until(() => made().asked.length === 1)
    await pass()
    const pushed = harness.app.qqUser.push(harness.platform.selfId, 'U', 'news')
    await ticking(pushed)
    expect(made().asked).to.have.length(1)
    await ticking(link)
  })

  it('give their turn back, whatever came of it', async () => {
    harness.plugin!.update({ ...silent, requests: { concurrent: 1 } })
    await until(() => harness.app.get('qqUser'))
    made().misbehaviour.push({ status: 500 }, { status: 200, body: { retcode: 51 } })
    expect(await fail('a')).to.include({ reason: 'no-answer' })
    expect(await fail('a')).to.include({ reason: 'refused' })
    await create('a')
    await create('b')
  })

  it('are given up when the platform makes none for long, and the next one is asked for', async () => {
    clock = freeze()
    made().misbehaviour.push(...Array(8).fill(refuse(100017)))
    const [first, second] = await ticking(Promise.all([fail('a'), create('b')]))
    expect(first).to.include({ reason: 'rate', code: 40023001 })
    expect(await rows()).to.deep.equal([second])
    expect(made().asked).to.deep.equal([...Array(8).fill('a'), 'b'])
  })

  it('are asked for again where the platform says so', async () => {
    clock = freeze()
    made().misbehaviour.push({ status: 200, body: { retcode: 11004, msg: 'again' } }, refuse(11004))
    await ticking(create('poster'))
    expect(made().asked).to.have.length(3)
  })

  describe('are not kept when', () => {
    const answers: [string, Answer, object][] = [
      ['the parameter is refused', { status: 200, body: { retcode: 51, msg: 'invalid' } }, { reason: 'refused', code: 51, detail: 'invalid' }],
      ['the request is refused', { status: 200, body: { retcode: 10001, msg: 'bad request' } }, { reason: 'refused', code: 10001 }],
      ['the bot has no right to it', { status: 200, body: { retcode: 10044, msg: 'no' } }, { reason: 'no-right', code: 10044 }],
      ['the bot has no right to the interface', refuse(11253), { reason: 'no-right', code: 40012010 }],
      ['the refusal has a status of its own', { status: 400, body: { retcode: 10002, msg: 'bad bot' } }, { reason: 'refused', code: 10002, detail: 'bad bot' }],
      ['the token is wrong', { status: 401, body: {} }, { reason: 'no-right', code: undefined }],
      ['the platform fails', { status: 500, body: {} }, { reason: 'no-answer', code: undefined }],
      ['there is no such interface', { status: 404, body: {} }, { reason: 'refused', code: undefined }],
      ['the answer has no link', { status: 200, body: { retcode: 0, msg: 'success', data: {} } }, { reason: 'no-link' }],
      ['the answer is nonsense', { status: 200, body: '<html>' }, { reason: 'no-answer' }],
      ['the answer is empty', { status: 200 }, { reason: 'no-answer' }],
      ['the answer breaks off', { status: 200, body: '{"data":', close: true }, { reason: 'no-answer' }],
    ]

    for (const [why, answer, error] of answers) {
      it(why, async () => {
        made().misbehaviour.push(answer)
        expect(await fail('poster')).to.include(error)
        expect(await rows()).to.deep.equal([])
        expect(made().asked).to.deep.equal(['poster'])
        // and the next one may be
        await create('poster')
        expect(await rows()).to.have.length(1)
      })
    }

    it('there is no answer in time', async () => {
      const { timeout } = AbortSignal
      const limits: number[] = []
      const controller = new AbortController()
      AbortSignal.timeout = (limit) => {
        limits.push(limit)
        return controller.signal
      }
      try {
        made().misbehaviour.push({ status: 0, hang: true })
        const failed = fail('poster')
        await until(() => made().asked.length)
        controller.abort()
        expect(await failed).to.include({ reason: 'no-answer' })
        expect(limits).to.deep.equal([30_000])
        expect(await rows()).to.deep.equal([])
      } finally {
        AbortSignal.timeout = timeout
      }
    })

    it('the bot is offline, or there is none', async () => {
      expect(await fail('poster', 'nobody')).to.include({ reason: 'unknown-bot' })
      expect(await fail('poster', '\0')).to.include({ reason: 'unknown-bot' })
      harness.bot.offline()
      expect(await fail('poster')).to.include({ reason: 'offline' })
      expect(made().asked).to.deep.equal([])
    })

    it('the adapter cannot ask for one', async () => {
      Object.defineProperty(harness.bot, 'http', { value: undefined, configurable: true })
      expect(await fail('poster')).to.include({ reason: 'unsupported' })
    })

    it('the plugin is unloaded meanwhile', async () => {
      made().misbehaviour.push({ status: 0, hang: true })
      const failed = fail('poster')
      await until(() => made().asked.length)
      harness.plugin!.dispose()
      expect(await failed).to.include({ reason: 'aborted' })
      expect(await rows()).to.deep.equal([])
    })
  })

  it('are refused before the platform is asked where the parameter is none that it takes', async () => {
    for (const param of ['', 'a:b', 'a b', 'a_b', '海报', 'x'.repeat(33), 'a\n', undefined, null, 5, {}, ['a']]) {
      const error = await fail(param)
      expect(error, JSON.stringify(param)).to.include({ reason: 'bad-param' })
      expect(error.message).to.contain('letters, digits and hyphens')
    }
    expect(made().asked).to.deep.equal([])
    expect(await rows()).to.deep.equal([])
    await create('A-z0'.repeat(8))
  })

  it('may be called anything', async () => {
    const titles: [unknown, string][] = [
      ['海报 <img> {1+1}', '海报 <img> {1+1}'], ['\0a\ud800', 'a'], ['😀'.repeat(300), '😀'.repeat(200)], [undefined, ''], [5, ''], [{}, ''],
    ]
    for (const [index, [title, expected]] of titles.entries()) {
      expect((await create(`t${index}`, title as string)).title, String(title)).to.equal(expected)
    }
  })

  it('tell how many users came by them, are still friends, and turned messages off', async () => {
    const { platform } = harness
    platform.add('EARLY', { scene: 2003, sceneParam: 'poster' })
    await until(async () => (await harness.users).length === 1)
    await create('poster')
    await create('flyer')
    expect(await numbers()).to.deep.equal({ poster: [1, 1, 0], flyer: [0, 0, 0] })
    platform.add('A', { scene: 2003, sceneParam: 'poster' })
    platform.add('B', { scene: 2004, sceneParam: 'poster' })
    platform.add('C', { scene: 2003, sceneParam: 'flyer' })
    platform.add('D', { scene: 1001 })
    platform.remove('A')
    platform.reject('B')
    platform.reject('D')
    await until(async () => (await harness.ledger).length === 8)
    expect(await numbers()).to.deep.equal({ poster: [3, 2, 1], flyer: [1, 1, 0] })
    // somebody who comes again by another one counts there
    platform.remove('EARLY')
    platform.add('EARLY', { scene: 2003, sceneParam: 'flyer', timestamp: Date.now() + 1000 })
    await until(async () => (await harness.ledger).length === 10)
    expect(await numbers()).to.deep.equal({ poster: [2, 1, 1], flyer: [2, 2, 0] })
    await harness.app.qqUser.forget(platform.selfId, 'B')
    expect(await numbers()).to.deep.equal({ poster: [1, 0, 0], flyer: [2, 2, 0] })
    await create('late')
    expect(await numbers()).to.deep.equal({ poster: [1, 0, 0], flyer: [2, 2, 0], late: [0, 0, 0] })
  })

  it('are listed the newest first, of one bot', async () => {
    clock = freeze()
    for (const param of ['a', 'b', 'c']) {
      await create(param)
      clock.tick(1000)
    }
    const { links } = harness.app.qqUser
    expect((await links.list(harness.platform.selfId)).map(({ sceneParam }) => sceneParam)).to.deep.equal(['c', 'b', 'a'])
    expect(await links.list('other')).to.deep.equal([])
    expect(await links.list('\0')).to.deep.equal([])
  })

  it('are nobody\'s to change by what was handed out', async () => {
    const link = await create('poster')
    link.url = 'https://example.com'
    ;(await harness.app.qqUser.links.list(harness.platform.selfId))[0].users = 5
    await pass()
    expect((await create('poster')).url).not.to.equal(link.url)
    expect(await numbers()).to.deep.equal({ poster: [0, 0, 0] })
  })

  describe('are counted', () => {
    const survey = () => harness.app.qqUser.links.survey(harness.platform.selfId)
    const others = async () => (await survey()).others.map(({ sceneParam, users }) => [sceneParam, users] as const)
    const arrive = async (id: string, sceneParam: string) => {
      harness.platform.add(id, { scene: 2003, sceneParam })
      await until(async () => (await harness.users).some(({ userId }) => userId === id))
    }

    /** Writes users past the plugin, as another process does. */
    async function seed(...params: string[]) {
      const { selfId } = harness.platform
      await harness.app.database.upsert('qq_user', params.map((sceneParam, index) => ({
        selfId, userId: `${sceneParam}-${index}`, sceneParam, relation: 'friend' as const, firstSeen: new Date(),
      })))
    }

    it('with those that were not made here, most users first', async () => {
      await seed('a', 'a', 'b')
      expect(await others()).to.deep.equal([['a', 2], ['b', 1]])
      await arrive('X', 'b')
      await arrive('Y', 'b')
      await arrive('Z', 'c')
      expect(await others()).to.deep.equal([['b', 3], ['a', 2], ['c', 1]])
    })

    it('never in part, where there are more than are looked at', async () => {
      const params = Array.from({ length: 100 }, (_, index) => `p${index}`)
      await seed('rare', ...params, ...params)
      expect((await others()).map(([param]) => param)).to.have.members(params)
      await arrive('X', 'rare')
      expect(await others()).to.have.length(100)
    })

    it('anew after ten minutes, or when what was written is in doubt', async () => {
      await create('poster')
      await seed('poster')
      expect(await numbers()).to.deep.equal({ poster: [1, 1, 0] })
      await seed('poster', 'poster')
      expect(await numbers()).to.deep.equal({ poster: [1, 1, 0] })
      harness.app.qqUser['roster']['changes'].doubt()
      expect(await numbers()).to.deep.equal({ poster: [2, 2, 0] })
      await seed('poster', 'poster', 'poster')
      expect(await numbers()).to.deep.equal({ poster: [2, 2, 0] })
      clock = freeze()
      clock.setSystemTime(Date.now() + 10 * 60_000)
      expect(await ticking(numbers())).to.deep.equal({ poster: [3, 3, 0] })
    })

    it('as soon as the database answers again', async () => {
      await create('poster')
      await seed('poster')
      const [driver] = (harness.app.database as any).drivers
      const { get } = driver
      // who groups asks within another question
      driver.get = (selection: any) => typeof selection.table !== 'string' ? Promise.reject(new Error('no answer')) : get.call(driver, selection)
      expect((await survey().catch(error => error)).message).to.equal('no answer')
      expect((await survey().catch(error => error)).message).to.equal('no answer')
      driver.get = get
      expect(await numbers()).to.deep.equal({ poster: [1, 1, 0] })
    })
  })
})
