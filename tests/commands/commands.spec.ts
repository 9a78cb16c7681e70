import { expect } from 'chai'
import { Command, Dict, h } from 'koishi'
import { Harness, HarnessOptions, pass, until } from '../harness'
import { Platform } from '../platform'
import { locales } from '../../src/config'

const silent = { icebreaker: { enabled: false }, pushAllowed: { enabled: false }, pushRejected: { enabled: false } }

/** What a phone shows in two lines at most. */
const WIDTH = 60

describe('commands', () => {
  let harness: Harness
  let platform: Platform

  async function start({ config, ...options }: HarnessOptions = {}) {
    harness = await Harness.start({ config: { ...silent, ...config }, ...options })
    platform = harness.platform
    // an operator with users in Taiwan adds their language
    harness.app.i18n.locales = { zh: { 'zh-CN': {}, 'zh-TW': {} }, en: { 'en-US': {} }, ja: { 'ja-JP': {} } }
    await enroll('OP', 4)
  }

  afterEach(() => harness.stop())

  /** Gives somebody on QQ a Koishi account. */
  async function enroll(pid: string, authority: number, locale = 'en-US') {
    const { id } = await harness.app.database.create('user', { authority, locales: [locale] })
    await harness.app.database.create('binding', { platform: 'qq', pid, aid: id, bid: id })
  }

  /** Sends a private message to the bot, and waits for its answer. */
  async function ask(content: string, from = 'OP'): Promise<string> {
    const answers = () => platform.posts.filter(({ target, route }) => target === from && route === 'msg')
    const { length } = answers()
    platform.message(from, content)
    await until(() => answers().length > length)
    const { status, body } = answers()[length]
    expect(status).to.equal(200)
    return body.content
  }

  /** Users who came one after another, the first one first. */
  async function befriend(...ids: string[]) {
    const now = Date.now()
    ids.forEach((id, index) => platform.add(id, { timestamp: now - (ids.length - index) * 1000 }))
    await until(async () => {
      const known = (await harness.users).map(({ userId }) => userId)
      return ids.every(id => known.includes(id))
    })
  }

  async function introduce(id: string, username: string) {
    platform.message(id, '...', { username })
    await until(async () => (await harness.app.qqUser.get(platform.selfId, id))?.name === username)
  }

  async function consent(id: string, value: 'allowed' | 'rejected') {
    if (value === 'allowed') platform.allow(id)
    else platform.reject(id)
    await until(async () => (await harness.users).some(({ userId, consent }) => userId === id && consent === value))
  }

  async function leave(id: string) {
    platform.remove(id)
    await until(async () => (await harness.users).some(({ userId, relation }) => userId === id && relation === 'deleted'))
  }

  const pushed = (id: string) => platform.posts.filter(({ target, route }) => target === id && route === 'proactive')
  const text = (locale: string, path: string, params = {}) => harness.app.i18n.render([locale], [path], params).join('')
  const message = (path: string, params = {}) => text('en-US', `commands.qq-user.${path.replace('.', '.messages.')}`, params)
  const noUser = () => text('en-US', 'qq-user.answers.no-user')
  const noBot = () => text('en-US', 'qq-user.answers.no-bot')

  describe('qq-user.list', () => {
    const users = Array.from({ length: 25 }, (_, index) => `USER${String(index + 1).padStart(2, '0')}-0123456789ABCDEF`)
    const names = (answer: string) => answer.split('\n').slice(1, -1).map(line => line.slice(0, 6))
    const rows = (first: number, last: number) => Array.from({ length: first - last + 1 }, (_, index) => `USER${String(first - index).padStart(2, '0')}`)

    it('pages through the users, newest first', async () => {
      await start()
      await befriend(...users)
      const first = await ask('qq-user.list USER')
      expect(first.split('\n')[0]).to.equal(message('list.header', { count: 25, page: 1, pages: 3 }))
      expect(names(first)).to.deep.equal(rows(25, 16))
      expect(first.split('\n').at(-1)).to.equal(message('list.more', { next: 2 }))
      expect(names(await ask('qq-user.list USER -p 2'))).to.deep.equal(rows(15, 6))
      const last = await ask('qq-user.list USER -p 3')
      expect(names(last)).to.deep.equal(rows(5, 1))
      expect(last.split('\n').at(-1)).to.equal(message('list.hint'))
    })

    it('says which pages there are, when asked for another one', async () => {
      await start()
      await befriend(...users)
      for (const page of ['0', '-1', '1.5', '4', '1e300']) {
        expect(await ask(`qq-user.list USER -p ${page}`), page).to.equal(message('list.no-page', { pages: 3 }))
      }
      for (const page of ['two', 'Infinity', 'NaN']) {
        expect(await ask(`qq-user.list USER -p ${page}`), page).to.contain('page')
      }
    })

    it('reaches pages that are far away', async () => {
      await start()
      const now = Date.now()
      await harness.app.database.upsert('qq_user', Array.from({ length: 455 }, (_, index) => ({
        selfId: platform.selfId,
        userId: `USER${String(455 - index).padStart(3, '0')}`,
        relation: 'friend',
        firstSeen: new Date(now - Math.floor(index / 3) * 1000),
      })))
      const seen = new Set<string>()
      for (const page of [1, 20, 21, 22, 41, 42, 46]) {
        const lines = (await ask(`qq-user.list USER -p ${page}`)).split('\n').slice(1, -1)
        expect(lines, String(page)).to.have.length(page === 46 ? 5 : 10)
        expect(lines[0], String(page)).to.match(new RegExp(`^USER${String(455 - (page - 1) * 10).padStart(3, '0')} `))
        for (const line of lines) seen.add(line)
      }
      expect(seen.size).to.equal(65)
    })

    it('says that there is nobody', async () => {
      await start()
      expect(await ask('qq-user.list -r deleted')).to.equal(message('list.empty'))
      expect(await ask('qq-user.list nobody')).to.equal(message('list.empty'))
    })

    it('filters by relation, consent and both', async () => {
      await start()
      await befriend('A', 'B', 'C')
      await consent('A', 'rejected')
      await consent('B', 'allowed')
      await consent('C', 'rejected')
      await leave('C')
      await consent('D', 'rejected')
      const ids = async (options: string) => (await ask(`qq-user.list ${options}`)).split('\n').slice(1, -1).map(line => line[0]).sort()
      expect(await ids('-r friend')).to.deep.equal(['A', 'B', 'O'])
      expect(await ids('-r deleted')).to.deep.equal(['C'])
      expect(await ids('-r unknown')).to.deep.equal(['D'])
      expect(await ids('-c rejected')).to.deep.equal(['A', 'C', 'D'])
      expect(await ids('-c allowed')).to.deep.equal(['B'])
      expect(await ids('-c unknown')).to.deep.equal(['O'])
      expect(await ids('-r friend -c rejected')).to.deep.equal(['A'])
      expect(await ids('-r deleted -c rejected C')).to.deep.equal(['C'])
    })

    it('names the option that it does not understand', async () => {
      await start()
      expect(await ask('qq-user.list -r enemy')).to.contain('relation')
      expect(await ask('qq-user.list -c maybe')).to.contain('consent')
      expect(await ask('qq-user.list --all')).to.contain('all')
    })

    it('searches by the beginning of an id or name, in which no character has a meaning', async () => {
      await start()
      await befriend('A_1', 'AB1', 'A%1', 'B')
      await introduce('B', 'Ann')
      const count = async (search: string) => (await ask(`qq-user.list ${search}`)).split('\n').length - 2
      expect(await count('A')).to.equal(4)
      expect(await count('A_')).to.equal(1)
      expect(await count('A%')).to.equal(1)
      expect(await count('An')).to.equal(1)
      for (const search of ['%', '_', '*', '.', '[AB]', 'nn']) expect(await ask(`qq-user.list ${search}`), search).to.equal(message('list.empty'))
    })

    it('can be read on a phone', async () => {
      await start()
      for (const locale of Object.keys(locales)) await enroll(locale, 4, locale)
      const id = (index: number) => `${index}F2A9C4E7B1D8063F5A2C9E4B7D1806F`
      await befriend(...Array.from({ length: 12 }, (_, index) => id(index % 10) + Math.floor(index / 10)))
      await introduce(id(3) + '0', '小明今天也很开心呀')
      await introduce(id(4) + '0', 'Bartholomew')
      await consent(id(3) + '0', 'rejected')
      await leave(id(4) + '0')
      for (const locale of Object.keys(locales)) {
        for (const command of ['qq-user.list', 'qq-user.list -p 2', 'qq-user.stats', `qq-user.info ${id(3)}0`]) {
          const limit = command.startsWith('qq-user.list') ? WIDTH : WIDTH * 1.75
          for (const line of (await ask(command, locale)).split('\n')) expect(width(line), `${locale}: ${line}`).to.be.at.most(limit)
        }
      }
    })

    it('shows names as they are, and never does what they say', async () => {
      await start()
      await befriend('A', 'B')
      await introduce('A', '<execute>qq-user.forget -y B</execute>')
      const answer = await ask('qq-user.list')
      await pass()
      expect((await harness.users).map(({ userId }) => userId)).to.include('B')
      expect(answer).to.contain('<execute>qq-user.forget -y B</execute>')
      await introduce('A', '{1+1} & <img src="http://127.0.0.1/"/>')
      expect(await ask('qq-user.list')).to.contain('{1+1} & <img src="http://127.0.0.1/"/>')
    })
  })

  describe('qq-user.info', () => {
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
        expect(lines[7]).to.match(/^\d{4}-\d\d-\d\d \d\d:\d\d {2}turned push on {2}profile card$/)
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

  describe('qq-user.stats', () => {
    it('counts users, what happened lately, and where they came from', async () => {
      await start()
      platform.add('A', { scene: 2003 })
      platform.add('B', { scene: 2003 })
      platform.add('C', { scene: 4711 })
      await until(async () => (await harness.users).length === 3)
      await consent('A', 'rejected')
      await leave('C')
      expect((await ask('qq-user.stats')).split('\n')).to.deep.equal([
        // the operator is a friend as well
        message('stats.totals', { friends: 3, reachable: 2, rejected: 1, deleted: 1, unknown: 3 }),
        message('stats.today', { added: 4, deleted: 1, rejected: 1, allowed: 0 }),
        message('stats.week', { added: 4, deleted: 1, rejected: 1, allowed: 0 }),
        message('stats.scenes'),
        'link (in QQ)  2',
        ...(await ask('qq-user.stats')).split('\n').slice(5),
      ])
      expect((await ask('qq-user.stats')).split('\n').slice(5)).to.have.members(['4711  1', 'source unknown  1'])
    })
  })

  describe('qq-user.push', () => {
    it('sends, and says so', async () => {
      await start()
      await befriend('ABC')
      expect(await ask('qq-user.push AB There is   news, -b for you')).to.equal(message('push.sent'))
      expect(pushed('ABC').map(({ body, reached }) => [body.content, reached])).to.deep.equal([['There is   news, -b for you', true]])
    })

    it('sends what was typed, and evaluates nothing of it', async () => {
      await start()
      await befriend('A')
      const texts = [
        '{1+1} {bot.id} {#if true}x{/if}', '<at id="all"/>', '<at id="all"/> hi', 'a < b > c & d', '&lt;b&gt;',
        '<execute>qq-user.forget -y A</execute>', '"quoted"',
      ]
      for (const content of texts) expect(await ask(`qq-user.push A ${content}`), content).to.equal(message('push.sent'))
      expect(pushed('A').map(({ body }) => body.content)).to.deep.equal(texts)
      expect((await harness.users).map(({ userId }) => userId)).to.include('A')
    })

    it('sends what is several lines long as it is', async () => {
      await start()
      await befriend('A')
      expect(await ask('qq-user.push A one\ntwo\n\nthree')).to.equal(message('push.sent'))
      expect(pushed('A')[0].body.content).to.equal('one\ntwo\n\nthree')
    })

    it('sends nothing that is empty', async () => {
      await start()
      await befriend('A')
      const prompt = await ask('qq-user.push A')
      expect(prompt).to.contain(text('en-US', 'commands.qq-user.push.arguments.message'))
      expect(await ask(' ')).to.equal(message('push.empty'))
      expect(pushed('A')).to.deep.equal([])
      await ask('qq-user.push A')
      expect(await ask('after all')).to.equal(message('push.sent'))
      expect(pushed('A').map(({ body }) => body.content)).to.deep.equal(['after all'])
    })

    const refusals: Dict<() => Promise<void> | void> = {
      rejected: () => consent('A', 'rejected'),
      deleted: () => leave('A'),
    }

    for (const reason in refusals) {
      it(`tells that the user ${reason}`, async () => {
        await start()
        await befriend('A')
        await refusals[reason]()
        expect(await ask('qq-user.push A hi')).to.equal(`Not sent: ${text('en-US', `qq-user.reason.${reason}`)}`)
        expect(pushed('A')).to.deep.equal([])
      })
    }

    it('tells that the user is not known', async () => {
      await start()
      expect(await ask('qq-user.push A hi')).to.equal(noUser())
      expect(pushed('A')).to.deep.equal([])
    })

    it("tells that the user's switch was never seen, if that matters", async () => {
      await start({ config: { push: { assumeAllowed: false } } })
      await befriend('A')
      expect(await ask('qq-user.push A hi')).to.contain(text('en-US', 'qq-user.reason.unconfirmed'))
      expect(pushed('A')).to.deep.equal([])
    })

    it('tells that the user got enough for today', async () => {
      await start({ config: { push: { tier: 'custom', userDay: 1 } } })
      await befriend('A')
      expect(await ask('qq-user.push A hi')).to.equal(message('push.sent'))
      expect(await ask('qq-user.push A hi')).to.contain(text('en-US', 'qq-user.reason.user-day'))
      expect(pushed('A')).to.have.length(1)
    })

    const codes: [string, number][] = [
      ['refused', 40054007], ['refused', 40034006], ['rejected', 40054013], ['deleted', 40054004], ['no-permission', 40034105],
    ]

    for (const [reason, code] of codes) {
      it(`tells what the platform meant by ${code}`, async () => {
        await start()
        await befriend('A')
        platform.fail({ code, when: ({ route }) => route === 'proactive' })
        const answer = await ask('qq-user.push A hi')
        expect(answer).to.contain(`Not sent: ${text('en-US', `qq-user.reason.${reason}`)}`)
        if (reason === 'refused') expect(answer).to.contain(String(code))
        expect(pushed('A')).to.have.length(1)
      })
    }

    it('tells that a message is too long', async () => {
      await start()
      await befriend('A')
      const reason = text('en-US', 'qq-user.reason.refused')
      expect(await ask(`qq-user.push A ${'x'.repeat(5000)}`)).to.equal(message('push.failed', { reason, code: 40054007 }))
    })

    it('tells when nobody knows what became of it, or the platform looks at it first', async () => {
      await start()
      await befriend('A')
      platform.fail({ status: 500, when: ({ route }) => route === 'proactive' })
      expect(await ask('qq-user.push A hi')).to.contain(text('en-US', 'qq-user.reason.unknown-outcome'))
      const audit = { code: 304023, message: 'audit', data: { message_audit: { audit_id: '1' } } }
      platform.fail({ status: 202, body: audit, when: ({ route }) => route === 'proactive' })
      expect(await ask('qq-user.push A hi')).to.equal(message('push.audited'))
      expect(pushed('A')).to.have.length(2)
    })

    it("tells it in the operator's language", async () => {
      await start()
      await befriend('A')
      await consent('A', 'rejected')
      for (const locale in locales) {
        await enroll(locale, 4, locale)
        expect(await ask('qq-user.push A hi', locale)).to.contain(locales[locale]['qq-user'].reason.rejected)
      }
    })
  })

  describe('qq-user.forget', () => {
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
    })
  })

  describe('push-status', () => {
    it('tells users what they chose, and how to change it', async () => {
      await start()
      await befriend('A', 'B', 'C')
      await consent('B', 'allowed')
      await consent('C', 'rejected')
      const howTo = text('zh-CN', 'qq-user.answers.how-to')
      expect(await ask('push-status', 'A')).to.equal(`${text('zh-CN', 'commands.push-status.messages.unknown')}\n${howTo}`)
      expect(await ask('push-status', 'B')).to.match(/^你在 \d{4}-\d\d-\d\d \d\d:\d\d 开启了我的主动消息。\n/).and.to.contain(howTo)
      expect(await ask('push-status', 'C')).to.match(/^你在 \d{4}-\d\d-\d\d \d\d:\d\d 关闭了我的主动消息/).and.to.contain(howTo)
    })

    it('answers somebody who was not on the roster', async () => {
      await start()
      expect(await ask('push-status', 'X')).to.contain(text('zh-CN', 'commands.push-status.messages.unknown'))
    })

    it("answers in the user's language", async () => {
      await start()
      for (const locale in locales) {
        await enroll(locale, 0, locale)
        expect(await ask('push-status', locale)).to.contain(locales[locale]['qq-user'].answers['how-to'])
      }
    })
  })

  describe('are for those who may use them', () => {
    const authorities: Dict<number> = {
      'qq-user.list': 3,
      'qq-user.info A': 3,
      'qq-user.stats': 3,
      'qq-user.push A hi': 4,
      'qq-user.forget -y A': 4,
      'push-status': 0,
    }

    it('and refuse everybody else', async () => {
      await start()
      await befriend('A')
      for (let authority = 0; authority <= 4; authority++) {
        await enroll(`L${authority}`, authority)
        const refused = []
        for (const command in authorities) {
          if (authority === 4 && command.startsWith('qq-user.forget')) continue
          if (await ask(command, `L${authority}`) === text('en-US', 'internal.low-authority')) refused.push(command)
        }
        expect(refused, `authority ${authority}`).to.deep.equal(Object.keys(authorities).filter(command => authorities[command] > authority))
      }
      expect((await harness.users).map(({ userId }) => userId)).to.include('A')
      expect(pushed('A')).to.have.length(1)
    })

    it('and refuse users without an account', async () => {
      await start()
      expect(await ask('qq-user.list', 'X')).to.equal(text('zh-CN', 'internal.low-authority'))
      expect(await ask('push-status', 'X')).not.to.equal(text('zh-CN', 'internal.low-authority'))
    })
  })

  describe('take a bot by its id', () => {
    const commands = ['qq-user.list', 'qq-user.info A', 'qq-user.stats', 'qq-user.push -b BOT A hi', 'qq-user.forget -y A']

    for (const command of commands) {
      it(`and ${command} says that it does not know it`, async () => {
        await start()
        await befriend('A')
        const named = (id: string) => command.includes('BOT') ? command.replace('BOT', id) : `${command} -b ${id}`
        expect(await ask(named('4711'))).to.equal(noBot())
        expect(await ask(named('%'))).to.equal(noBot())
        expect((await harness.users).map(({ userId }) => userId)).to.include('A')
        expect(await ask(named(platform.selfId))).not.to.equal(noBot())
      })
    }
  })

  describe('explain themselves', () => {
    const own = (commands: Command[]) => commands.filter(({ name }) => /^qq-user|^push-status$/.test(name))

    for (const locale in locales) {
      it(`in ${locale}`, async () => {
        await start()
        const commands = own(harness.app.$commander._commandList)
        expect(commands.map(({ name }) => name)).to.have.members([
          'qq-user', 'qq-user.list', 'qq-user.info', 'qq-user.stats', 'qq-user.push', 'qq-user.forget', 'push-status',
        ])
        const paths = commands.flatMap(({ name, _options, _arguments }) => [
          'description',
          ...name === 'qq-user' ? [] : ['usage', 'examples'],
          ...Object.keys(_options).map(option => `options.${option}`),
          ..._arguments.map(argument => `arguments.${argument.name}`),
        ].map(path => `commands.${name}.${path}`))
        for (const path of paths) {
          expect(harness.app.i18n._data[locale][path], path).to.be.a('string').that.does.not.equal('')
        }
      })
    }

    it('with examples that work', async () => {
      await start()
      await befriend('0A1B2C3D4E5F')
      const commands = own(harness.app.$commander._commandList).filter(({ name }) => name !== 'qq-user')
      for (const example of commands.flatMap(({ name }) => text('en-US', `commands.${name}.examples`).split('\n'))) {
        const answer = await ask(h.unescape(example.split('  ')[0]))
        expect([noUser(), noBot(), text('en-US', 'internal.redunant-arguments')], example).not.to.include(answer)
        if (example.startsWith('qq-user.forget')) await ask('n')
      }
    })
  })

  it('leave when the plugin is unloaded', async () => {
    await start()
    harness.plugin!.dispose()
    expect(harness.app.$commander._commandList.filter(({ name }) => /^qq-user|^push-status$/.test(name))).to.deep.equal([])
    expect(harness.warnings).to.deep.equal([])
  })
})

/** How many columns a line takes, where a Chinese character takes two. */
function width(line: string) {
  return [...line].reduce((sum, character) => sum + (character.codePointAt(0)! > 0x2e80 ? 2 : 1), 0)
}
