/** Rule: a text is sent as Koishi renders it, with values as plain text; its faults are found beforehand, with their places. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { h } from 'koishi'
import { locales } from '../../src/config'
import { TemplateError } from '../../src/notices/outline'
import { check, render } from '../../src/notices/template'
import { Scope } from '../../src/notices/variables'

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

  it('is what Koishi makes of the same text', () => {
    const parts = fc.constantFrom(
      'a', ' ', '\n', '}', '&lt;', '"', '{user.name}', '{bot.id + 1}', '{ event.timestamp }', '{user["id"]}', '{[1, "b"]}',
      '{#if event.returning}', '{:else}', '{/if}', '{#each ["x", "y"] as 项}', '{项}', '{/each}', '<b>', '</b>', '<br/>', '<at id={user.id}/>',
      '<b title="x" no-y z={bot.name} q=\'1\'>', '<!-- {user.nick} -->', '<p>', '</p>',
    )
    fc.assert(fc.property(fc.array(parts, { maxLength: 12 }).map(parts => parts.join('')), fc.boolean(), (source, returning) => {
      fc.pre(!check(source).length)
      const values = scope({ event: { returning } })
      const { user, bot, event } = values
      const expected = h.parse(source, { user, bot, event: { ...event, timestamp: '2026-01-02 15:04:05' } })
      expect(markup(source, values)).to.equal(expected.join(''))
    }), { numRuns: 1000 })
  })

  it('tells what comes to nothing', () => {
    const failures: TemplateError[] = []
    render('{user.name} {user.name[5]} <b title={null.x}/>', scope(), { fail: error => failures.push(error) })
    expect(failures).to.deep.equal([
      { index: 12, expression: 'user.name[5]', kind: 'failing' },
      { index: 36, expression: 'null.x', kind: 'failing' },
    ])
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

describe('an address in a text', () => {
  const given = (sceneParam: string, name = '') => scope({ user: { name }, event: { sceneParam } })
  const file = 'file:///etc/passwd'

  it('is left out, with its element, where others chose a file or the own network', () => {
    for (const address of [file, 'data:,x', 'base64://x', '/etc/passwd', '../x', 'http://127.0.0.1/', 'http://[::ffff:7f00:1]/', 'http://printer/']) {
      for (const name of ['src', 'url', 'href', 'poster', 'avatar']) {
        expect(markup(`a<img ${name}={event.sceneParam}/>b`, given(address)), address).to.equal('ab')
      }
      expect(markup('<p>a<x src={event.sceneParam}>y</x></p>', given(address)), address).to.equal('<p>a</p>')
      expect(markup('<img src={user.name}/>', given('', address)), address).to.equal('')
    }
    expect(markup('<img src={event.sceneParam}/>', given('https://example.com/a'))).to.equal('<img src="https://example.com/a"/>')
  })

  it('is, however it gets there', () => {
    const sources = [
      '<img src={event["sceneParam"]}/>', '<img src={(event).sceneParam}/>', '<img src={[event.sceneParam]}/>', '<img src={[event][0].sceneParam}/>',
      '<img src={event.sceneParam || "https://example.com"}/>', '<img src={String(event.sceneParam)}/>', '<img src={event.returning ? "" : event.sceneParam}/>',
      '<img src={JSON.parse(JSON.stringify(event)).sceneParam}/>',
      '{#each ["x"].map(x => event.sceneParam) as y}<img src={y}/>{/each}',
      '<img src={Object.values(event)[1]}/>',
      '<img src={"fi" + event.sceneParam.slice(2)}/>', '<img src={("x", event.sceneParam)}/>', '<img src={event?.sceneParam}/>',
      '{#if event.sceneParam}<img src={event.sceneParam}/>{/if}', '{#each [event.sceneParam] as x}<img src={x}/>{/each}',
      '{#each [event] as x}<img src={x.sceneParam}/>{/each}',
      '{#each [[event.sceneParam]] as x}{#each x as y}<img src={y}/>{/each}{/each}', '{#each event.sceneParam.split(" ") as bot}<img src={bot}/>{/each}',
    ]
    for (const source of sources) {
      expect(check(source), source).to.deep.equal([])
      expect(markup(source, given(file)), source).to.equal('')
    }
  })

  it("stays the operator's business where it is the operator's", () => {
    const sources: [source: string, result: string][] = [
      ['<img src="file:///srv/a.png"/>', 'file:///srv/a.png'],
      ['<img src={event.returning ? "/a.png" : "/b.png"}/>', '/b.png'],
      ['<img src={event.sceneParam === "x" ? "/a.png" : "/b.png"}/>', '/b.png'],
      ['<img src={"http://127.0.0.1:8080/avatar/" + user.id}/>', 'http://127.0.0.1:8080/avatar/U1'],
      ['<img src={"http://localhost/" + event.scene + ".png"}/>', 'http://localhost/1001.png'],
      ['<img src={"http://localhost/" + bot.id}/>', 'http://localhost/100'],
      ['{#each ["/a.png"] as x}<img src={x}/>{/each}', '/a.png'],
    ]
    for (const [source, result] of sources) {
      expect(check(source)).to.deep.equal([])
      expect(render(source, given(file))[0].attrs.src, source).to.equal(result)
    }
    for (const source of ['<img src={"file:///srv/img/" + event.sceneParam}/>', '<img src={"http://127.0.0.1" + event.sceneParam}/>']) {
      expect(markup(source, given('../../etc/passwd')), source).to.equal('')
      expect(markup(source, given(':8080/')), source).to.equal('')
    }
  })

  it('is decided upon by whoever renders the text', () => {
    const asked: unknown[] = []
    const allow = (foreign: object) => asked.push(foreign) > 1
    const elements = render('<img src={event.sceneParam}/><a href={"/" + user.id}>x</a><b title={bot.id}/>', scope(), { allow })
    expect(elements.join('')).to.equal('<a href="/U1">x</a><b title="100"/>')
    expect(asked).to.deep.equal([
      { element: 'img', name: 'src', value: 'poster', own: '', before: '' },
      { element: 'a', name: 'href', value: '/U1', own: '/', before: '/' },
    ])
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
      '{Math.max(1, user.name.length)}',
      '{event.timestamp.slice(0, 10)}',
      '{["a", "b"].map(x => x + user.name).join()}',
      '{user.name ? user.name[0].toUpperCase() : "?"}',
      '{#if user.name}{user.name[0].toUpperCase()}{/if}',
      '{#if event.scene === 9999}{event.sceneParam.split("-")[0]}{/if}',
      '{#each user.name.split("") as 字}{字}{/each}',
      '{encodeURIComponent(user.name)}{JSON.stringify(event)}{String(undefined)}',
      '<!-- {user.nick} -->',
      '{user.name /* as they say */}',
      '{(/[)]/).test(user.name)}',
      '<br/>a<br></br>b<b>c',
      'x'.repeat(4000),
      `{#if event.returning}${'x'.repeat(4000)}{:else}${'y'.repeat(4000)}{/if}`,
      `<random><a>${'x'.repeat(3000)}</a><a>${'x'.repeat(3000)}</a></random><button>${'x'.repeat(5000)}</button>`,
      `<message>${'x'.repeat(4000)}</message>${'x'.repeat(4000)}<img src="https://example.com"/>${'x'.repeat(4000)}`,
    ]

    for (const source of valid) {
      it(JSON.stringify(source.slice(0, 100)), () => {
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
      ['a variable in another script', '欢迎 {用户名}！', 3, 'unknown', '用户名'],
      ['a variable in another script, in an element', '<at id={用户.id}/>', 7, 'unknown', '用户.id'],
      ['a variable in another script, in a condition', '{#if 用户名}a{/if}', 0, 'unknown', '#if 用户名'],
      ['a variable in another script, in a repetition', '{#each 名单 as x}a{/each}', 0, 'unknown', '#each 名单 as x'],
      ['a variable with an accent', '{prénom}', 0, 'unknown', 'prénom'],
      ['an unknown name in a computation', '{user.name + nick}', 0, 'unknown', 'user.name + nick'],
      ['an unknown name that may not be reached', '{user.name || nick}', 0, 'unknown', 'user.name || nick'],
      ['an unknown property in a computation', '{"Hi " + user.nick}', 0, 'unknown', '"Hi " + user.nick'],
      ['an unknown property in brackets', '{user["nick"]}', 0, 'unknown', 'user["nick"]'],
      ['a property that is computed', '{user[bot.id]}', 0, 'unknown', 'user[bot.id]'],
      ['an unknown property of a local', '{#each [user] as who}{who.nick}{/each}', 21, 'unknown', 'who.nick'],
      ['an unknown name in a branch that is seldom taken', '{#if event.scene === 9}{nick}{/if}', 23, 'unknown', 'nick'],
      ['an unknown method', '{user.name.upper()}', 0, 'unknown', 'user.name.upper()'],
      ['an unknown part of a global', '{Math.maximum(1)}', 0, 'unknown', 'Math.maximum(1)'],
      ['a global that is none of a text\'s', '{process.env.HOME}', 0, 'unknown', 'process.env.HOME'],
      ['a way out', '{user.name.constructor.constructor("return 1")()}', 0, 'unknown', 'user.name.constructor.constructor("return 1")()'],
      ['what nobody is known by', '{undefined}', 0, 'unknown', 'undefined'],
      ['a function', '{user.name.trim}', 0, 'unknown', 'user.name.trim'],
      ['what has no result for users without a name', '{user.name[0].toUpperCase()}', 0, 'failing', 'user.name[0].toUpperCase()'],
      ['what has no result for some', '{event.returning ? "again" : null}', 0, 'failing', 'event.returning ? "again" : null'],
      ['a repetition of what cannot be repeated', '{#each 5 as x}a{/each}', 0, 'unknown', '#each 5 as x'],
      ['a repetition by a name that is none', '{#each [1] as 1x}a{/each}', 0, 'syntax', '#each [1] as 1x'],
      ['an assignment', '{user.name = "x"}', 0, 'syntax', 'user.name = "x"'],
      ['a count', '{event.scene++}', 0, 'syntax', 'event.scene++'],
      ['a deletion', '{delete user.name}', 0, 'syntax', 'delete user.name'],
      ['an import', '{import("node:fs")}', 0, 'syntax', 'import("node:fs")'],
      ['what is waited for', '{await user.name}', 0, 'syntax', 'await user.name'],
      ['the program itself', '{this.process}', 0, 'syntax', 'this.process'],
      ['a brace in a string, which ends the expression', '{"}"}', 0, 'syntax', '"'],
      ['a sign in an element that ends the element', '<b title={1 > 2}>x</b>', 9, 'syntax', '1 >'],
      ['a variable in quotes, which is none', '<img src="https://example.com/{user.id}"/>', 30, 'syntax', 'user.id}"/>'],
      ['a variable that is no value of an attribute', '<b {user.name}>x</b>', 3, 'syntax', 'user.name}>'],
      ['attributes to be spread', '<b {...user}>x</b>', 3, 'syntax', '...user}>'],
      ['a variable between two signs', '1 < {user.name} > 2', 4, 'syntax', 'user.name} >'],
      ['an element that hides the end of a condition', '{#if event.returning}a<br>b{/if}c', 22, 'unclosed', '<br>'],
      ['an element that hides what follows', 'Hello<br>{user.name}', 5, 'unclosed', '<br>'],
      ['the end of nothing', 'a</>b', 1, 'syntax', '</>'],
      ['the end of a condition that looks like that of an element', '{#if event.returning}a</if>b', 22, 'syntax', '</if>'],
      ['a text longer than the platform takes', 'x'.repeat(4001), 4000, 'too-long', ''],
      ['one of two ways that is too long', `{#if event.returning}a{:else}${'x'.repeat(4001)}{/if}`, 4029, 'too-long', ''],
      [
        'ways that are too long together',
        `{#if user.name}a{:else}${'x'.repeat(2001)}{/if}{#if event.returning}b{:else}<b>${'y'.repeat(2000)}</b>{/if}`, 4060, 'too-long', '',
      ],
      ['the outer of two conditions that does not end', '{#if true}{#if false}a{/if}', 0, 'unclosed', '#if true'],
    ]

    for (const [what, source, index, kind, expression] of faults) {
      it(`${what}: ${JSON.stringify(source.slice(0, 100))}`, () => {
        expect(check(source)[0]).to.deep.equal({ index, kind, expression })
        expect(source.slice(index)).to.satisfy((rest: string) => !expression || rest.includes(expression))
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

  it('lets nothing pass that is sent with a hole', () => {
    const leaf = fc.constantFrom(
      'user.id', 'user.name', 'user.nick', 'bot.name', 'event.scene', 'event.sceneParam', 'event.timestamp', 'event.returning',
      'event', 'user', 'item', '名', 'Math', 'Math.PI', 'process', 'undefined', 'null', '1', '"a"', '[]', '["b"]', 'x => x', '/a/', 'this', '"}"', '""',
    )
    const { expression } = fc.letrec<{ expression: string }>(tie => ({
      expression: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        leaf,
        fc.tuple(tie('expression'), fc.constantFrom('+', '||', '&&', '??', '===', ',', '-', '=', '<')).map(([a, o]) => `${a} ${o} user.name`),
        fc.tuple(tie('expression'), fc.constantFrom(
          '.length', '[0]', '.trim()', '.name', '?.id', '.at(-1)', '.split("")', '.first', '()', '++', '.toFixed(1)', '.join("-")',
        )).map(([a, b]) => a + b),
        fc.tuple(fc.constantFrom('String', '!', 'JSON.stringify', 'new Date', 'typeof ', 'await '), tie('expression')).map(([f, a]) => `${f}(${a})`),
        fc.tuple(tie('expression'), tie('expression'), tie('expression')).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
      ),
    }))
    const { text } = fc.letrec<{ text: string }>(tie => ({
      text: fc.oneof(
        { depthSize: 'small', withCrossShrink: true },
        expression.map(code => `[{${code}}]`),
        expression.map(code => `<b title={${code}}>x</b>`),
        fc.tuple(tie('text'), tie('text')).map(([a, b]) => a + b),
        fc.tuple(expression, tie('text'), tie('text')).map(([code, a, b]) => `{#if ${code}}${a}{:else}${b}{/if}`),
        fc.tuple(expression, fc.constantFrom('item', '名', 'user'), tie('text')).map(([code, name, a]) => `{#each ${code} as ${name}}${a}{/each}`),
        fc.tuple(fc.constantFrom('b', 'br', 'if'), tie('text')).map(([name, a]) => `<${name}>${a}</${name}>`),
      ),
    }))
    const names = ['', 'Ada', '小明 🦊', '<at id="1"/>']
    let passed = 0
    fc.assert(fc.property(text, (source) => {
      if (check(source).length) return
      passed++
      for (const name of names) {
        for (const scene of [null, 1001, 2003]) {
          for (const returning of [true, false]) {
            render(source, scope({ user: { name }, event: { scene, sceneParam: name, returning } }), {
              fail: error => expect.fail(`${JSON.stringify(source)}: ${JSON.stringify(error)} for ${name}`),
            })
          }
        }
      }
    }), { numRuns: 3000 })
    expect(passed).to.be.above(100)
  })

  it('runs nothing', () => {
    const probe = globalThis as { probe?: unknown }
    check('{globalThis.probe = 1}{#if globalThis.probe = 1}{/if}{#each [globalThis.probe = 1] as x}{/each}')
    expect(probe.probe).to.equal(undefined)
  })
})
