/** Rule: every language has all texts, with the same variables, and describes every key of the config. */
import { expect } from 'chai'
import { Context, Dict, Schema } from 'koishi'
import manifest from '../package.json'
import { Config, locales } from '../src/config'
import { check, render } from '../src/notices/template'
import { serverWords } from './vocabulary'

type Tree = { [key: string]: Tree } | Tree[] | string

const [reference, ...others] = Object.keys(locales)

const scope = (returning: boolean) => ({
  user: { id: 'U1', name: 'Alice' },
  bot: { id: 'B1', name: 'Bot' },
  event: { scene: 1001, sceneParam: 'spring', timestamp: new Date(2026, 0, 2, 3, 4, 5), returning },
})

/** The texts of a locale file, by their path. */
function flatten(tree: Tree, path = ''): Dict<string> {
  if (typeof tree !== 'object' || !tree) return { [path]: tree }
  return Object.assign({}, ...Object.entries(tree).map(([key, value]) => flatten(value, path ? `${path}.${key}` : key)))
}

function expressions(text: string) {
  return (text.match(/\{[^}]*\}/g) ?? []).sort()
}

/** The keys of a schema and the choices of its unions, as the config page shows them. */
function* entries(schema: Schema, path = ''): Generator<[path: string, schema: Schema]> {
  if (schema.meta.role === 'computed') return
  for (const item of schema.list ?? []) {
    if (item.type === 'const') yield [`${path}=${item.value}`, item]
    else yield* entries(item, path)
  }
  for (const key in schema.dict ?? {}) {
    const inner = path ? `${path}.${key}` : key
    yield [inner, schema.dict![key]]
    yield* entries(schema.dict![key], inner)
  }
}

function toDescription({ meta }: Schema, locale: string) {
  return (meta.description as Dict<string> | undefined)?.[locale]
}

function isGroup({ type, list, meta }: Schema): boolean {
  return type === 'object' || meta.role !== 'computed' && !!list?.some(isGroup)
}

describe('the locale files', () => {
  const texts = Object.fromEntries(Object.keys(locales).map(locale => [locale, flatten(locales[locale])]))

  it('are those that the package names', () => {
    expect(Object.keys(locales)).to.have.members(manifest.koishi.locales)
  })

  for (const locale in texts) {
    it(`${locale} has no empty text, and none that is not one`, () => {
      for (const [path, text] of Object.entries(texts[locale])) {
        expect(text, path).to.be.a('string')
        expect(text, path).to.equal(text.trim()).and.not.to.equal('')
      }
    })
  }

  for (const locale of others) {
    it(`${locale} has the keys of ${reference}`, () => {
      expect(Object.keys(texts[locale])).to.have.members(Object.keys(texts[reference]))
    })

    it(`${locale} has the expressions of ${reference}`, () => {
      for (const [path, text] of Object.entries(texts[reference])) {
        expect(expressions(texts[locale][path]), path).to.deep.equal(expressions(text))
      }
    })
  }

  for (const group in serverWords) {
    it(`have a text for every word of ${group}`, () => {
      for (const locale in texts) {
        for (const word of serverWords[group]) expect(texts[locale], locale).to.have.property(`qq-user.${group}.${word}`)
      }
    })
  }

  it('en-US is in English', () => {
    for (const [path, text] of Object.entries(texts['en-US'])) {
      expect(text, path).not.to.match(/[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}]/u)
    }
  })
})

describe('the config page', () => {
  for (const locale in locales) {
    it(`describes every key in ${locale}`, () => {
      const keys = [...entries(Config)]
      expect(keys.map(([path]) => path)).to.include.members(['icebreaker', 'icebreaker.enabled', 'icebreaker.content'])
      for (const [path, schema] of keys) {
        // the page sets what describes an object as a headline, and its group has one already
        const description = toDescription(schema, locale)
        if (isGroup(schema)) expect(description, path).to.equal(undefined)
        else expect(description, path).to.be.a('string').that.does.not.equal('')
      }
    })

    it(`has a title for every group in ${locale}`, () => {
      for (const group of Config.list!) {
        expect(toDescription(group, locale), Object.keys(group.dict!).join()).to.be.a('string').that.does.not.equal('')
      }
    })
  }

  it('mentions no variable that does not exist', () => {
    for (const locale in locales) {
      for (const [path, text] of Object.entries(flatten(locales[locale]._config))) {
        expect(check(text), `${locale} ${path}`).to.deep.equal([])
      }
    }
  })
})

describe('the default texts', () => {
  for (const locale in locales) {
    for (const [key, text] of Object.entries<string>(locales[locale]['qq-user'].notices)) {
      it(`${locale} ${key} is a correct template`, () => {
        expect(check(text)).to.deep.equal([])
      })

      it(`${locale} ${key} reads the same for the plugin and for Koishi's own i18n`, () => {
        const app = new Context({ i18n: { locales: [locale] } })
        app.i18n.define(locale, locales[locale])
        for (const returning of [false, true]) {
          const rendered = render(text, scope(returning)).join('')
          expect(rendered).to.match(/\p{L}/u).and.not.to.match(/[{}]|undefined|null/)
          expect(app.i18n.render([locale], [`qq-user.notices.${key}`], scope(returning)).join('')).to.equal(rendered)
        }
      })
    }

    it(`${locale} greets those who come back in another way`, () => {
      const { icebreaker } = locales[locale]['qq-user'].notices
      expect(render(icebreaker, scope(true)).join('')).not.to.equal(render(icebreaker, scope(false)).join(''))
    })
  }
})
