/** Rule: a broadcast that cannot be sent as asked is refused with an error of its own; nothing is sent, nothing is lost. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { BroadcastError } from '../../src'
import { befriend, broadcasts, create, harness, platform, reach, start, startWith } from './stage'

describe('a broadcast is refused', () => {
  before(async () => {
    await start()
    harness.app.component('custom', () => 'x')
    await befriend('A')
  })

  after(() => harness.stop())

  afterEach(async () => {
    expect(platform.posts).to.deep.equal([])
  })

  async function refusal(promise: Promise<unknown>) {
    const error = await promise.then(() => undefined, error => error)
    expect(error).to.be.instanceOf(BroadcastError)
    return (error as BroadcastError).reason
  }

  const options: [what: string, options: object, reason: string][] = [
    ['without a content', { content: '' }, 'empty-content'],
    ['with nothing in it', { content: ' \n ' }, 'empty-content'],
    ['with a content that is none', { content: { a: 1 } }, 'content'],
    ['with a brace that nothing closes', { content: 'hello {user.name' }, 'content'],
    ['with a variable that there is not', { content: 'hello {user.nick}' }, 'content'],
    ['with what belongs to notices', { content: 'hello {event.scene}' }, 'content'],
    ['with a text that is too long for a message', { content: 'x'.repeat(4001) }, 'too-long'],
    ['with a text that is too long for anything', { content: '<b>x</b>'.repeat(10_000) }, 'too-long'],
    ['with a component', { content: 'hello <b><execute>danger</execute></b>' }, 'component'],
    ['with a component of a plugin', { content: '<custom/>' }, 'component'],
    ['with a component in a condition', { content: '{#if user.name}<execute>danger</execute>{/if}' }, 'component'],
    ['with an expression that calls something', { content: '{user.name.toUpperCase()}' }, 'content'],
    ['with an expression that reaches for more', { content: "{''['constr' + 'uctor']}" }, 'content'],
    ['with an expression that makes a lot', { content: '{Array(1e9).fill(0)}' }, 'content'],
    ['with a loop', { content: '{#each [1,2] as x}a{/each}' }, 'content'],
    ['with an expression that makes an element', { content: '<b title={[1,2].map(x => x)}/>' }, 'content'],
    ['of a bot that there is not', { selfId: '4711' }, 'unknown-bot'],
    ['of no bot', { selfId: undefined }, 'unknown-bot'],
    ['to a relation that there is not', { audience: { relation: 'enemy' } }, 'audience'],
    ['to no list', { audience: { userIds: 'A' } }, 'audience'],
    ['to an empty list', { audience: { userIds: [] } }, 'audience'],
    ['to ids that are none', { audience: { userIds: ['A', 'a b'] } }, 'audience'],
    ['to users that nobody knows', { audience: { userIds: ['A', 'nobody'] } }, 'unknown-user'],
    ['to a million ids', { audience: { userIds: Array.from({ length: 1_000_000 }, (_, index) => `U${index}`) } }, 'too-many-users'],
    ['to a condition that there is not', { audience: { likes: 'tea' } }, 'audience'],
    ['to an audience that is none', { audience: 'all' }, 'audience'],
    ['since no time', { audience: { activeSince: new Date(NaN) } }, 'audience'],
    ['with a NUL in it', { audience: { search: 'a\0b' } }, 'audience'],
    ['on a way that there is not', { via: ['pigeon'] }, 'via'],
    ['on no way', { via: [] }, 'via'],
    ['with a title that is none', { title: 1 }, 'title'],
    ['with a title that is too long', { title: 'x'.repeat(256) }, 'title'],
    ['at a time in the past', { startAt: new Date(Date.now() - Time.second) }, 'past'],
    ['at no time', { startAt: new Date(NaN) }, 'time'],
  ]

  for (const [what, values, reason] of options) {
    it(what, async () => {
      expect(await refusal(create(values))).to.equal(reason)
      expect(await broadcasts().list()).to.deep.equal([])
    })
  }

  it('with what tells where the faults of its content are', async () => {
    const error = await create({ content: 'hello {user.nick}' }).catch(error => error)
    expect(error.errors).to.deep.equal([{ index: 6, expression: 'user.nick', kind: 'unknown' }])
  })

  it('without keeping the process busy', async () => {
    const start = performance.now()
    await create({ content: '<'.repeat(4000) + ' '.repeat(3999) }).catch(() => {})
    await create({ content: '{'.repeat(8000) }).catch(() => {})
    expect(performance.now() - start).to.be.below(3000)
    for (const { id, state } of await broadcasts().list()) if (state === 'draft') await harness.app.database.remove('qq_user_broadcast', { id })
  })

  it('where there is none of that number', async () => {
    for (const id of [4711, 0, -1, 1.5, NaN, 2 ** 40, '1' as never, undefined as never]) {
      for (const action of ['start', 'pause', 'resume', 'cancel', 'repeat', 'recipients', 'reasons'] as const) {
        expect(await refusal(broadcasts()[action](id)), `${action} ${id}`).to.equal('not-found')
      }
      expect(await broadcasts().get(id)).to.equal(undefined)
    }
  })

  it('where nobody is in its audience, and is kept', async () => {
    const { id } = await create({ audience: { search: 'nobody' } })
    expect(await refusal(broadcasts().start(id))).to.equal('empty-audience')
    expect((await broadcasts().get(id))!.state).to.equal('draft')
    await broadcasts().cancel(id)
  })

  it('what its state does not allow', async () => {
    const { id } = await create({ audience: { search: 'nobody' } })
    const over = async (expected: string) => {
      for (const action of ['start', 'pause', 'resume', 'cancel'] as const) expect(await refusal(broadcasts()[action](id))).to.equal('wrong-state')
      expect((await broadcasts().get(id))!.state).to.equal(expected)
    }
    expect(await refusal(broadcasts().pause(id))).to.equal('wrong-state')
    expect(await refusal(broadcasts().resume(id))).to.equal('wrong-state')
    await broadcasts().cancel(id)
    await over('cancelled')
  })
})

it('a broadcast that is finished is left as it is', async () => {
  await startWith(['A'])
  const { id } = await create()
  await broadcasts().start(id)
  await reach(id)
  for (const action of ['start', 'pause', 'resume', 'cancel'] as const) {
    expect(await broadcasts()[action](id).then(() => '', ({ reason }) => reason)).to.equal('wrong-state')
  }
  expect(platform.posts).to.have.length(1)
  await harness.stop()
})
