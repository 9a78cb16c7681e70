/** Rule: however many wait for one signal, each hears of it once, and the signal has one listener. */
import { expect } from 'chai'
import { getEventListeners } from 'node:events'
import { onAbort } from '../../src/shared/on-abort'

describe('a signal that many wait for', () => {
  it('tells each once', () => {
    const controller = new AbortController()
    const told: number[] = []
    for (let index = 0; index < 20; index++) onAbort(controller.signal, () => { told.push(index) })
    expect(getEventListeners(controller.signal, 'abort')).to.have.length(1)
    controller.abort()
    controller.abort()
    expect(told).to.deep.equal(Array.from({ length: 20 }, (_, index) => index))
  })

  it('tells nobody who waits no longer, also if that is decided while others are told', () => {
    const controller = new AbortController()
    const told: string[] = []
    const withdraw = onAbort(controller.signal, () => { told.push('A') })
    onAbort(controller.signal, () => { told.push('B'); withdrawLast() })
    const withdrawLast = onAbort(controller.signal, () => { told.push('C') })
    withdraw()
    controller.abort()
    expect(told).to.deep.equal(['B'])
  })

  it('may be none', () => {
    onAbort(undefined, () => { throw new Error('called') })()
  })
})
