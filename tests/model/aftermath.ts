import { expect } from 'chai'
import { Action, Storm } from './storm'

const untold = [
  'rejected', 'deleted', 'unknown-user', 'no-permission', 'user-minute', 'user-day', 'bot-rate', 'queue-full', 'offline', 'aborted', 'refused', 'database',
]

/** What has to hold when a storm is over. */
export async function survey(storm: Storm) {
  expect(storm.mistakes, 'mistakes').to.deep.equal([])
  expect(storm.rejections, 'unhandled rejections').to.deep.equal([])
  checkTexts(storm)
  checkSessions(storm)
  checkPushes(storm)
  await checkLedger(storm)
  await checkUsers(storm)
}

/** Nobody got what was meant for another. */
function checkTexts(storm: Storm) {
  const { platform, unattended } = storm
  const strayed = platform.accepted().filter(({ target, body }) => body.content.split(' ')[1] !== target)
  expect(strayed.map(({ target, body }) => `${body.content} to ${target}`), 'texts that went astray').to.deep.equal([])
  const lost = platform.posts.filter(({ kind, body }) => kind !== 'user' && !unattended.has(body.content))
  expect(lost.map(({ body }) => body.content), 'messages to no user').to.deep.equal([])
}

function received({ actions }: Storm) {
  return [...actions.values()].filter(({ received }) => received)
}

const name = ({ type, userId, at }: Pick<Action, 'type' | 'userId' | 'at'>) => `${type} ${userId} ${at}`

/** Other plugins were told of every action, once and with what they need. */
function checkSessions(storm: Storm) {
  const told = storm.harness.sessions.map(({ type, userId, timestamp, channelId, isDirect }) => {
    return `${name({ type, userId: userId!, at: timestamp })}${channelId === userId && isDirect ? '' : ' unmended'}`
  })
  compare(told, received(storm).map(name), 'told to plugins')
}

function compare(actual: string[], expected: string[], message: string) {
  const twice = actual.filter((item, index) => actual.indexOf(item) !== index)
  const missing = expected.filter(item => !actual.includes(item))
  const surplus = actual.filter(item => !expected.includes(item))
  expect({ twice, missing, surplus }, message).to.deep.equal({ twice: [], missing: [], surplus: [] })
}

/** Who was told that a message arrived was told the truth, and likewise that it did not. */
function checkPushes({ platform, pushes, cut }: Storm) {
  const arrived = platform.accepted().map(({ body }) => body.content as string).filter(content => content.startsWith('push'))
  for (const { content, outcome } of pushes) {
    const times = arrived.filter(other => other === content).length
    if (outcome === 'unknown-outcome') expect(cut.some(other => other.content === content), `${content}, ${outcome}, was cut off`).to.equal(true)
    else if (outcome !== 'sent') expect(untold, content).to.include(outcome)
    expect(times, `${content}, ${outcome}`).to.be.within(outcome === 'sent' ? 1 : 0, outcome === 'sent' || outcome === 'unknown-outcome' ? 1 : 0)
  }
}

/** Everything is on record once, and everybody was greeted once who could be. */
async function checkLedger(storm: Storm) {
  expect((await storm.unsettled()).slice(0, 2), 'notices without an end').to.deep.equal([])
  const ledger = await storm.harness.ledger
  // what the database is tried with is nobody's
  const entries = ledger.filter(({ selfId, source }) => selfId === storm.platform.selfId && source !== 'message' && source !== 'send-error')
  const owed = entries.filter(({ notice }) => notice !== 'none').map(({ type, userId, occurredAt }) => name({ type, userId, at: +occurredAt }))
  const actions = received(storm)
  compare(owed, actions.filter(({ type }) => type !== 'friend-deleted').map(name), 'notices on record')
  const recorded = new Set(entries.map(({ type, userId, occurredAt }) => name({ type, userId, at: +occurredAt })))
  compare([...recorded], actions.map(name), 'on record')

  for (const action of actions.filter(({ type }) => type === 'friend-added')) {
    const entry = entries.find(({ id, notice }) => action.ids.has(id) && notice !== 'none')!
    const outcome = `${entry.notice} ${entry.noticeReason}`
    const replies = storm.platform.accepted(action.userId).filter(({ body }) => body.content.startsWith('welcome') && action.ids.has(body.event_id))
    expect(replies.length, `greetings for ${name(action)}, ${outcome}`).to.be.at.most(1)
    if (replies.length || storm.isCut(entry)) continue
    const left = [...storm.actions.values()].some(({ type, userId, at }) => type === 'friend-deleted' && userId === action.userId && at > action.at)
    expect(left, `${name(action)}, ${outcome}: a user who did not stay`).to.equal(true)
    expect(['skipped deleted', 'skipped stale'], name(action)).to.include(outcome)
  }
}

async function checkUsers(storm: Storm) {
  const { harness: { app }, model, platform } = storm
  for (const [userId, { relation, relationAt, consent, consentAt }] of model.users) {
    const user = await app.qqUser.get(platform.selfId, userId)
    // a refusal told the bot of what it was not there for
    const isRefused = (code: number, since: number) => platform.posts.some(post => post.target === userId && post.code === code && post.at >= since)
    const isGone = user?.relation === 'deleted' && isRefused(40054004, relationAt)
    const isOff = user?.consent === 'rejected' && isRefused(40054013, consentAt)
    expect(user && [user.relation, user.consent], `what is known of ${userId}`).to.deep.equal([isGone ? 'deleted' : relation, isOff ? 'rejected' : consent])
  }
}
