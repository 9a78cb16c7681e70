/** Rule: every table that holds users is emptied of one who is forgotten, and every one that grows is pruned or says why not. */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect } from 'chai'
import { Dict, Time } from 'koishi'
import { Harness, silent, until } from './harness'

/** Those of which old rows stay, and why. */
const kept: Dict<string> = {
  qq_user: 'each user has one, until they are forgotten',
  qq_user_broadcast: 'it has the sums of the recipients, who go',
  qq_user_link: 'each link has one, until an operator removes it',
}

/** What the rows of some tables have to be so that nothing speaks against removing what is old. */
const over: Dict<Dict> = {
  qq_user_broadcast: { state: 'finished', audience: '{}' },
}

describe('the tables', () => {
  let harness: Harness
  let names: string[]

  const old = new Date(Date.now() - 100 * Time.day)

  before(async () => {
    harness = await Harness.start({ config: silent, order: ['adapter'] })
    const others = Object.keys(harness.app.model.tables)
    harness.load(silent)
    await until(() => harness.app.get('qqUser'))
    names = Object.keys(harness.app.model.tables).filter(name => !others.includes(name))
  })

  after(() => harness.stop())

  afterEach(async () => {
    for (const name of names) await harness.app.database.remove(name as never, {})
  })

  const columns = (name: string) => Object.keys(harness.app.model.tables[name].fields)
  const rows = (name: string, query: Dict = {}): Promise<Dict[]> => harness.app.database.get(name as never, query as never)

  /** Puts a row into a table that is about a user, where the table has users, and of long ago. */
  async function fill(name: string, userId: string, values: Dict = {}) {
    const { fields } = harness.app.model.tables[name]
    const cells = Object.entries(fields).map(([column, field]) => {
      const type = field!.type.type as string
      if (column === 'selfId') return [column, harness.platform.selfId]
      if (type === 'timestamp') return [column, old]
      if (type === 'list') return [column, []]
      return [column, field!.initial || (['string', 'text'].includes(type) ? userId : 1)]
    })
    await harness.app.database.upsert(name as never, [{ ...Object.fromEntries(cells), ...over[name], ...values }] as never)
  }

  it('that hold users are emptied of one who is forgotten', async () => {
    const personal = names.filter(name => columns(name).includes('userId'))
    expect(personal).to.include.members(['qq_user', 'qq_user_event'])
    for (const name of personal) {
      for (const userId of ['A', 'B']) await fill(name, userId)
    }
    await harness.app.qqUser.forget(harness.platform.selfId, 'A')
    for (const name of personal) expect((await rows(name)).map(({ userId }) => userId), name).to.deep.equal(['B'])
  })

  it('lose what is old, but for those of which it stays for a reason', async () => {
    for (const name of names) await fill(name, 'A')
    // of each user the newest entry stays
    await fill('qq_user_event', 'A', { id: 'newest', occurredAt: new Date() })
    await harness.reload({ ...silent, history: { keepDays: 30 } })
    const left = async () => {
      const counts = await Promise.all(names.map(name => rows(name, name === 'qq_user_event' ? { id: { $ne: 'newest' } } : {})))
      return names.filter((_, index) => counts[index].length)
    }
    await until(async () => (await left()).length <= Object.keys(kept).length, 5000).catch(() => {})
    expect(await left()).to.have.members(Object.keys(kept))
  })

  for (const [file, heading] of [['README.md', '## Tables'], ['README.zh-CN.md', '## 数据表']]) {
    it(`are all named in ${file}, and where their columns are listed, it is all of them`, () => {
      const [section] = readFileSync(resolve(__dirname, '..', file), 'utf8').split(`\n${heading}\n`)[1].split('\n## ')
      for (const name of names) expect(section).to.include(`\`${name}\``)
      const listed = section.split(/^(?=`qq_)/m).filter(part => part.includes('\n|')).map((part) => {
        const cells = [...part.matchAll(/^\| (`.*?`) \|/gm)].map(([, cell]) => cell)
        return [/`(\w+)`/.exec(part)![1], cells.join().match(/\w+/g)!] as const
      })
      expect(listed.map(([name]) => name)).to.deep.equal(['qq_user', 'qq_user_event'])
      for (const [name, found] of listed) expect(found, name).to.have.members(columns(name))
    })
  }
})
