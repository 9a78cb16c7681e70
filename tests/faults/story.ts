import { expect } from 'chai'
import { Time } from 'koishi'
import { Envelope, Platform } from '../platform'
import { Dice } from '../random'

interface Told {
  envelope: Envelope
  userId: string
  type: 'friend-added' | 'friend-deleted' | 'friend-push-rejected' | 'friend-push-allowed'
  source: 'friend-add' | 'friend-del' | 'msg-reject' | 'msg-receive' | 'authorize'
  /** In ms, and no two of a user the same. */
  at: number
}

interface Row {
  [column: string]: any
}

const states = {
  'friend-added': ['relation', 'friend'],
  'friend-deleted': ['relation', 'deleted'],
  'friend-push-rejected': ['consent', 'rejected'],
  'friend-push-allowed': ['consent', 'allowed'],
} as const

/** Far enough apart that no toggle can be taken for the other half of another. */
const STEP = 11 * Time.second

/** What a few users do, and what must come of it. */
export class Story {
  readonly told = new Map<string, Told>()

  private users: { id: string; at: number }[]

  constructor(private platform: Platform, private dice: Dice, count = 50) {
    const start = Math.floor(Date.now() / 1000) * 1000 - 50 * Time.minute
    this.users = Array.from({ length: count }, (_, index) => ({ id: `U${index}`, at: start }))
  }

  /** Some events of some users; now and then one of before comes again. */
  tell(count: number) {
    for (let index = 0; index < count; index++) {
      if (this.told.size && this.dice.chance(0.1)) this.platform.replay(this.dice.pick([...this.told.values()]).envelope)
      else this.act()
    }
  }

  /** Sends those again that are not on record. */
  repeat(ledger: Row[]) {
    const recorded = new Set(ledger.map(({ id }) => id))
    const missing = [...this.told.values()].filter(({ envelope }) => !recorded.has(envelope.id))
    for (const { envelope } of missing) this.platform.replay(envelope)
  }

  /** Nothing on record was never told, nothing is half there, and what was announced is not missing. */
  checkRows({ users, ledger }: { users: Row[]; ledger: Row[] }, announced: string[]) {
    const recorded = new Map(ledger.map(row => [row.id, row]))
    expect(announced.filter(id => !recorded.has(id)), 'announced, but not on record').to.deep.equal([])
    expect(announced.length, 'announced twice').to.equal(new Set(announced).size)
    for (const { id, selfId, userId, type, source, occurredAt, receivedAt, notice, noticeReason, origin } of ledger) {
      const told = this.told.get(id)!
      expect(told, `${id} was never told`).to.be.an('object')
      expect([userId, type, source, +occurredAt], id).to.deep.equal([told.userId, told.type, told.source, told.at])
      expect([selfId, +receivedAt > 0, /^(none|pending|sent|skipped|failed)$/.test(notice), typeof noticeReason, /^[^ ]{8}([^ ]{8})?$/.test(origin)], id)
        .to.deep.equal([this.platform.selfId, true, true, 'string', true])
    }
    const rows = new Map(users.map(user => [user.userId, user]))
    for (const { userId } of ledger) expect(rows.has(userId), `there is no row of ${userId}`).to.equal(true)
    for (const user of users) this.checkUser(user, ledger)
  }

  /** A row says what one of the user's events said, and never what is older than what is on record. */
  private checkUser(user: Row, ledger: Row[]) {
    for (const column of ['relation', 'consent'] as const) {
      const facts = [...this.told.values()].filter(({ userId, type }) => userId === user.userId && states[type][0] === column)
      const newest = Math.max(0, ...ledger.filter(({ userId, type }) => userId === user.userId && states[type as Told['type']][0] === column)
        .map(({ occurredAt }) => +occurredAt))
      const at = +(user[column + 'At'] ?? 0)
      const known = at ? facts.filter(fact => fact.at === at).map(({ type }) => states[type][1] as string) : ['unknown']
      expect(known, `${column} of ${user.userId}`).to.deep.equal([user[column]])
      expect(at, `${column} of ${user.userId}`).to.be.at.least(newest)
    }
  }

  /** Everything is on record, users are in the state of their newest events, and every notice went out once at most. */
  checkEnd({ users, ledger }: { users: Row[]; ledger: Row[] }) {
    expect(ledger.map(({ id }) => id).sort()).to.deep.equal([...this.told.keys()].sort())
    const expected = new Map<string, Row>()
    for (const { userId, type, at } of [...this.told.values()].sort((a, b) => a.at - b.at)) {
      const [column, value] = states[type]
      expected.set(userId, { ...expected.get(userId) ?? { relation: 'unknown', consent: 'unknown' }, [column]: value, [column + 'At']: at })
    }
    expect(users.map(({ userId }) => userId).sort()).to.deep.equal([...expected.keys()].sort())
    for (const { userId, relation, consent } of users) {
      const { relation: friend, consent: choice } = expected.get(userId)!
      expect([relation, consent], userId).to.deep.equal([friend, choice])
    }
    this.checkNotices(ledger)
  }

  private checkNotices(ledger: Row[]) {
    const reached = new Map<string, number>()
    for (const { body } of this.platform.posts) reached.set(body.event_id, (reached.get(body.event_id) ?? 0) + 1)
    for (const { id, source, notice, noticeReason } of ledger) {
      const posts = reached.get(id) ?? 0
      const outcome = `${id}: ${notice} ${noticeReason}, ${posts} posts`
      if (notice === 'sent') expect(posts, outcome).to.equal(1)
      else if (noticeReason === 'unknown-outcome') expect(posts, outcome).to.be.at.most(1)
      else expect([posts, /^(none|skipped)$/.test(notice)], outcome).to.deep.equal([0, true])
      // nothing else is owed no answer
      if (notice === 'skipped' && noticeReason === 'no-route') expect(source, outcome).to.equal('msg-reject')
    }
  }

  private act() {
    const { dice, platform } = this
    const user = dice.pick(this.users)
    const { id } = user
    const at = user.at += STEP
    const via = dice.pick(['c2c', 'interaction'] as const)
    const tell = (type: Told['type'], source: Told['source'], envelope: Envelope) => {
      this.told.set(envelope.id, { envelope, userId: id, type, source, at })
      // whoever left still takes what they are sent, so that no refusal teaches anything
      platform.users.get(id)!.friend = true
    }
    const action = dice.below(4)
    if (action === 0) tell('friend-added', 'friend-add', platform.add(id, { timestamp: at }))
    if (action === 1) tell('friend-deleted', 'friend-del', platform.remove(id, { timestamp: at }))
    if (action === 2) tell('friend-push-rejected', via === 'c2c' ? 'msg-reject' : 'authorize', platform.reject(id, { timestamp: at, via }))
    if (action === 3) tell('friend-push-allowed', via === 'c2c' ? 'msg-receive' : 'authorize', platform.allow(id, { timestamp: at, via }))
  }
}
