/** Rule: qq-user.list pages through the users, newest first, filters and searches them, fits a phone, and runs nothing in names. */
import { expect } from 'chai'
import { pass } from '../harness'
import { locales } from '../../src/config'
import { ask, befriend, consent, enroll, harness, introduce, leave, message, platform, start } from './operator'

/** What a phone shows in two lines at most. */
const WIDTH = 60

describe('qq-user.list', () => {
  afterEach(() => harness.stop())

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

/** How many columns a line takes, where a Chinese character takes two. */
function width(line: string) {
  return [...line].reduce((sum, character) => sum + (character.codePointAt(0)! > 0x2e80 ? 2 : 1), 0)
}
