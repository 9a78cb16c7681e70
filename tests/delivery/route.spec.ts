/** Rule: a notice replies to its event, after a no to the user's last message, within the hour, and never goes proactively after a no. */
import { expect } from 'chai'
import { EventSource, EventType } from '../../src/model'
import { canReply, findRoutes, LastMessage, REPLY_WINDOW } from '../../src/delivery/route'

const now = Date.UTC(2026, 0, 1, 12)
const hour = 3_600_000

const types: EventType[] = ['friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed']
const sources: EventSource[] = ['friend-add', 'friend-del', 'msg-reject', 'msg-receive', 'authorize', 'message', 'send-error', 'operator', 'import']

/** What the platform takes replies to. */
const repliable = ['friend-added friend-add', 'friend-push-allowed msg-receive', 'friend-push-allowed authorize', 'friend-push-rejected authorize']

/** What an event can be, by its type and its source. */
const possible = [
  ['friend-added', 'friend-add'],
  ['friend-deleted', 'friend-del'],
  ['friend-push-rejected', 'msg-reject'],
  ['friend-push-allowed', 'msg-receive'],
  ['friend-push-rejected', 'authorize'],
  ['friend-push-allowed', 'authorize'],
  ['friend-added', 'message'],
  ['friend-push-rejected', 'send-error'],
  ['friend-deleted', 'send-error'],
  ...types.flatMap(type => [[type, 'operator'], [type, 'import']] as const),
] as [EventType, EventSource][]

function entry(type: EventType, source: EventSource, age = 0, id = 'envelope-id') {
  return { id, type, source, occurredAt: new Date(now - age) }
}

const ages = [0, 1000, hour - 1, hour, hour + 1, 24 * hour]
const messages: (number | undefined)[] = [undefined, ...ages]
const toLast = (age: number | undefined): LastMessage | undefined => age === undefined ? undefined : { id: 'message-id', at: now - age }

describe('what can be replied to', () => {
  for (const [type, source] of possible) {
    const expected = repliable.includes(`${type} ${source}`)
    it(`${type} by ${source}: ${expected ? 'yes' : 'no'}`, () => {
      expect(canReply(entry(type, source))).to.equal(expected)
    })

    it(`${type} by ${source} whose envelope is unknown: no`, () => {
      expect(canReply(entry(type, source, 0, '~friend-add:friend-added:100:U:0'))).to.equal(false)
    })
  }
})

describe('the way to a user', () => {
  const message = { via: 'message', id: 'message-id' }

  it('is the event, then a message out of the blue, for who has added the bot or turned messages on', () => {
    for (const [type, source] of [['friend-added', 'friend-add'], ['friend-push-allowed', 'msg-receive'], ['friend-push-allowed', 'authorize']] as const) {
      expect(findRoutes(entry(type, source), undefined, now)).to.deep.equal([{ via: 'event', id: 'envelope-id' }, { via: 'push' }])
      expect(findRoutes(entry(type, source), toLast(0), now)).to.deep.equal([{ via: 'event', id: 'envelope-id' }, { via: 'push' }])
    }
  })

  it('is a message out of the blue alone when the event is an hour old', () => {
    expect(findRoutes(entry('friend-added', 'friend-add', hour), undefined, now)).to.deep.equal([{ via: 'push' }])
    expect(findRoutes(entry('friend-added', 'friend-add', hour - 1), undefined, now)).to.have.length(2)
  })

  it('is their last message for who has turned messages off by C2C_MSG_REJECT', () => {
    expect(findRoutes(entry('friend-push-rejected', 'msg-reject'), toLast(5000), now)).to.deep.equal([message])
  })

  it('is the event first for who has turned messages off by an interaction', () => {
    const [first] = findRoutes(entry('friend-push-rejected', 'authorize'), toLast(5000), now)
    expect(first).to.deep.equal({ via: 'event', id: 'envelope-id' })
  })

  it('is none for who has turned messages off and never wrote, or not within the hour', () => {
    expect(findRoutes(entry('friend-push-rejected', 'msg-reject'), undefined, now)).to.deep.equal([])
    expect(findRoutes(entry('friend-push-rejected', 'msg-reject'), toLast(hour), now)).to.deep.equal([])
  })

  describe('whatever happened', () => {
    function* situations() {
      for (const [type, source] of possible) {
        for (const age of ages) {
          for (const id of ['envelope-id', '~derived']) {
            for (const last of messages) {
              const routes = findRoutes(entry(type, source, age, id), toLast(last), now)
              const name = JSON.stringify({ type, source, age, id, last })
              yield { type, source, age, id, last, routes, vias: routes.map(({ via }) => via), name }
            }
          }
        }
      }
    }

    it('never leads out of the blue to who has said no', () => {
      for (const { type, vias, name } of situations()) {
        expect(vias.includes('push'), name).to.equal(type !== 'friend-push-rejected')
      }
    })

    it('leads through an event only that can be replied to, within the hour', () => {
      for (const { type, source, age, id, vias, name } of situations()) {
        const expected = repliable.includes(`${type} ${source}`) && id === 'envelope-id' && age < hour
        expect(vias.includes('event'), name).to.equal(expected)
      }
    })

    it('leads through a message only after a rejection, within the hour', () => {
      for (const { type, last, vias, name } of situations()) {
        if (vias.includes('message')) expect(type === 'friend-push-rejected' && last! < hour, name).to.equal(true)
      }
    })

    it('takes each way once: the event, then the message, then out of the blue', () => {
      for (const { vias, name } of situations()) {
        const order = ['event', 'message', 'push'].filter(via => vias.includes(via as never))
        expect(vias, name).to.deep.equal(order)
      }
    })

    it('names the ids that it leads through', () => {
      for (const { routes, name } of situations()) {
        for (const route of routes) {
          if (route.via === 'event') expect(route.id, name).to.equal('envelope-id')
          if (route.via === 'message') expect(route.id, name).to.equal('message-id')
        }
      }
    })
  })

  it('is open for an hour', () => {
    expect(REPLY_WINDOW).to.equal(hour)
  })
})

describe('all sources of events', () => {
  it('are considered', () => {
    expect(new Set(possible.map(([, source]) => source))).to.deep.equal(new Set(sources))
  })
})
