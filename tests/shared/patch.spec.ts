/** Rule: a wrapped method stands in for the original, lets others wrap it, too, and leaves nothing when it is given back. */
import { expect } from 'chai'
import { patchMethod } from '../../src/shared/patch'

describe('a wrapped method', () => {
  class Host {
    name = 'host'

    greet(...names: string[]) {
      return [this.name, ...names].join(' ')
    }
  }

  const twice = (original: Host['greet']) => (...names: string[]) => `${original(...names)} ${original(...names)}`

  it('stands in for the original, which keeps its object and its arguments', () => {
    const host = new Host()
    patchMethod(host, 'greet', twice)
    expect(host.greet('a', 'b')).to.equal('host a b host a b')
    const { greet } = host
    expect(greet('c')).to.equal('host c host c')
  })

  it('is that of one object only', () => {
    patchMethod(new Host(), 'greet', twice)
    expect(new Host().greet()).to.equal('host')
  })

  it('gives way to the method of the class', () => {
    const host = new Host()
    patchMethod(host, 'greet', twice)()
    expect(Object.hasOwn(host, 'greet')).to.equal(false)
    expect(host.greet).to.equal(Host.prototype.greet)
  })

  it('gives way to a method of the object\'s own, as it was defined', () => {
    const host = new Host()
    const own = () => 'own'
    Object.defineProperty(host, 'greet', { value: own, configurable: true, enumerable: false, writable: false })
    const descriptor = Object.getOwnPropertyDescriptor(host, 'greet')
    const restore = patchMethod(host, 'greet', twice)
    expect(host.greet()).to.equal('own own')
    restore()
    expect(Object.getOwnPropertyDescriptor(host, 'greet')).to.deep.equal(descriptor)
  })

  it('can be assigned to, by somebody else who wraps it', () => {
    const host = new Host()
    patchMethod(host, 'greet', twice)
    const { greet } = host
    host.greet = (...names) => `<${greet(...names)}>`
    expect(host.greet()).to.equal('<host host>')
  })

  it('does not show up among the properties', () => {
    const host = new Host()
    const keys = Object.keys(host)
    patchMethod(host, 'greet', twice)
    expect(Object.keys(host)).to.deep.equal(keys)
  })

  it('stays while somebody else\'s is on top', () => {
    const host = new Host()
    const restore = patchMethod(host, 'greet', twice)
    const other = () => 'other'
    host.greet = other
    restore()
    expect(host.greet).to.equal(other)
  })

  it('is the original again for somebody else\'s that stays on top', () => {
    const host = new Host()
    const restore = patchMethod(host, 'greet', twice)
    const { greet } = host
    host.greet = (...names) => `<${greet(...names)}>`
    restore()
    expect(host.greet('a')).to.equal('<host a>')
  })

  it('can be wrapped again, and given back layer by layer', () => {
    const host = new Host()
    const outer = (original: Host['greet']) => (...names: string[]) => `(${original(...names)})`
    const restores = [patchMethod(host, 'greet', twice), patchMethod(host, 'greet', outer)]
    expect(host.greet()).to.equal('(host host)')
    restores[1]()
    expect(host.greet()).to.equal('host host')
    restores[0]()
    expect(host.greet).to.equal(Host.prototype.greet)
  })

  it('can be given back twice', () => {
    const host = new Host()
    const restore = patchMethod(host, 'greet', twice)
    restore()
    const next = patchMethod(host, 'greet', twice)
    restore()
    expect(host.greet()).to.equal('host host')
    next()
    expect(host.greet).to.equal(Host.prototype.greet)
  })
})
