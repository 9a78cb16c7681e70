/** Rule: both READMEs say the same, their defaults are true, and their links lead somewhere. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Audience } from '../src/broadcast/model'
import { Config } from '../src/config'
import { Reason } from '../src/gate'
import { eventless, variables } from '../src/notices/variables'
import { tiers } from '../src/push'
import { retryable } from '../src/push/error'
import { blocks, chinese, english, root } from './readme'
import { pauses } from './vocabulary'

function section(text: string, heading: string) {
  return text.split(`\n${heading}`)[1].split(/\n#{1,3} /)[0]
}

function cells(text: string, heading: string) {
  return [...section(text, heading).matchAll(/^\| (`.*?`) \|/gm)].map(([, cell]) => cell.replace(/、/g, ', '))
}

/** What is set as code in a text. */
const codes = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code)

describe('the README', () => {
  it('has examples, the same in both languages but for what is said in them', () => {
    const [first, second] = [english, chinese].map(text => blocks(text, 'ts').map(code => code.replace(/'[^'\n]*'|\/\/.*/g, '')))
    expect(first).to.have.length.above(1)
    expect(first).to.deep.equal(second)
  })

  for (const [heading, translation] of [['## Configuration', '## 配置'], ['### Variables', '### 文本中的变量'], ['## Tables', '## 数据表'], ['## Service', '## 服务']]) {
    it(`has the same tables under "${heading}" and "${translation}"`, () => {
      const keys = cells(english, heading)
      expect(keys).to.have.length.above(3)
      expect(keys).to.deep.equal(cells(chinese, translation))
    })
  }

  for (const [text, variablesHeading, broadcastHeading, codeHeading] of [
    [english, '### Variables', '## Broadcasts', '### Broadcasts and links in code'],
    [chinese, '### 文本中的变量', '## 群发', '### 用代码群发和生成链接'],
  ]) {
    const groups = Object.entries(variables)
    const toCodes = (list: typeof groups) => list.flatMap(([group, values]) => Object.keys(values).map(name => `{${group}.${name}}`))

    it(`tells under "${variablesHeading}" what a text can refer to`, () => {
      expect(cells(text, variablesHeading).flatMap(codes)).to.deep.equal(toCodes(groups))
    })

    it(`tells under "${broadcastHeading}" what its text can refer to`, () => {
      const items = codes(section(text, broadcastHeading).match(/^- .*$/gm)!.join('\n'))
      expect(items.filter(code => /^\{\w/.test(code))).to.deep.equal(toCodes(groups.filter(([group]) => eventless[group as keyof typeof eventless])))
    })

    it(`tells under "${codeHeading}" how an audience is described`, () => {
      const conditions: Record<keyof Audience, true> = {
        relation: true, consent: true, scene: true, sceneParam: true, search: true, userIds: true, activeSince: true,
      }
      expect(codes(section(text, codeHeading).match(/^.*`audience`.*$/m)![0])).to.include.members(Object.keys(conditions))
    })
  }

  for (const [text, sendingHeading, limitsHeading, broadcastHeading, yes] of [
    [english, '### Sending', '### Limits', '## Broadcasts', 'yes'],
    [chinese, '### 发送', '### 频率限制', '## 群发', '是'],
  ]) {
    it(`tells under "${sendingHeading}" why a push fails, and when to try again`, () => {
      const rows = [...section(text, sendingHeading).matchAll(/^\| (`[^|]*) \|.*\| ([^|]*) \|$/gm)]
      const told = rows.flatMap(([, reasons, again]) => codes(reasons).map(reason => [reason, again]))
      expect(told.map(([reason]) => reason)).to.have.members(['PushError.reason', ...Object.keys(retryable)])
      for (const [reason, again] of told) if (again === yes) expect(retryable[reason as Reason], reason).to.equal(true)
    })

    it(`tells under "${limitsHeading}" what the platform lets a bot send`, () => {
      for (const [tier, { botSecond, botMinute, userMinute, userDay }] of Object.entries(tiers)) {
        const row = section(text, limitsHeading).match(new RegExp(`^\\| \`${tier}\`.*$`, 'm'))![0]
        expect(row.match(/ (\d+|–)(?= \|)/g)!.map(cell => cell.trim().replace('–', 'Infinity')))
          .to.deep.equal([botSecond, botMinute, userMinute, userDay].map(String))
      }
    })

    it(`tells under "${broadcastHeading}" why one pauses by itself`, () => {
      const told = [...section(text, broadcastHeading).matchAll(/^\| (`[^|]*) \|/gm)].flatMap(([, cell]) => codes(cell))
      expect(told).to.have.members(pauses)
    })
  }

  it('has as many headings, blocks and items in both languages', () => {
    const count = (text: string) => [/^#+ /gm, /^```/gm, /^ *(-|\d\.) /gm, /^\|/gm].map(pattern => text.match(pattern)!.length)
    expect(count(english)).to.deep.equal(count(chinese))
  })

  it('tells of every setting, and its default as it is', () => {
    const { push: limits } = Config({ push: { tier: 'custom' } } as never)
    const { push, ...rest } = Config({} as never)
    const actual = Object.entries({ ...rest, push: { ...limits, ...push } }).flatMap(([group, settings]) => {
      return Object.entries(settings).map(([name, value]) => [`${group}.${name}`, value === '' ? 'empty' : `${value}`])
    })
    const told = [...english.matchAll(/^\| `([\w.]+)` \| \w+ \| `?(\w+)`? \|/gm)].map(([, path, value]) => [path, value])
    expect(Object.fromEntries(told)).to.deep.equal(Object.fromEntries(actual))
  })

  it('links to files and headings that exist', () => {
    for (const text of [english, chinese]) {
      const anchors = [...text.matchAll(/^#+ (.*)$/gm)].map(([, title]) => '#' + title.toLowerCase().replace(/ /g, '-'))
      for (const [, target] of text.matchAll(/\]\(([^)]+)\)/g)) {
        if (target.startsWith('#')) expect(anchors).to.include(target)
        else if (!/^https:/.test(target)) expect(existsSync(join(root, target)), target).to.equal(true)
      }
    }
  })
})
