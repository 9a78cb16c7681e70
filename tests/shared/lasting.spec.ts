/** Rule: what outlives a reload is one object for all plugins of an app, and another one in another app. */
import { expect } from 'chai'
import { Context } from 'koishi'
import { lasting } from '../../src/shared/lasting'

describe('what outlives a reload', () => {
  it('is the same object for every plugin of one app', () => {
    const app = new Context()
    const first = lasting(app, 'name', () => ({}))
    app.plugin((ctx) => {
      expect(lasting(ctx, 'name', () => ({}))).to.equal(first)
    })
    expect(lasting(app, 'other', () => ({}))).to.not.equal(first)
  })

  it('is another object in another app', () => {
    const first = lasting(new Context(), 'name', () => ({}))
    expect(lasting(new Context(), 'name', () => ({}))).to.not.equal(first)
  })
})
