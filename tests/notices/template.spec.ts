/** Rule: a text is sent as Koishi renders it, with values as plain text, and with no address that others chose. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { h } from 'koishi'
import { TemplateError } from '../../src/notices/parser'
import { check, render } from '../../src/notices/template'
import { markup, scope, text } from './samples'

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
