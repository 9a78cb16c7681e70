/** Rule: both READMEs say the same, their examples compile, their defaults are true, and their links lead somewhere. */
import { existsSync, readFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { expect } from 'chai'
import * as ts from 'typescript'
import { Audience } from '../src/broadcast/model'
import { Config } from '../src/config'
import { lasting, variables } from '../src/notices/variables'

const root = resolve(__dirname, '..')
const names = ['README.md', 'README.zh-CN.md'] as const
const [english, chinese] = names.map(name => readFileSync(join(root, name), 'utf8'))
const samples = new Map(names.flatMap((name, index) => {
  return blocks([english, chinese][index], 'ts').map((code, number) => [join(root, `${name}.${number}.ts`), code])
}))

function blocks(text: string, language: string) {
  return [...text.matchAll(new RegExp('^```' + language + '\\n([\\s\\S]*?)^```$', 'gm'))].map(([, code]) => code)
}

function section(text: string, heading: string) {
  return text.split(`\n${heading}`)[1].split(/\n#{1,3} /)[0]
}

function cells(text: string, heading: string) {
  return [...section(text, heading).matchAll(/^\| (`.*?`) \|/gm)].map(([, cell]) => cell.replace(/、/g, ', '))
}

/** What is set as code in a text. */
const codes = (text: string) => [...text.matchAll(/`([^`]+)`/g)].map(([, code]) => code)

function options(paths: string): ts.CompilerOptions {
  const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), ts.sys.readFile)
  const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root)
  return {
    ...options,
    rootDir: root,
    composite: false,
    incremental: false,
    emitDeclarationOnly: false,
    paths: { 'koishi-plugin-qq-user': [paths] },
  }
}

/** What is read from the disk is parsed once. */
const parsed = new Map<string, ts.SourceFile | undefined>()

/** Files, some of which exist in memory only. */
function compile(roots: string[], options: ts.CompilerOptions, files = new Map<string, string>()) {
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile } = host
  host.fileExists = file => files.has(file) || fileExists(file)
  host.readFile = file => files.get(file) ?? readFile(file)
  host.getSourceFile = (file, ...rest) => {
    if (!files.has(file) && !parsed.has(file)) parsed.set(file, getSourceFile(file, ...rest))
    return files.has(file) ? getSourceFile(file, ...rest) : parsed.get(file)
  }
  const folders = new Set([...files.keys()].map(dirname))
  host.directoryExists = folder => folders.has(folder) || ts.sys.directoryExists(folder)
  return ts.createProgram(roots, options, host)
}

function complaints(program: ts.Program) {
  return ts.getPreEmitDiagnostics(program).map(({ file, messageText }) => {
    return `${file?.fileName ?? ''} ${ts.flattenDiagnosticMessageText(messageText, '\n')}`
  })
}

/** The declarations that the build emits. */
function declare(folder: string) {
  const files = new Map<string, string>()
  // the source is checked elsewhere
  const settings = { ...options(join(root, 'src')), rootDir: join(root, 'src'), outDir: folder, declaration: true, noCheck: true }
  const program = compile([join(root, 'src/index.ts'), ...types], settings)
  program.emit(undefined, (file, text) => files.set(resolve(file), text), undefined, true)
  return files
}

const types = [require.resolve('yml-register/types')]

describe('the README', () => {
  it('has examples, the same in both languages but for what is said in them', () => {
    const [first, second] = [english, chinese].map(text => blocks(text, 'ts').map(code => code.replace(/'[^'\n]*'|\/\/.*/g, '')))
    expect(first).to.have.length.above(1)
    expect(first).to.deep.equal(second)
  })

  it('has examples that compile against what is published', () => {
    const folder = join(root, 'declarations')
    const declarations = declare(folder)
    expect([...declarations.keys()]).to.include(join(folder, 'index.d.ts'))
    const program = compile([...samples.keys()], { ...options(folder), noEmit: true }, new Map([...samples, ...declarations]))
    expect(complaints(program)).to.deep.equal([])
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
