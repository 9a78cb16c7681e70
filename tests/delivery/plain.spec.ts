/** Rule: a message as plain text has no buttons, the text of its markdown, and all its pictures and other elements. */
import { expect } from 'chai'
import { h } from 'koishi'
import { toPlain } from '../../src/delivery/plain'

describe('a message as plain text', () => {
  const plain = (content: string) => toPlain(h.parse(content))?.join('')

  it('has no buttons, wherever they were', () => {
    expect(plain('hi<button id="a">go</button>')).to.equal('hi')
    expect(plain('<p>hi</p><button-group><button>a</button><button>b</button></button-group>')).to.equal('<p>hi</p>')
    expect(plain('<message>one<button>go</button></message><message>two</message>')).to.equal('<message>one</message><message>two</message>')
    expect(plain('hi<qq:keyboard id="1"/>')).to.equal('hi')
  })

  it('has the text of its markdown', () => {
    expect(plain('<markdown>**hi** <b>there</b></markdown>')).to.equal('**hi** <b>there</b>')
    expect(plain('<qq:markdown content="# hi"/>')).to.equal('# hi')
  })

  it('has its pictures and other elements', () => {
    expect(plain('<img src="https://example.com/a.png"/>look<button>go</button>')).to.equal('<img src="https://example.com/a.png"/>look')
  })

  it('is none where there is nothing to leave out, or nothing else', () => {
    expect(plain('hi <b>there</b>')).to.equal(undefined)
    expect(plain('<button-group><button>go</button></button-group>')).to.equal(undefined)
  })

  it('leaves the message itself as it is', () => {
    const elements = h.parse('hi<button id="a">go</button>')
    const before = elements.join('')
    toPlain(elements)
    expect(elements.join('')).to.equal(before)
  })
})
