/** Rule: the faults of a text are found beforehand, with their places, and nothing else is. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { locales } from '../../src/config'
import { check, render } from '../../src/notices/template'
import { markup, scope, text } from './samples'

const kinds = (source: string) => check(source).map(({ kind }) => kind)

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
