import { expect } from 'chai'
import { BroadcastRecipient } from '../../src'
import { temporaryReasons } from '../../src/broadcast/result'
import { Issue } from './newsroom'
import { World } from './world'

/** What has to hold of each broadcast when everything has come to an end. */
export async function checkBroadcasts(world: World) {
  const { newsroom, platform, harness: { app } } = world
  if (!newsroom) return
  const news = platform.accepted().filter(({ body }) => body.content.startsWith('news'))
  const copies = news.map(({ target, body }) => `${body.content} to ${target}`)
  expect(copies.filter((copy, index) => copies.indexOf(copy) !== index), 'who got a broadcast twice').to.deep.equal([])
  expect(copies.filter(copy => !/^news \d+ (\S+) to \1$/.test(copy)), 'what is for another').to.deep.equal([])
  const all = new Map<Issue, BroadcastRecipient[]>()
  for (const issue of newsroom.issues) {
    if (issue.id !== undefined) all.set(issue, await app.qqUser.broadcasts.recipients(issue.id, { limit: 1000 }))
  }
  for (const [issue, recipients] of all) await checkBroadcast(world, issue, recipients, all.get(issue.repeats!))
}

async function checkBroadcast(world: World, issue: Issue, recipients: BroadcastRecipient[], repeated?: BroadcastRecipient[]) {
  const { harness: { app } } = world
  const { state, startedAt, counts } = (await app.qqUser.broadcasts.get(issue.id!))!
  const name = `${issue.words}, ${state}`
  if (!startedAt) {
    expect(recipients, name).to.deep.equal([])
    expect(['draft', 'cancelled', 'paused'], name).to.include(state)
    return
  }
  expect(state, name).to.be.oneOf(['finished', 'cancelled'])
  const ids = recipients.map(({ userId }) => userId)
  if (repeated) checkRepetition(name, ids, repeated)
  else {
    expect(ids.filter(userId => !issue.may.has(userId)), `${name}: who was not in its audience`).to.deep.equal([])
    if (issue.fixed) expect([...issue.must].filter(userId => !ids.includes(userId)), `${name}: who was left out`).to.deep.equal([])
  }
  const allowed = ['sent', 'skipped', 'failed', 'unknown', ...state === 'cancelled' ? ['pending'] : []]
  expect(recipients.filter(({ state }) => !allowed.includes(state)), `${name}: whose turn has no end`).to.deep.equal([])
  const count = (wanted: string) => recipients.filter(({ state }) => state === wanted).length
  const [pending, sent, skipped, failed, unknown] = ['pending', 'sent', 'skipped', 'failed', 'unknown'].map(count)
  // of one that was cancelled before all were taken in, nobody knows more than how many there were to be
  if (issue.fixed) expect(counts, name).to.deep.equal({ total: ids.length, pending, sent, skipped, failed, unknown })
  for (const recipient of recipients) checkRecipient(world, issue, recipient, repeated)
}

function checkRepetition(name: string, ids: string[], repeated: BroadcastRecipient[]) {
  const missed = repeated.filter(({ state, reason }) => ['skipped', 'failed'].includes(state) && temporaryReasons.includes(reason as never))
  expect(ids.filter(userId => !missed.some(other => other.userId === userId)), `${name}: who was not missed`).to.deep.equal([])
}

/** What is on record of a recipient is what happened. */
function checkRecipient({ platform, options }: World, { words, excuses }: Issue, { userId, state, reason, code }: BroadcastRecipient, repeated?: unknown) {
  const name = `${words} to ${userId}, ${state} ${reason}`
  const posts = platform.posts.filter(({ target, body }) => target === userId && words.some(word => body.content === `${word} ${userId}`))
  const arrived = posts.filter(({ reached }) => reached).length
  // nobody learnt what became of these
  const unanswered = posts.filter(({ status }) => !status || status >= 500).length
  if (state === 'sent') expect(arrived, name).to.equal(words.length)
  else if (state === 'unknown') {
    expect(unanswered > 0 || words.length > 1 && arrived > 0 || !!options.reloads, name).to.equal(true)
  } else if (!repeated) expect(arrived, name).to.equal(0)
  if (state === 'skipped' && ['rejected', 'deleted'].includes(reason)) expect(excuses.has(`${userId} ${reason}`), name).to.equal(true)
  if (state === 'failed' && code) expect(posts.map(({ code }) => code), name).to.include(code)
}
