/** Rule: both READMEs say the same, their defaults are true, and their links lead somewhere. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { Audience } from '../src/broadcast/model'
import { Config } from '../src/config'
import { lasting, variables } from '../src/notices/variables'
import { blocks, chinese, english, root } from './readme'

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
      expect(items.filter(code => /^\{\w/.test(code))).to.deep.equal(toCodes(groups.filter(([group]) => lasting[group as keyof typeof lasting])))
    })

    it(`tells under "${codeHeading}" how an audience is described`, () => {
      const conditions: Record<keyof Audience, true> = {
        relation: true, consent: true, scene: true, sceneParam: true, search: true, userIds: true, activeSince: true,
      }
      expect(codes(section(text, codeHeading).match(/^.*`audience`.*$/m)![0])).to.include.members(Object.keys(conditions))
    })
  }

  it('has as many headings, blocks and items in both languages', () => {
    const count = (text: string) => [/^#+ /gm, /^```/gm, /^ *(-|\d\.) /gm, /^\|/gm].map(pattern => text.match(pattern)!.length)
    expect(count(english)).to.deep.equal(count(chinese))
  })

  it('tells every default as it is', () => {
    const { push: limits } = Config({ push: { tier: 'custom' } } as never)
    const { push, ...rest } = Config({} as never)
    const defaults = { ...rest, push: { ...limits, ...push } }
    for (const [, path, value] of english.matchAll(/^\| `([\w.]+)` \| \w+ \| `?(\w+)`? \|/gm)) {
      const actual = path.split('.').reduce<any>((config, key) => config[key], defaults)
      expect(actual === '' ? 'empty' : `${actual}`, path).to.equal(value)
    }
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
