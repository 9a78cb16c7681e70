/** Rule: a hostile client of the console writes nothing, gets an answer or a code, and cannot keep the server busy. */
import { expect } from 'chai'
import fc from 'fast-check'
import { Time } from 'koishi'
import { pass, until } from '../harness'
import { calls } from './calls'
import { Site } from './site'

describe('console: a hostile client', () => {
  const site = new Site()

  afterEach(() => site.stop())

  it('writes nothing, and gets a code or an answer, whatever it sends', async function () {
    this.timeout(60_000)
    const page = await site.start()
    await site.befriend('A')
    const { selfId } = site.platform
    const snapshot = async () => [await site.harness.users, await site.harness.ledger]
    const before = await snapshot()
    const word = fc.constantFrom(
      'A', selfId, '__proto__', 'constructor', 'toString', '', ' ', '\u0000', '\ud800', '<'.repeat(3000), "' OR 1=1 --",
      'users', 'ledger', 'recipients', 'icebreaker', 'firstSeen', 'lastMessageAt', 'friend',
    )
    const value = fc.oneof(word, fc.jsonValue({ maxDepth: 2 }), fc.constantFrom(0, -1, 1e308, 20, 1.5, null, true, [], {}))
    const key = fc.constantFrom(
      'selfId', 'userId', 'days', 'sort', 'limit', 'after', 'relation', 'consent', 'search', 'key', 'locale',
      'id', 'sceneParam', 'content', 'audience', 'title', 'startAt', 'via', 'state', 'userIds', 'scene', 'activeSince',
      'table', 'query', 'since', 'until', 'firstSeen', 'lastMessageAt', '__proto__', 'constructor',
    )
    const record = fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value)))
    const args = fc.array(fc.oneof(value, record), { maxLength: 4 })
    // it may forget whom it can name, and no other
    const names = Object.keys(calls('')).filter(name => name !== 'qq-user/forget')
    const codes = [
      'bad-request', 'busy', 'unknown-user', 'unknown-bot', 'empty', 'expired', 'bad-header', 'bad-csv', 'template',
      'not-found', 'empty-content', 'content', 'audience', 'title', 'past', 'via', 'bad-param',
    ]
    await fc.assert(fc.asyncProperty(fc.constantFrom(...names), args, async (name, args) => {
      const error = await page.error(name, ...args)
      if (error !== undefined) expect(codes).to.include(error)
    }), { numRuns: 1500 })
    await fc.assert(fc.asyncProperty(args, async (args) => {
      fc.pre(args[0] !== selfId || args[1] !== 'A')
      expect(codes).to.include(await page.error('qq-user/forget', ...args))
    }), { numRuns: 200 })
    await pass()
    expect(await snapshot()).to.deep.equal(before)
    expect(site.harness.warnings).to.deep.equal([])
    expect(({} as any).selfId).to.equal(undefined)
  })

  it('cannot ask for more than there is time for', async () => {
    const page = await site.start()
    const { selfId } = site.platform
    await site.befriend('A')
    for (const [name, ...args] of [
      ['qq-user/overview', { days: 366 }],
      ['qq-user/overview', { days: 0 }],
      ['qq-user/overview', []],
      ['qq-user/overview'],
      ['qq-user/list', { limit: 101 }],
      ['qq-user/list', { search: 'x'.repeat(65) }],
      ['qq-user/list', { sort: 'name' }],
      ['qq-user/list', { after: { userId: 'A', firstSeen: 1e20, lastMessageAt: null } }],
      ['qq-user/list', { relation: ['friend'] }],
      ['qq-user/history', selfId, 'A', '1'],
      ['qq-user/push', selfId, 'A', 'x'.repeat(5001)],
      ['qq-user/push', selfId, 'A B', 'x'],
      ['qq-user/preview', { key: 'enabled', selfId, userId: 'A', locale: 'en' }],
      ['qq-user/preview', { key: 'icebreaker', selfId, userId: 'A', locale: '../..' }],
      ['qq-user/export', { table: 'user', query: {} }],
      ['qq-user/export', { table: 'users' }],
      ['qq-user/export', { table: 'ledger', query: { type: 'message' } }],
      ['qq-user/export', { table: 'ledger', query: { userId: 'A B' } }],
      ['qq-user/links', 'A B'],
      ['qq-user/link-lines', 5],
      ['qq-user/create-link', selfId, 'x'.repeat(65)],
      ['qq-user/create-link', selfId, 'poster', 'x'.repeat(201)],
      ['qq-user/remove-link', selfId, 'a b'],
      ['qq-user/list', { sceneParam: 5 }],
      ['qq-user/export', { table: 'recipients', query: { id: 0 } }],
      ['qq-user/broadcasts', { limit: 101 }],
      ['qq-user/broadcast-get', '1'],
      ['qq-user/broadcast-get', 2 ** 31],
      ['qq-user/broadcast-recipients', { id: 1, limit: 251 }],
      ['qq-user/broadcast-recipients', { id: 1, state: 'read' }],
      ['qq-user/broadcast-estimate', { selfId }],
      ['qq-user/broadcast-estimate', { selfId, audience: { userIds: Array(10_001).fill('A') } }],
      ['qq-user/broadcast-estimate', { selfId, audience: { activeSince: '2024-01-01' } }],
      ['qq-user/broadcast-estimate', { selfId, audience: {}, via: ['smoke'] }],
      ['qq-user/broadcast-preview', { selfId, userId: 'A', content: 'x'.repeat(10_001) }],
      ['qq-user/broadcast-create', { selfId, content: 'x', audience: {}, title: 'x'.repeat(256) }],
      ['qq-user/broadcast-do', 1, 'forget'],
      ['qq-user/broadcast-do', 1, '__proto__'],
      ['qq-user/import', selfId, 1],
    ] as [string, ...unknown[]][]) expect(await page.error(name, ...args), JSON.stringify([name, args]).slice(0, 100)).to.equal('bad-request')
    const start = process.cpuUsage()
    expect(await page.error('qq-user/push', selfId, 'nobody', '<'.repeat(5000))).to.equal(undefined)
    expect(await page.error('qq-user/push', selfId, 'nobody', ' <!-- -->')).to.equal('empty')
    expect(await page.error('qq-user/broadcast-preview', { selfId, userId: 'A', content: '<'.repeat(10_000) })).to.equal(undefined)
    expect(process.cpuUsage(start).user / 1000).to.be.below(500)
  })

  it('waits for its answers before it asks for more, and not for ever', async () => {
    const page = await site.start()
    const release: (() => void)[] = []
    const restore = site.intercept((_, proceed) => new Promise<void>(resolve => release.push(resolve)).then(proceed))
    site.freeze()
    const answers = Array.from({ length: 20 }, () => page.error('qq-user/history', 'bot', 'A'))
    expect(await Promise.all(answers.slice(16))).to.deep.equal(['busy', 'busy', 'busy', 'busy'])
    site.clock!.tick(51 * Time.second)
    expect(new Set(await Promise.all(answers.slice(0, 16)))).to.deep.equal(new Set(['timeout']))
    expect(await page.error('qq-user/history', 'bot', 'A')).to.equal('busy')
    restore()
    for (const resolve of release) resolve()
    await until(async () => await page.error('qq-user/history', 'bot', 'A') === undefined)
  })
})
