/** Rule: an import tells what it would do before it does it, changes nothing that users chose, and reports bad lines and takes the rest. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { QQUser } from '../../src'
import { pass, until } from '../harness'
import { Page } from './page'
import { Site } from './site'

describe('console: import', () => {
  const site = new Site()

  afterEach(() => site.stop())

  const bad = [
    ['', '2024-01-01', 'openid'],
    ['with space', '2024-01-01', 'openid'],
    ['A'.repeat(101), '2024-01-01', 'openid'],
    ['小明', '2024-01-01', 'openid'],
    ['X', '', 'first_seen'],
    ['X', 'yesterday', 'first_seen'],
    ['X', '2024-02-30', 'first_seen'],
    ['X', '2999-01-01', 'first_seen'],
    ['X', '1704067200000', 'first_seen'],
    ['X', '0', 'first_seen'],
    ['"X', '2024-01-01', 'quote'],
  ]

  it('says what it would do, and does it', async () => {
    const page = await site.start()
    await site.befriend('KNOWN')
    const lines = [
      'first_seen,note,OpenID , name',
      ...['A', 'B', 'A', 'KNOWN'].map(id => `2024-01-01,x,${id},"N, ""${id}"""`),
      '',
      ...bad.map(([id, time]) => `${time},,${id}`),
    ]
    const text = '\ufeff' + lines.join('\r\n')
    const dry = await site.upload(page, text, true, 7)
    expect(dry).to.include({ lines: 4 + bad.length, added: 2, known: 2, failed: bad.length })
    expect(dry.errors.map(({ line, field }) => [line, field])).to.deep.equal(bad.map(([,, field], index) => [7 + index, field]))
    expect(dry.errors[1].value).to.equal('with space')
    expect(dry.errors[2].value).to.have.length(64)
    expect(await site.harness.users).to.have.length(1)
    expect(await site.upload(page, text, false)).to.deep.equal(dry)
    expect((await site.harness.users).map(({ userId }) => userId)).to.have.members(['A', 'B', 'KNOWN'])
    expect(await site.upload(page, text, false)).to.include({ added: 0, known: 4 })
    expect((await page.call('qq-user/list', {})).total).to.equal(3)
  })

  it('takes over of an exported user only what neither the operator nor the user has to say', async () => {
    const page = await site.start()
    const { selfId } = site.platform
    const at = new Date('2024-02-29T12:30:00.500Z')
    const user: QQUser = {
      selfId: 'another',
      userId: 'A',
      relation: 'deleted',
      relationAt: at,
      consent: 'rejected',
      consentAt: at,
      firstSeen: new Date(+at - Time.day),
      lastMessageAt: at,
      scene: 2003,
      sceneParam: 'poster',
      sceneAt: at,
      name: '-Ann-',
      nameAt: at,
    }
    await site.seed([user])
    const { url } = await page.call('qq-user/export', { table: 'users', query: {} })
    const text = await (await site.download(url)).text()
    await site.harness.app.qqUser.forget('another', 'A')
    expect(await site.upload(page, text, false)).to.include({ added: 1, failed: 0 })
    const taken: Record<keyof QQUser, boolean> = {
      selfId: false,
      userId: true,
      relation: false,
      relationAt: false,
      consent: false,
      consentAt: false,
      firstSeen: true,
      lastMessageAt: false,
      scene: false,
      sceneParam: false,
      sceneAt: false,
      name: true,
      nameAt: false,
    }
    const imported = (await site.harness.app.qqUser.get(selfId, 'A'))!
    for (const [key, expected] of Object.entries(taken)) {
      const [before, after] = [user, imported].map(row => String(row[key as keyof QQUser]))
      expect(after === before, key).to.equal(expected)
    }
  })

  it('takes seconds, dates and times', async () => {
    const page = await site.start()
    const local = (text: string) => +new Date(text)
    const times = {
      A: ['1704067200', 1704067200000],
      B: ['2024-01-01', local('2024-01-01T00:00:00')],
      C: ['2024-01-01 12:30:05', local('2024-01-01T12:30:05')],
      D: ['2024-01-01T12:30:05Z', Date.UTC(2024, 0, 1, 12, 30, 5)],
      E: ['2024-01-01T12:30:05.123+08:00', Date.UTC(2024, 0, 1, 4, 30, 5)],
      F: ['2024-01-01 12:30', local('2024-01-01T12:30:00')],
    }
    await site.upload(page, 'openid,first_seen\n' + Object.entries(times).map(([id, [text]]) => `${id},${text}\n`).join(''), false)
    const users = await site.harness.users
    for (const { userId, firstSeen } of users) expect(+firstSeen, userId).to.equal(times[userId as keyof typeof times][1])
    expect(users).to.have.length(6)
  })

  it('grants nothing, lifts nothing and announces nothing', async () => {
    const page = await site.start({ config: { icebreaker: { enabled: true, content: 'hi' } } })
    const { selfId } = site.platform
    const now = Math.floor(Date.now() / 1000) * 1000
    site.platform.add('FRIEND', { timestamp: now - Time.hour })
    site.platform.reject('NO', { timestamp: now - Time.hour })
    site.platform.remove('GONE', { timestamp: now - Time.hour })
    await until(() => site.harness.sessions.length === 3)
    site.platform.message('FRIEND', 'hello', { username: 'Ann', timestamp: now - Time.minute })
    await until(async () => (await site.harness.app.qqUser.get(selfId, 'FRIEND'))?.name)
    const events: unknown[] = []
    site.harness.app.on('qq-user/updated', (...args) => { events.push(args) })
    await site.harness.settled(3)
    const users = await Promise.all(['FRIEND', 'NO', 'GONE'].map(id => site.harness.app.qqUser.get(selfId, id)))
    const before = new Map(users.map(user => [user!.userId, user!]))
    const posts = site.platform.posts.length
    const lines = ['NEW,2024-01-01,"=New"', `NEW2,${now / 1000},`, 'FRIEND,2024-01-01,Other', 'NO,2024-01-01,Nope', `GONE,${now / 1000},Gone`]
    await site.upload(page, ['openid,first_seen,name', ...lines].join('\n'), false)
    const get = (id: string) => site.harness.app.qqUser.get(selfId, id)
    const earlier = new Date(2024, 0, 1)
    const { relation, relationAt, consent, consentAt, lastMessageAt, ...rest } = (await get('NEW'))!
    expect({ relation, relationAt, consent, consentAt, lastMessageAt })
      .to.deep.equal({ relation: 'unknown', relationAt: null, consent: 'unknown', consentAt: null, lastMessageAt: null })
    expect(rest).to.deep.include({ firstSeen: earlier, name: '=New', nameAt: earlier })
    expect(await get('FRIEND')).to.deep.equal({ ...before.get('FRIEND'), firstSeen: earlier })
    expect(await get('NO')).to.deep.equal({ ...before.get('NO'), firstSeen: earlier, name: 'Nope', nameAt: earlier })
    expect(await get('GONE')).to.deep.equal({ ...before.get('GONE'), name: 'Gone', nameAt: new Date(now) })
    const ledger = (await site.harness.ledger).filter(({ source }) => source === 'import')
    expect(ledger.map(({ userId, applied, notice }) => [userId, applied, notice])).to.have.deep.members([['NEW', false, 'none'], ['NEW2', false, 'none']])
    await pass()
    expect([events.length, site.harness.sessions.length, site.platform.posts.length]).to.deep.equal([0, 3, posts])
    expect((await page.call('qq-user/overview', {})).week.added).to.equal(1)
    // what comes later counts as ever
    site.platform.message('NEW', 'hello', { username: 'Real' })
    await until(async () => (await get('NEW'))?.relation === 'friend')
    await until(async () => (await get('NEW'))?.name === 'Real')
  })

  it('takes back an exported file', async () => {
    const page = await site.start()
    const names = ['=a', "'b", "'=c", '-d', 'e "f"', null]
    await site.seed(names.map((name, index) => ({ userId: `-U${index}`, name, firstSeen: new Date(1.7e12 + index * 1000) })))
    const fields = async () => (await site.harness.users).map(({ userId, name, firstSeen }) => ({ userId, name, firstSeen }))
    const before = await fields()
    const { url } = await page.call('qq-user/export', { table: 'users', query: {} })
    const text = await (await site.download(url)).text()
    for (const { userId } of before) await page.call('qq-user/forget', site.platform.selfId, userId)
    expect(await site.upload(page, text, false, 10)).to.include({ added: 6, failed: 0 })
    expect(await fields()).to.have.deep.members(before)
  })

  it('refuses what is no list of users', async () => {
    const page = await site.start()
    const { selfId } = site.platform
    const failure = (text: string) => site.upload(page, text, true).then(() => undefined, error => error.message)
    expect(await failure('')).to.equal('bad-header')
    expect(await failure('openid,name\nA,B')).to.equal('bad-header')
    expect(await failure('openid,first_seen\n"' + 'x'.repeat(5000))).to.equal('bad-csv')
    expect(await failure('openid,first_seen\n' + ','.repeat(100))).to.equal('bad-csv')
    expect(await page.error('qq-user/import', 'nobody', true)).to.equal('unknown-bot')
    expect(await page.error('qq-user/import-chunk', 'nothing', '', true)).to.equal('expired')
    const report = await site.upload(page, 'openid,first_seen\n' + 'A,never\n'.repeat(1500), true)
    expect(report).to.include({ lines: 1500, failed: 1500 })
    expect(report.errors).to.have.length(1000)
    const { ticket } = await page.call('qq-user/import', selfId, true)
    const other = await site.open()
    expect(await other.error('qq-user/import-chunk', ticket, '', true)).to.equal('expired')
    expect(await page.error('qq-user/import-chunk', ticket, 'x'.repeat(65537), true)).to.equal('bad-request')
    const pieces = ['openid,first_seen\nA,2024-01-01\n', '']
    const answers = await Promise.all(pieces.map(piece => page.error('qq-user/import-chunk', ticket, piece, false)))
    expect(answers).to.deep.equal([undefined, 'busy'])
    await page.call('qq-user/import', selfId, true)
    expect(await page.error('qq-user/import-chunk', ticket, '', true)).to.equal('expired')
  })

  it('is given up when nothing comes for two minutes, or the page is closed', async () => {
    const page = await site.start()
    const header = 'openid,first_seen\n'
    site.freeze()
    const { ticket } = await page.call('qq-user/import', site.platform.selfId, true)
    site.clock!.tick(119 * Time.second)
    expect(await page.error('qq-user/import-chunk', ticket, header, false)).to.equal(undefined)
    site.clock!.tick(119 * Time.second)
    expect(await page.error('qq-user/import-chunk', ticket, '', false)).to.equal(undefined)
    site.clock!.tick(121 * Time.second)
    expect(await page.error('qq-user/import-chunk', ticket, '', true)).to.equal('expired')
    const others = await Promise.all(Array.from({ length: 5 }, site.open))
    const begin = (page: Page) => page.error('qq-user/import', site.platform.selfId, true)
    expect(await Promise.all(others.map(begin))).to.deep.equal([undefined, undefined, undefined, undefined, 'busy'])
    others[0].close()
    await until(async () => !await begin(others[4]))
  })

  it('reports a line that the database refuses as it does others, and takes the rest', async () => {
    const page = await site.start()
    const driver = site.harness.app.database.drivers[0] as any
    driver._run('CREATE TRIGGER odd BEFORE INSERT ON qq_user WHEN NEW.userId = \'BAD\' BEGIN SELECT RAISE(ABORT, \'odd one\'); END')
    const report = await site.upload(page, ['openid,first_seen', 'A,2024-01-01', 'BAD,2024-01-01', 'C,2024-01-01'].join('\n'), false)
    expect(report).to.deep.include({ lines: 3, added: 2, known: 0, failed: 1 })
    expect(report.errors).to.have.length(1)
    expect(report.errors[0]).to.include({ line: 3, field: 'database' })
    expect(report.errors[0].value).to.include('odd one')
    expect((await site.harness.users).map(({ userId }) => userId)).to.have.members(['A', 'C'])
    driver._run('DROP TRIGGER odd')
  })
})
