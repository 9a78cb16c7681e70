/** Rule: the same events end in the same state, in any order and however often they come, and each action is told once. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { UserEvent } from '../../src/event'
import { isUserAction, siblings } from '../../src/roster/state'
import { allKinds, event, replay, state } from './replay'

describe('any order and any duplication of the same events', () => {
  const details = fc.record({
    scene: fc.option(fc.integer({ min: 1000, max: 2004 }), { nil: undefined }),
    sceneParam: fc.option(fc.constantFrom('a', 'b'), { nil: undefined }),
    name: fc.option(fc.constantFrom('Ada', 'Grace'), { nil: undefined }),
  })
  const events = fc.uniqueArray(fc.tuple(fc.constantFrom(...allKinds), fc.integer({ min: 0, max: 40 }), details), {
    minLength: 1,
    maxLength: 16,
    selector: ([, second]) => second,
  }).map(list => list.map(([kind, second, details]) => event(kind, second, details)))

  const shuffled = events.chain(events => fc.tuple(
    fc.constant(events),
    fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 }),
  ))

  it('ends in one and the same state', () => {
    fc.assert(fc.property(shuffled, ([events, stream]) => {
      expect(state(...stream)).to.deep.equal(state(...events))
    }), { numRuns: 2000 })
  })

  it('ends in what the newest event of each kind says', () => {
    fc.assert(fc.property(shuffled, ([events, stream]) => {
      const sorted = [...events].sort((a, b) => a.occurredAt - b.occurredAt)
      const newest = (filter: (event: UserEvent) => unknown) => sorted.filter(filter).at(-1)
      const time = (event?: UserEvent) => event ? new Date(event.occurredAt) : null

      const relation = newest(({ type, source }) => source !== 'import' && (type === 'friend-added' || type === 'friend-deleted'))
      const consent = newest(({ type, source }) => type === 'friend-push-rejected' && source !== 'import'
        || type === 'friend-push-allowed' && (source === 'msg-receive' || source === 'authorize'))
      const scene = newest(({ scene }) => scene !== undefined)
      const name = newest(({ name }) => name)

      expect(state(...stream)).to.deep.equal({
        selfId: '100',
        userId: 'U',
        relation: !relation ? 'unknown' : relation.type === 'friend-added' ? 'friend' : 'deleted',
        relationAt: time(relation),
        consent: !consent ? 'unknown' : consent.type === 'friend-push-allowed' ? 'allowed' : 'rejected',
        consentAt: time(consent),
        firstSeen: time(sorted[0]),
        lastMessageAt: time(newest(({ source }) => source === 'message')),
        scene: scene?.scene ?? null,
        sceneParam: scene?.sceneParam ?? null,
        sceneAt: time(scene),
        name: name?.name ?? null,
        nameAt: time(name),
      })
    }), { numRuns: 2000 })
  })

  it('counts what the user did, unless they did the next thing about it and that is on record', () => {
    // far enough apart to be no duplicates
    const apart = events.map(list => list.map((item, index) => ({ ...item, occurredAt: item.occurredAt + index * 100_000 })))
    const stream = apart.chain(list => fc.shuffledSubarray(list, { minLength: list.length }))
    fc.assert(fc.property(stream, (stream) => {
      const { applied } = replay(stream)
      for (const [index, { type, source, occurredAt }] of stream.entries()) {
        if (!isUserAction(source)) continue
        const late = stream.slice(0, index).some((other) => {
          return isUserAction(other.source) && siblings(type).includes(other.type) && other.occurredAt > occurredAt
        })
        expect(applied[index]).to.equal(!late)
      }
    }), { numRuns: 1000 })
  })

  it('tells each action once, however often it is told and whatever was concluded around it', () => {
    const actions = events.map(list => list.filter(({ source }, index) => isUserAction(source) || index % 2))
    const told = actions.chain((list) => {
      const twice = list.flatMap(item => [item, { ...item, id: `${item.id}:again` }])
      return fc.tuple(fc.constant(list), fc.shuffledSubarray(twice, { minLength: twice.length }))
    })
    fc.assert(fc.property(told, ([list, stream]) => {
      const { applied, user } = replay(stream)
      for (const { type, source, occurredAt } of list.filter(({ source }) => isUserAction(source))) {
        const times = stream.filter((other, index) => applied[index] && other.type === type && other.source === source && other.occurredAt === occurredAt)
        expect(times.length).to.be.at.most(1)
      }
      if (list.length) expect(user).to.deep.equal(state(...list))
    }), { numRuns: 1000 })
  })
})
