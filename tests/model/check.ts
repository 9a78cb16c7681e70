import { expect } from 'chai'
import { Time } from 'koishi'
import { Post } from '../platform'
import { checkBroadcasts } from './check-broadcasts'
import { World } from './world'

const quiet = ['rejected', 'deleted', 'unknown-user', 'user-minute', 'aborted', 'refused', 'unknown-outcome']
/** What may come of a push while the bot is suspended, or away. */
const kept = ['offline', 'no-permission', 'recall-used', 'recall-closed', 'bot-rate']

/** What has to hold when everything has come to an end. */
export async function check(world: World) {
  const { model, platform, harness: { app } } = world
  expect(model.received, 'events that arrived').to.equal(world.dispatched)
  const violations = world.requests.filter(({ violation }) => violation).map(({ userId, content, violation }) => `${content} to ${userId}, ${violation}`)
  expect(violations.slice(0, 5), `${violations.length} messages to users who had said no`).to.deep.equal([])
  expect(world.mistakes, 'mistakes').to.deep.equal([])
  expect(world.rejections, 'unhandled rejections').to.deep.equal([])

  // the requests that were observed are all that there are
  const proactive = platform.posts.filter(({ kind, route }) => kind === 'user' && (route === 'proactive' || route === 'recall'))
  const observed = proactive.map(({ target, body }) => `${body.content} to ${target}`)
  const made = world.requests.map(({ userId, content }) => `${content} to ${userId}`)
  expect([subtract(observed, made), subtract(made, observed)], 'requests that were not observed, or not made').to.deep.equal([[], []])
  // what a bot may send in a span of time is counted by each instance of the plugin
  if (!world.options.reloads) checkRates(world, proactive)
  checkPushes(world)
  await checkBroadcasts(world)

  const rows = await world.harness.users
  for (const userId of world.users) {
    const user = model.users.get(userId)
    const expected = user && [user.relation, user.consent]
    const known = await app.qqUser.get(platform.selfId, userId)
    expect(known && [known.relation, known.consent], `what is known of ${userId}`).to.deep.equal(expected)
    const row = rows.find(row => row.userId === userId)
    expect(row && [row.relation, row.consent], `the row of ${userId}`).to.deep.equal(expected)
  }
  expect(rows).to.have.length(model.users.size)
}

/** What is in a list more often than in another. */
function subtract(list: string[], other: string[]) {
  const rest = [...other]
  return list.filter((item) => {
    const index = rest.indexOf(item)
    if (index >= 0) rest.splice(index, 1)
    return index < 0
  })
}

function checkRates({ platform, limits, users }: World, proactive: Post[]) {
  const refused = platform.posts.filter(({ code }) => code === 22009 || code === 40034100)
  expect(refused.map(({ target, body }) => `${body.content} to ${target}`), 'refused for their number').to.deep.equal([])
  const own = proactive.filter(({ reached, body }) => reached && !body.content.startsWith('foreign'))
  expect(most(own, Time.second), 'in a second').to.be.at.most(limits.botSecond)
  expect(most(own, Time.minute), 'in a minute').to.be.at.most(limits.botMinute)
  for (const userId of users) {
    expect(most(own.filter(({ target }) => target === userId), Time.minute), `in a minute to ${userId}`).to.be.at.most(limits.userMinute)
  }
}

/** Whoever was told that a message arrived was told the truth, and likewise that it did not. */
function checkPushes({ platform, pushes, options: { broadcasts } }: World) {
  const reached = platform.accepted().filter(({ body }) => body.content.startsWith('push')).map(({ target, body }) => `${target} ${body.content}`)
  expect(new Set(reached).size, 'none twice').to.equal(reached.length)
  const arrived = new Set(reached)
  for (const { userId, contents, outcome, signal } of pushes) {
    const parts = contents.filter(content => arrived.has(`${userId} ${content}`)).length
    if (outcome === 'sent') expect(parts, `parts of ${contents}`).to.equal(contents.length)
    else expect(broadcasts ? [...quiet, ...kept] : quiet, `${contents}`).to.include(outcome)
    if (outcome !== 'sent' && outcome !== 'unknown-outcome') expect(parts, `parts of ${contents}, ${outcome}`).to.equal(0)
    // one that is called off while it is under way may arrive
    if (outcome === 'unknown-outcome' && !signal?.aborted) expect(contents.length, `parts of ${contents}`).to.be.above(1)
  }
}

/** The most within a span of time. */
function most(posts: Post[], span: number) {
  const times = posts.map(({ at }) => at)
  return Math.max(0, ...times.map(now => times.filter(at => at <= now && at > now - span).length))
}
