import { expect } from 'chai'
import * as fc from 'fast-check'
import { h } from 'koishi'
import { locales } from '../../src/config'
import { check, render, Scope } from '../../src/notices/template'

function scope({ user, bot, event }: { user?: Partial<Scope['user']>; bot?: Partial<Scope['bot']>; event?: Partial<Scope['event']> } = {}): Scope {
  return {
    user: { id: 'U1', name: 'Ada', ...user },
    bot: { id: '100', name: 'Robo', ...bot },
    event: { scene: 1001, sceneParam: 'poster', timestamp: new Date(2026, 0, 2, 15, 4, 5), returning: false, ...event },
  }
}

/** The text as it is sent. */
const text = (source: string, values?: Scope) => render(source, values ?? scope()).map(element => element.toString(true)).join('')
const markup = (source: string, values?: Scope) => render(source, values ?? scope()).join('')
const kinds = (source: string) => check(source).map(({ kind }) => kind)

/** What looks like an element, a variable, an entity or a bit of program. */
const treacherous = fc.array(fc.oneof(
  fc.string(),
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '<at id="all"/>', '<at type="all"/>', '<b>', '</b>', '<img src="https://example.com"/>', '<!--', '-->', '&lt;', '&amp;', '&#123;', '"', '\'',
    '{bot.id}', '{user.name}', '{#if true}', '{/if}', '{:else}', '{', '}', '{{', '$&', '$1', '\\', '\n', ' ', 'return',
  ),
), { minLength: 1, maxLength: 6 }).map(parts => parts.join('')).filter(value => value !== '')

describe('rendering a text', () => {
  it('leaves plain text as it is', () => {
    expect(text('Hello, nice to meet you!')).to.equal('Hello, nice to meet you!')
    expect(text('')).to.equal('')
  })

  it('fills in the variables', () => {
    expect(text('{user.id} {user.name} {bot.id} {bot.name}')).to.equal('U1 Ada 100 Robo')
    expect(text('{event.scene} {event.sceneParam} {event.timestamp} {event.returning}')).to.equal('1001 poster 2026-01-02 15:04:05 false')
    expect(text('{ user.name }')).to.equal('Ada')
  })

  it('fills in nothing for what is not known', () => {
    const values = scope({ user: { name: '' }, event: { scene: null, sceneParam: '' } })
    expect(text('[{user.name}{event.scene}{event.sceneParam}]', values)).to.equal('[]')
  })

  it('computes', () => {
    expect(text('{user.name || "friend"}', scope({ user: { name: '' } }))).to.equal('friend')
    expect(text('{user.name.toUpperCase()}')).to.equal('ADA')
    expect(text('{event.scene === 1001 ? "found" : "linked"}')).to.equal('found')
  })

  it('chooses by a condition', () => {
    const source = '{#if event.returning}Welcome back{:else}Hello{/if}, {user.name}!'
    expect(text(source)).to.equal('Hello, Ada!')
    expect(text(source, scope({ event: { returning: true } }))).to.equal('Welcome back, Ada!')
  })

  it('chooses by conditions within conditions', () => {
    const source = '{#if event.returning}{#if user.name}Again, {user.name}{:else}Again{/if}{:else}{#if user.name}Hello, {user.name}{:else}Hello{/if}{/if}.'
    const told = (returning: boolean, name: string) => text(source, scope({ user: { name }, event: { returning } }))
    expect(told(true, 'Ada')).to.equal('Again, Ada.')
    expect(told(true, '')).to.equal('Again.')
    expect(told(false, 'Ada')).to.equal('Hello, Ada.')
    expect(told(false, '')).to.equal('Hello.')
  })

  it('repeats', () => {
    expect(text('{#each ["help", "news"] as name}/{name} {/each}')).to.equal('/help /news ')
  })

  it('makes elements of elements', () => {
    const elements = render('Hi <at id={user.id}/> <b>there</b><img src="https://example.com/a.png"/>', scope())
    expect(elements.map(({ type }) => type)).to.deep.equal(['text', 'at', 'text', 'b', 'img'])
    expect(elements[1].attrs).to.deep.equal({ id: 'U1' })
    expect(elements[4].attrs).to.deep.equal({ src: 'https://example.com/a.png' })
  })

  it('fills in variables within elements', () => {
    expect(markup('<b>{user.name}</b>')).to.equal('<b>Ada</b>')
    expect(markup('<button text={user.name}/>')).to.equal('<button text="Ada"/>')
  })

  it('does not change the values', () => {
    const values = scope()
    const copy = structuredClone(values)
    render('{user.name = "x"}{event.timestamp = 0}', values)
    expect(values.event).to.deep.equal(copy.event)
  })

  describe('with several lines', () => {
    it('keeps the breaks between words', () => {
      expect(text('one\ntwo\n\nthree')).to.equal('one\ntwo\n\nthree')
    })

    it('keeps the breaks beside variables', () => {
      expect(text('{user.name}\n{bot.name}\nhello\n{user.id}')).to.equal('Ada\nRobo\nhello\nU1')
    })

    it('keeps the breaks beside conditions', () => {
      expect(text('one\n{#if event.returning}two{:else}three{/if}\nfour')).to.equal('one\nthree\nfour')
    })

    it('keeps the breaks within values', () => {
      expect(text('{user.name}', scope({ user: { name: 'a\nb' } }))).to.equal('a\nb')
    })

    it('keeps the breaks within elements', () => {
      expect(markup('<b>one\ntwo</b>')).to.equal('<b>one\ntwo</b>')
    })

    it('begins with the first line that says something and ends with the last', () => {
      expect(text('\n  one\ntwo\n\n')).to.equal('one\ntwo')
    })

    it('takes a break beside an element for layout, as Koishi does everywhere; <br/> is one to keep', () => {
      expect(markup('one\n<at id="1"/>\ntwo')).to.equal('one<at id="1"/>two')
      expect(markup('one<br/><at id="1"/><br/>two')).to.equal('one<br/><at id="1"/><br/>two')
    })
  })

  describe('values stay text, whatever they look like', () => {
    it('an element', () => {
      const elements = render('Hello {user.name}!', scope({ user: { name: '<at type="all"/>' } }))
      expect(elements).to.deep.equal([h.text('Hello '), h.text('<at type="all"/>'), h.text('!')])
    })

    it('a variable', () => {
      expect(text('{user.name}', scope({ user: { name: '{bot.id}' } }))).to.equal('{bot.id}')
    })

    it('an entity', () => {
      expect(text('{user.name}', scope({ user: { name: '&lt;' } }))).to.equal('&lt;')
    })

    it('anything, as text', () => {
      fc.assert(fc.property(treacherous, treacherous, treacherous, (name, sceneParam, bot) => {
        const elements = render('{user.name}{event.sceneParam}{bot.name}', scope({ user: { name }, event: { sceneParam }, bot: { name: bot } }))
        expect(elements).to.deep.equal([h.text(name), h.text(sceneParam), h.text(bot)])
        expect(h.parse(elements.join(''))).to.satisfy((parsed: h[]) => parsed.every(({ type }) => type === 'text'))
      }), { numRuns: 500 })
    })

    it('anything, within an element', () => {
      fc.assert(fc.property(treacherous, (name) => {
        const [element, ...rest] = render('<b title={user.name}>{user.name}</b>', scope({ user: { name } }))
        expect(rest).to.deep.equal([])
        expect(element.type).to.equal('b')
        expect(element.attrs).to.deep.equal({ title: name })
        expect(element.children).to.deep.equal([h.text(name)])
      }), { numRuns: 500 })
    })

    it('anything, in conditions and computations', () => {
      fc.assert(fc.property(treacherous, (name) => {
        const values = scope({ user: { name } })
        expect(render('{#if user.name}{user.name + "!"}{/if}', values)).to.deep.equal([h.text(name + '!')])
        expect(render('{#each [user.name] as name}{name}{/each}', values)).to.deep.equal([h.text(name)])
      }), { numRuns: 500 })
    })
  })
})

describe('checking a text', () => {
  describe('finds nothing in', () => {
    const valid = [
      '',
      'Hello!',
      'Hello, {user.name}!',
      'Line\n{ user.id }\n{bot.id}{bot.name}',
      '{event.scene}{event.sceneParam}{event.timestamp}{event.returning}',
      '{#if event.returning}Welcome back{/if}',
      '{#if event.returning}Welcome back{:else}Hello{/if}',
      '{#if !event.returning && event.scene === 2003}a{:else}{#if user.name}b{:else}c{/if}{/if}',
      '{#if event.returning}\n  a\n{:else}\n  b\n{/if}',
      '{#each ["a", "b"] as word}{word}{/each}',
      '{#each [[1, 2]] as pair}{#each pair as item}{item}{/each}{/each}',
      '{#each [user, bot] as who}{who.name}{/each}',
      '{user.name || "friend"}',
      '{user.name.length}',
      '{event.scene > 2000 ? "link" : "search"}',
      '<at id={user.id}/> <b>{user.name}</b>',
      'a } b',
      '&lt;b&gt; &#123;',
    ]

    for (const source of valid) {
      it(JSON.stringify(source), () => {
        expect(check(source)).to.deep.equal([])
      })
    }

    it('the plugin\'s own texts', () => {
      for (const [locale, { 'qq-user': { notices } }] of Object.entries(locales)) {
        for (const source of Object.values<string>(notices)) {
          expect(check(source), locale).to.deep.equal([])
          expect(text(source), locale).to.have.length.greaterThan(5)
        }
      }
    })

    it('whatever is put together from valid parts', () => {
      const { tree } = fc.letrec<{ tree: string; part: string }>(tie => ({
        tree: fc.array(tie('part'), { maxLength: 4 }).map(parts => parts.join('')),
        part: fc.oneof(
          { depthSize: 'small', withCrossShrink: true },
          fc.constantFrom('Hello', ' ', '\n', '{user.name}', '{ event.timestamp }', '{bot.id + "!"}', '<at id={user.id}/>', '}'),
          tie('tree').map(inner => `{#if event.returning}${inner}{/if}`),
          fc.tuple(tie('tree'), tie('tree')).map(([yes, no]) => `{#if user.name}${yes}{:else}${no}{/if}`),
          tie('tree').map(inner => `{#each [1, 2] as item}${inner}{item}{/each}`),
          tie('tree').map(inner => `<b>${inner}</b>`),
        ),
      }))
      fc.assert(fc.property(tree, (source) => {
        expect(check(source)).to.deep.equal([])
        expect(markup(source)).to.be.a('string')
      }), { numRuns: 500 })
    })
  })

  describe('finds', () => {
    const faults: [what: string, source: string, index: number, kind: string, expression: string][] = [
      ['a variable that does not exist', 'Hi {user.nick}!', 3, 'unknown', 'user.nick'],
      ['a variable of something that does not exist', 'Hi {guild.name}!', 3, 'unknown', 'guild.name'],
      ['a bare word', '{name}', 0, 'unknown', 'name'],
      ['a group of variables', '{user}', 0, 'unknown', 'user'],
      ['what every object has', '{constructor.name}', 0, 'unknown', 'constructor.name'],
      ['what every group has', '{user.constructor}', 0, 'unknown', 'user.constructor'],
      ['a part that the variable does not have', '{user.name.first}', 0, 'unknown', 'user.name.first'],
      ['a variable that does not exist, in an element', '<at id={user.uid}/>', 7, 'unknown', 'user.uid'],
      ['a name outside of what it belongs to', '{#each [1] as item}{/each}{item}', 26, 'unknown', 'item'],
      ['an empty expression', 'a {} b', 2, 'syntax', ''],
      ['a blank expression', 'a { } b', 2, 'syntax', ''],
      ['an expression that is none', 'a {user.} b', 2, 'syntax', 'user.'],
      ['a statement', '{user.name; user.id}', 0, 'syntax', 'user.name; user.id'],
      ['an expression that only looks whole with more around it', '{1)+(2}', 0, 'syntax', '1)+(2'],
      ['braces within braces', '{{user.name}}', 0, 'syntax', '{user.name'],
      ['a condition without an expression', '{#if}a{/if}', 0, 'syntax', '#if'],
      ['a condition that is no expression', '{#if event.}a{/if}', 0, 'syntax', '#if event.'],
      ['a condition that sticks to its keyword', '{#if(event.returning)}a{/if}', 0, 'syntax', '#if(event.returning)'],
      ['a condition set off from its brace', '{ #if event.returning}a{/if}', 0, 'syntax', '#if event.returning'],
      ['a repetition without an expression', '{#each}a{/each}', 0, 'syntax', '#each'],
      ['a repetition of no expression', '{#each as item}a{/each}', 0, 'syntax', '#each as item'],
      ['a block of a kind that does not exist', '{#while true}a{/while}', 0, 'syntax', '#while true'],
      ['a mark that does not exist', '{@user.name}', 0, 'syntax', '@user.name'],
      ['an end without a beginning', 'a{/if}', 1, 'syntax', '/if'],
      ['the end of another block', '{#if true}{#each [] as x}{/if}', 25, 'syntax', '/if'],
      ['an end that is none', '{#if true}a{/if;}', 11, 'syntax', '/if;'],
      ['an otherwise without a condition', 'a{:else}b', 1, 'syntax', ':else'],
      ['an otherwise in a repetition', '{#each [] as x}a{:else}b{/each}', 16, 'syntax', ':else'],
      ['an otherwise with a condition of its own, which would be ignored', '{#if true}a{:else if true}b{/if}', 11, 'syntax', ':else if true'],
      ['a second otherwise', '{#if true}a{:else}b{:else}c{/if}', 19, 'syntax', ':else'],
      ['something else in the middle', '{#if true}a{:then}b{/if}', 11, 'syntax', ':then'],
      ['a brace that does not close', 'a {user.name', 2, 'unclosed', 'user.name'],
      ['a condition that does not end', 'a {#if true}b', 2, 'unclosed', '#if true'],
      ['a repetition that does not end', '{#each [1] as item}{item}', 0, 'unclosed', '#each [1] as item'],
      ['the outer of two conditions that does not end', '{#if true}{#if false}a{/if}', 0, 'unclosed', '#if true'],
    ]

    for (const [what, source, index, kind, expression] of faults) {
      it(`${what}: ${JSON.stringify(source)}`, () => {
        expect(check(source)[0]).to.deep.equal({ index, kind, expression })
      })
    }

    it('each fault of a text, with its place', () => {
      expect(check('{nope} {user.name} {user.} {#if true} {/each} {')).to.deep.equal([
        { index: 0, kind: 'unknown', expression: 'nope' },
        { index: 19, kind: 'syntax', expression: 'user.' },
        { index: 38, kind: 'syntax', expression: '/each' },
        { index: 46, kind: 'unclosed', expression: '' },
      ])
    })

    it('several blocks that do not end', () => {
      expect(kinds('{#if true}{#each [] as x}')).to.deep.equal(['unclosed', 'unclosed'])
    })

    it('a brace where it says', () => {
      const parts = fc.constantFrom(
        'a', ' ', '\n', '{', '}', '{user.name}', '{nope}', '{user.', '{1 +', '{@',
        '{#if true}', '{#each [1] as x}', '{:else}', '{/if}', '{/each}',
      )
      fc.assert(fc.property(fc.array(parts, { maxLength: 12 }).map(parts => parts.join('')), (source) => {
        for (const { index, expression, kind } of check(source)) {
          expect(source[index]).to.equal('{')
          expect(source.slice(index + 1).trimStart().startsWith(expression)).to.equal(true)
          expect(kind).to.be.oneOf(['syntax', 'unclosed', 'unknown'])
        }
      }), { numRuns: 1000 })
    })
  })

  it('runs nothing', () => {
    const probe = globalThis as { probe?: unknown }
    check('{globalThis.probe = 1}{#if globalThis.probe = 1}{/if}{#each [globalThis.probe = 1] as x}{/each}')
    expect(probe.probe).to.equal(undefined)
  })
})
