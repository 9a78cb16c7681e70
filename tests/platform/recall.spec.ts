/** Rule: the stand-in takes one recall in each of four periods after a user has written, and none for whoever said no or left. */
import { expect } from 'chai'
import { client, minute, pass, platform, usePlatform } from './setup'

const hour = 60 * minute
const day = 24 * hour

describe('the stand-in platform', () => {
  usePlatform()

  describe('recall', () => {
    const recall = (more: object = {}) => client.send('u', { content: 'hi', is_wakeup: true, ...more })

    it('is open once in each of four periods after the user has written', async () => {
      platform.message('u')
      const codes = []
      for (const [from, to] of [[0, 1], [1, 3], [3, 7], [7, 30]]) {
        codes.push(await recall())
        pass((to - from) * day / 2)
        codes.push(await recall())
        pass((to - from) * day / 2)
      }
      codes.push(await recall())
      expect(codes).to.deep.equal([undefined, 40034122, undefined, 40034122, undefined, 40034122, undefined, 40034122, 40034123])
      expect(platform.posts.every(({ route }) => route === 'recall')).to.equal(true)
      expect(platform.accepted('u')).to.have.length(4)
    })

    it('counts days by the calendar and by their length', async () => {
      // the platform's day ends 16 hours later
      platform.message('u')
      pass(15 * hour)
      expect(await recall()).to.equal(undefined)
      pass(2 * hour)
      expect(await recall()).to.equal(40034122)
      pass(7 * hour)
      expect(await recall()).to.equal(undefined)
    })

    it('begins anew when the user writes on a later day', async () => {
      platform.message('u')
      expect(await recall()).to.equal(undefined)
      platform.message('u')
      expect(await recall()).to.equal(40034122)
      pass(day)
      platform.message('u')
      expect(await recall()).to.equal(undefined)
    })

    it('needs somebody who has written', async () => {
      platform.add('u')
      expect(await recall()).to.equal(40034123)
    })

    it('is no reply', async () => {
      const { d, id } = platform.message('u')
      expect(await recall({ msg_id: d.id })).to.equal(40011000)
      expect(await recall({ event_id: id })).to.equal(40011000)
      expect(await recall()).to.equal(undefined)
    })

    it('is refused for whoever said no or left', async () => {
      platform.message('u')
      platform.reject('u')
      expect(await recall()).to.equal(40054013)
      platform.allow('u')
      platform.remove('u')
      expect(await recall()).to.equal(40054004)
    })

    it('is open to a bot that may not push, and does not count as a push', async () => {
      platform.message('u')
      platform.pushBanned = true
      platform.limits.userDay = 0
      expect(await recall()).to.equal(undefined)
    })

    it('can be closed to the bot', async () => {
      platform.message('u')
      platform.recallClosed = true
      expect(await recall()).to.equal(40034123)
    })
  })

  it('tells of one action in two envelopes', async () => {
    await client.identify()
    const first = platform.add('u')
    const second = platform.double(first)
    expect(second.d).to.deep.equal(first.d)
    expect(second.id).to.not.equal(first.id)
    for (const { id } of [first, second]) expect(await client.until(({ t }) => t === 'FRIEND_ADD')).to.include({ id })
  })
})
