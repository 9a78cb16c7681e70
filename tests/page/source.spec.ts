/** Rule: the page has every text that it uses, in both languages, none in its code, and renders nothing as HTML. */
import { readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { expect } from 'chai'
import { Time } from 'koishi'
import enUS from '../../client/locales/en-US.yml'
import zhCN from '../../client/locales/zh-CN.yml'
import { addSample, toRate } from '../../client/broadcasts/counts'
import { createForm, findGap, toAudience, toDraft, toForm } from '../../client/broadcasts/draft'
import { examine } from '../../client/doctor/examine'
import { toDuration } from '../../client/shared/duration'
import { toMarks, toPieces } from '../../client/texts/markup'
import { readChunks } from '../../client/transfer/chunks'
import messages from '../../locales/zh-CN.yml'
import type { BroadcastDetail } from '../../src/console/broadcasts/protocol'
import { check } from '../../src/notices/template'
import { pageWords } from '../vocabulary'

const root = resolve(__dirname, '../../client')

/** All texts, by the path that leads to them. */
function flatten(value: any, path = ''): [string, string][] {
  if (typeof value !== 'object') return [[path.slice(1), String(value)]]
  return Object.entries(value).flatMap(([key, value]) => flatten(value, `${path}.${key}`))
}

const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(file => /\.(vue|ts)$/.test(file))
  .map(file => [file, readFileSync(join(root, file), 'utf8')])

describe('the source of the page', () => {
  const chinese = new Map(flatten(zhCN))
  const english = new Map(flatten(enUS))
  const places = (text: string) => [...new Set(text.match(/\{\w+\}/g))].sort()

  it('has the same texts in both languages', () => {
    expect([...chinese.keys()].sort()).to.deep.equal([...english.keys()].sort())
    for (const [key, text] of chinese) {
      expect(text, key).not.to.equal('')
      expect(places(english.get(key)!), key).to.deep.equal(places(text))
    }
  })

  it('has every text that it uses', () => {
    for (const [file, code] of sources) {
      for (const [, key] of code.matchAll(/\bt\('([\w.-]+)'/g)) {
        if (!key.endsWith('.')) expect(chinese.has(key), `${key} in ${file}`).to.equal(true)
      }
    }
  })

  it('has no text that nothing uses', () => {
    const code = sources.map(([, code]) => code).join('\n')
    const words = new Set(Object.entries(pageWords).flatMap(([group, words]) => words.map(word => `${group}.${word}`)))
    const isJoined = (group: string, word: string) => {
      const joins = code.includes(`'${group}.' +`) || code.includes(`\`${group}.\${`) || code.includes(`group="${group}"`)
      return joins && new RegExp(`\\b${word.replace(/-advice$/, '')}\\b`).test(code)
    }
    const unused = [...chinese.keys()].filter((key) => {
      const [, group, word] = /^(?:(.+)\.)?(.+)$/.exec(key)!
      return !code.includes(`'${key}'`) && !words.has(key) && (group in pageWords || !isJoined(group, word))
    })
    expect(unused).to.deep.equal([])
  })

  it('has all words that the server knows', () => {
    const words = messages['qq-user']
    for (const group of ['relation', 'consent', 'type', 'source', 'notice', 'reason', 'scene'] as const) {
      for (const id in words[group]) expect(chinese.has(`${group}.${id}`), `${group}.${id}`).to.equal(true)
    }
  })

  for (const group in pageWords) {
    it(`has a text for every word of ${group}`, () => {
      for (const word of pageWords[group]) expect(chinese.has(`${group}.${word}`), word).to.equal(true)
    })
  }

  it('tells how fast it goes by the last minute', () => {
    const counts = (sent: number) => ({ total: 900, pending: 900 - sent, sent, skipped: 5, failed: 0, unknown: 0 })
    let samples = addSample([], counts(0), 0)
    expect(toRate([])).to.equal(undefined)
    samples = addSample(samples, counts(5), 1000)
    expect(toRate(samples)).to.equal(undefined)
    samples = addSample(samples, counts(30), 30_000)
    expect(toRate(samples)).to.equal(60)
    samples = addSample(samples, counts(30), 61_000)
    expect(toRate(samples)).to.equal(25)
    for (let at = 62_000; at < 130_000; at += 1000) samples = addSample(samples, counts(30), at)
    expect(toRate(samples)).to.equal(0)
    expect(samples).to.have.length(61)
  })

  it('tells how long something takes in two units at most', () => {
    const cases: [ms: number, text: string][] = [
      [0, '1 second'],
      [59.4 * Time.second, '59 seconds'],
      [59.5 * Time.second, '1 minute'],
      [59.4 * Time.minute, '59 minutes'],
      [59.5 * Time.minute, '1 hour'],
      [23 * Time.hour + 59.4 * Time.minute, '23 hours 59 minutes'],
      [Time.day - Time.second, '1 day'],
      [36.4 * Time.hour, '1 day 12 hours'],
      [2 * Time.day - Time.minute, '2 days'],
      [30 * Time.day, '30 days'],
    ]
    for (const [ms, text] of cases) expect(toDuration(ms, 'en-US'), String(ms)).to.equal(text)
    expect(toDuration(30 * Time.day + Time.hour, 'zh-CN')).to.equal('30天 1小时')
  })

  it('describes an audience as the operator filled it in', () => {
    expect(toAudience(createForm())).to.deep.equal({ relation: 'friend' })
    const form = { ...createForm(), userIds: ' A, B\nC\uff0cD ', scene: 1001, sceneParam: ' spring ', activeSince: '2024-02-29' }
    expect(toAudience(form)).to.deep.equal({
      relation: 'friend', userIds: ['A', 'B', 'C', 'D'], scene: 1001, sceneParam: 'spring', activeSince: +new Date(2024, 1, 29),
    })
    const copy = toForm({ broadcast: { title: 'x', via: ['reply'] }, content: 'y', audience: toAudience(form) } as BroadcastDetail)
    expect(copy).to.include({ title: 'x', content: 'y', userIds: 'A\nB\nC\nD', activeSince: '2024-02-29', scene: 1001 })
    expect(toAudience(copy)).to.deep.equal(toAudience(form))
    expect(findGap(form)).to.equal('empty-content')
    expect(findGap({ ...form, content: 'x', via: [] })).to.equal('via')
    expect(findGap({ ...form, content: 'x', when: 'later' })).to.equal('time')
    expect(findGap({ ...form, content: 'x' })).to.equal(undefined)
    expect(toDraft({ ...form, content: 'x', when: 'later', startAt: '2030-01-01T08:30' }, 'bot').startAt).to.equal(+new Date(2030, 0, 1, 8, 30))
  })

  it('has no text of its own', () => {
    // the names of languages are the same in all of them
    const own = sources.filter(([file, code]) => file !== 'texts/index.vue' && /[\u3000-\u9fff]/.test(code))
    expect(own.map(([file]) => file)).to.deep.equal([])
  })

  it('renders nothing as HTML, and talks to the server in one place only', () => {
    for (const [file, code] of sources) {
      expect(code, file).not.to.match(/v-html|innerHTML|dangerouslyUseHTMLString: true/)
      if (file !== 'shared/api.ts') expect(code, file).not.to.match(/\bsend\b[^}]*\} from '@koishijs\/client'/)
    }
  })

  it('takes markup apart into text and elements', () => {
    expect(toPieces('a &lt;b&gt;<br/><at id="1"/>c')).to.deep.equal([
      { kind: 'text', text: 'a <b>' },
      { kind: 'text', text: '\n' },
      { kind: 'element', text: '<at id="1"/>' },
      { kind: 'text', text: 'c' },
    ])
    expect(toPieces('&#60;img&#x3e; &unknown; &#99999999;')).to.deep.equal([{ kind: 'text', text: '<img> &unknown; &#99999999;' }])
  })

  it('marks errors where they are', () => {
    const source = 'hello {user.nick}, {#if bot.name}yes{/if} {oops'
    const marks = toMarks(source, check(source))
    expect(marks.map(({ text }) => text).join('')).to.equal(source)
    expect(marks.filter(({ error }) => error !== undefined).map(({ text }) => text)).to.deep.equal(['{user.nick}', '{oops'])
  })

  it('reads files of any size in pieces that a call takes, wherever a character is cut', async () => {
    for (const text of ['', 'a', '汉'.repeat(50_000), '😀'.repeat(30_000) + 'x']) {
      const chunks = []
      for await (const chunk of readChunks(new Blob([text]))) chunks.push(chunk)
      expect(chunks.map(({ text }) => text).join('')).to.equal(text)
      expect(Math.max(...chunks.map(({ text }) => Buffer.byteLength(text)))).to.be.at.most(64 * 1024)
      expect(chunks.map(({ last }) => last)).to.deep.equal(chunks.map((_, index) => index === chunks.length - 1))
    }
    const other = readChunks(new Blob([Buffer.from([0xc4, 0xe3, 0x2c])]))
    expect(await other.next().catch(error => error)).to.be.instanceOf(TypeError)
  })

  it('finds what is wrong, the worst first, and has a text for it', () => {
    const bot = { selfId: '1', name: 'bot', online: true, intents: { users: true, interactions: true }, waiting: { messages: 0, requests: 0 } }
    const database = { reachable: true, waiting: 0, failing: false, setAside: [] }
    const sound = { adapter: true, bots: [bot], arrivals: { FRIEND_ADD: 1 }, malformed: [], unknown: [], refusals: [], disputes: [], database }
    const find = (change: object) => examine({ ...sound, ...change }, String)
    expect(find({}).every(({ level }) => level === 'ok')).to.equal(true)
    const cases: [object, string, string][] = [
      [{ adapter: false, bots: [] }, 'error', 'no-adapter'],
      [{ bots: [] }, 'error', 'no-bots'],
      [{ bots: [{ ...bot, online: false }] }, 'error', 'bot-offline'],
      [{ bots: [{ ...bot, intents: { users: false, interactions: true } }] }, 'error', 'users-intent'],
      [{ bots: [{ ...bot, intents: { users: true, interactions: false } }] }, 'warn', 'interactions-intent'],
      [{ bots: [{ ...bot, suspendedUntil: Date.now() + Time.hour }] }, 'warn', 'suspended'],
      [{ arrivals: { FRIEND_ADD: null } }, 'info', 'no-arrivals'],
      [{ malformed: [{ type: 'FRIEND_ADD', field: 'openid', count: 2, at: 1 }] }, 'warn', 'malformed'],
      [{ unknown: [{ type: 'INTERACTION_CREATE', kind: 'new', count: 2, at: 1 }] }, 'info', 'unknown'],
      [{ database: { reachable: false, waiting: 0, failing: false, setAside: [] } }, 'error', 'unreachable'],
      [{ database: { reachable: true, waiting: 3, failing: true, setAside: [] } }, 'error', 'failing'],
      [{ database: { reachable: true, waiting: 3, failing: false, setAside: [] } }, 'info', 'waiting'],
      [{ database: { reachable: true, waiting: 0, failing: false, setAside: [{ id: 'a', error: 'no', since: 1, tries: 3 }] } }, 'warn', 'set-aside'],
      [{ disputes: [{ selfId: '1', count: 2, at: 1 }] }, 'info', 'disputes'],
    ]
    for (const [change, level, key] of cases) {
      const [first] = find(change)
      expect(first).to.include({ level, key })
      expect(chinese.has(`doctor.finding.${key}`) && chinese.has(`doctor.finding.${key}-advice`), key).to.equal(true)
    }
  })
})
