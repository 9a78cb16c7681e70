/** Rule: where one of the platform's channels only implies that the switch is off, and the other says that it is on, that one is right. */
import { expect } from 'chai'
import * as fc from 'fast-check'
import { UserEvent } from '../../src/event'
import { engines } from '../database'
import { Harness, pass, until } from '../harness'
import { Committer } from '../../src/roster/committer'
import { Ledger } from '../../src/roster/ledger'
import { Store } from '../../src/roster/store'
import { applied, at, duplicates, event, Kind, kinds, replay, state } from './replay'
import { open } from './tables'

const { add, reject, receive, authorizeOff, authorizeOn } = kinds

const implied = (second: number, rest: Partial<UserEvent> = {}) => event(authorizeOff, second, { id: `implied:${second}`, weak: true, ...rest })
const overruled = (...events: UserEvent[]) => results(events).map(({ overruled }) => overruled)
const disputed = (...events: UserEvent[]) => results(events).map(({ disputed }) => disputed)

function results(events: UserEvent[]) {
  const { applied, duplicates, overruled, disputed } = replay(events)
  return applied.map((_, index) => ({ applied: applied[index], duplicate: duplicates[index], overruled: overruled[index], disputed: disputed[index] }))
}

describe('a switch that is off by implication', () => {
  it('is off while nothing contradicts', () => {
    expect(state(implied(100))).to.deep.include({ consent: 'rejected', consentAt: at(100) })
    expect(state(event(receive, 100), implied(111))).to.deep.include({ consent: 'rejected', consentAt: at(111) })
    expect(overruled(event(receive, 100), implied(111), event(reject, 140))).to.deep.equal([false, false, false])
  })

  for (const distance of [-10, -3, 0, 3, 10]) {
    it(`is overruled ${distance} s from what says the opposite, whichever comes first`, () => {
      const [plain, weak] = [event(receive, 100), implied(100 + distance)]
      for (const events of [[plain, weak], [weak, plain]]) {
        expect(state(...events)).to.deep.include({ consent: 'allowed', consentAt: at(100) })
        expect(duplicates(...events)).to.deep.equal([false, false])
        expect(disputed(...events)).to.deep.equal([false, true])
      }
      expect(applied(plain, weak)).to.deep.equal([true, false])
      expect(overruled(plain, weak)).to.deep.equal([false, true])
      expect(applied(weak, plain)).to.deep.equal([true, true])
      expect(overruled(weak, plain)).to.deep.equal([false, false])
    })
  }

  it('is not overruled by an interaction that says the opposite, which is the same channel', () => {
    expect(state(event(authorizeOn, 100), implied(103))).to.include({ consent: 'rejected' })
    expect(state(implied(103), event(authorizeOn, 100))).to.include({ consent: 'rejected' })
  })

  it('is no such thing if the interaction says so outright', () => {
    for (const events of [[event(receive, 100), event(authorizeOff, 103)], [event(authorizeOff, 103), event(receive, 100)]]) {
      expect(state(...events)).to.deep.include({ consent: 'rejected', consentAt: at(103) })
      expect(disputed(...events)).to.deep.equal([false, false])
    }
  })

  it('leaves what was chosen before as it was', () => {
    expect(state(event(reject, 50), event(receive, 100), implied(104))).to.include({ consent: 'allowed' })
    expect(state(implied(104), event(reject, 102), event(receive, 100))).to.deep.include({ consent: 'rejected', consentAt: at(102) })
    expect(state(event(add, 1), implied(104), event(receive, 100))).to.deep.include({ relation: 'friend', consent: 'allowed', consentAt: at(100) })
  })

  it('takes nothing from the next choice', () => {
    const events = [event(receive, 100), implied(105), event(reject, 105)]
    expect(applied(...events)).to.deep.equal([true, false, true])
    expect(duplicates(...events)).to.deep.equal([false, false, false])
    expect(state(...events)).to.deep.include({ consent: 'rejected', consentAt: at(105) })
  })

  it('is told of again as what it is: the duplicate of what says the same, and no dispute', () => {
    const off = [event(reject, 100), implied(100)]
    expect(duplicates(...off)).to.deep.equal([false, true])
    expect(disputed(...off, event(receive, 104), event(authorizeOn, 104))).to.deep.equal([false, false, false, false])
    expect(duplicates(...off, event(receive, 104), event(authorizeOn, 104))).to.deep.equal([false, true, false, true])
  })

  it('is one dispute, however often the opposite is told', () => {
    const told = [implied(100), event(receive, 100), event(receive, 100, { id: 'again' }), event(authorizeOn, 100)]
    expect(disputed(...told)).to.deep.equal([false, true, false, false])
  })

  it('is taken back before everybody who heard of it, though the opposite was told of before', () => {
    const events = [event(authorizeOn, 100), implied(102), event(receive, 103)]
    expect(applied(...events)).to.deep.equal([true, true, true])
    expect(duplicates(...events)).to.deep.equal([false, false, false])
    const late = [event(authorizeOn, 106), implied(108), event(receive, 100)]
    expect(applied(...late)).to.deep.equal([true, true, true])
    expect(state(...late)).to.deep.include({ consent: 'allowed', consentAt: at(106) })
  })

  const choices: Kind[] = [reject, receive, authorizeOff, authorizeOn]
  const events = fc.uniqueArray(fc.tuple(fc.constantFrom(...choices, undefined, undefined), fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 12,
    selector: ([, second]) => second,
  }).map(list => list.map(([kind, second]) => kind ? event(kind, second) : implied(second)))
  const shuffled = events.chain(events => fc.tuple(
    fc.constant(events),
    fc.shuffledSubarray([...events, ...events], { minLength: events.length * 2, maxLength: events.length * 2 }),
  ))

  it('ends, in any order and any duplication, in what the newest says that is not overruled', () => {
    fc.assert(fc.property(shuffled, ([events, stream]) => {
      const stands = (item: UserEvent) => !item.weak || !events.some(({ source, occurredAt }) => {
        return source === 'msg-receive' && Math.abs(occurredAt - item.occurredAt) <= 10_000
      })
      const newest = events.filter(stands).sort((a, b) => a.occurredAt - b.occurredAt).at(-1)
      expect(state(...stream)).to.deep.include({
        consent: newest!.type === 'friend-push-allowed' ? 'allowed' : 'rejected',
        consentAt: new Date(newest!.occurredAt),
      })
    }), { numRuns: 3000 })
  })

  // of more than a few within half a minute, one may be taken for the duplicate of one that was overruled meanwhile
  const few = fc.uniqueArray(fc.tuple(fc.constantFrom(reject, receive, undefined), fc.integer({ min: 0, max: 40 })), {
    minLength: 1,
    maxLength: 3,
    selector: ([, second]) => second,
  }).map(list => list.map(([kind, second]) => kind ? event(kind, second) : implied(second)))

  it('leaves whoever listens with what the state says', () => {
    fc.assert(fc.property(few, (stream) => {
      const { applied, user, events } = replay(stream)
      const last = events.filter((_, index) => applied[index]).at(-1)
      expect(last?.type).to.equal(user.consent === 'allowed' ? 'friend-push-allowed' : 'friend-push-rejected')
    }), { numRuns: 5000 })
  })
})

for (const engine of engines) {
  (engine.available ? describe : describe.skip)(`two channels that disagree on ${engine.name}`, () => {
    let harness: Harness
    const time = 1_700_000_000_000

    before(() => engine.start())
    after(() => engine.stop())

    beforeEach(async () => {
      const config = { icebreaker: { enabled: false }, pushAllowed: { content: 'on' }, pushRejected: { content: 'off' } }
      harness = await Harness.start({ database: engine.create(), config })
    })

    afterEach(() => harness.stop())

    // what is implied is wrong: the switch is on
    const off = (after = 0) => {
      const envelope = harness.platform.reject('A', { via: 'interaction', timestamp: time + after })
      harness.platform.users.get('A')!.push = true
      return envelope
    }
    const on = (after = 0) => harness.platform.allow('A', { via: 'c2c', timestamp: time + after })
    const consent = async () => (await harness.app.qqUser.get(harness.platform.selfId, 'A'))?.consent
    const told = () => harness.sessions.map(({ type }) => type)
    const entries = async (count: number) => new Map((await harness.settled(count)).map(entry => [entry.id, entry]))

    for (const [how, reload] of [['at once', false], ['after a restart', true]] as const) {
      const pause = async (count: number) => {
        if (!reload) return
        await harness.settled(count)
        harness.plugin!.dispose()
        harness.load({ icebreaker: { enabled: false }, pushAllowed: { content: 'on' }, pushRejected: { content: 'off' } })
        await harness.online()
      }

      it(`the weaker comes second, ${how}: it is recorded and nothing else`, async () => {
        on()
        await pause(1)
        const { id } = off(4300)
        const rows = await entries(2)
        await pass()
        expect(rows.get(id)).to.include({ applied: false, weak: true, notice: 'none', noticeReason: '' })
        expect(told()).to.deep.equal(['friend-push-allowed'])
        expect(harness.platform.posts.map(({ body }) => body.content)).to.not.include('off')
        await until(async () => await consent() === 'allowed')
        expect(await harness.users).to.have.length(1)
        expect((await harness.users)[0]).to.deep.include({ consent: 'allowed', consentAt: new Date(time) })
      })

      it(`the weaker comes first, ${how}: what overrules it is told as ever`, async () => {
        const weak = off(4300)
        await pause(1)
        const { id } = on()
        const rows = await entries(2)
        await until(() => harness.sessions.length === 2)
        expect(rows.get(weak.id)).to.include({ applied: true, weak: true })
        expect(rows.get(id)).to.include({ applied: true, weak: false })
        expect(told()).to.deep.equal(['friend-push-rejected', 'friend-push-allowed'])
        expect(await consent()).to.equal('allowed')
        expect((await harness.users)[0]).to.deep.include({ consent: 'allowed', consentAt: new Date(time) })
      })
    }

    it('both follow the second in which they were said', async () => {
      harness.platform.allow('A', { via: 'interaction', timestamp: time + 700 })
      harness.platform.reject('A', { timestamp: time })
      await entries(2)
      expect(await consent()).to.equal('rejected')
      expect((await harness.ledger).map(({ applied }) => applied)).to.deep.equal([true, true])
    })
  })
}

for (const engine of engines.filter(({ shared }) => shared)) {
  (engine.available ? describe : describe.skip)(`two processes that hear of two channels on ${engine.name}`, () => {
    before(() => engine.start())
    after(() => engine.stop())

    for (const first of ['weak', 'plain']) {
      it(`end in what the stronger says, the ${first} one written first`, async () => {
        const load = engine.create()
        // tables are created by one at a time
        const apps = [await open(load), await open(load)]
        const plan = () => ['none', ''] as ['none', '']
        const committers = apps.map((app, index) => {
          const store = new Store(app)
          return new Committer(store, new Ledger(store, `process${index + 1}`), plan)
        })
        const events = [implied(104), event(receive, 100)]
        if (first === 'plain') events.reverse()
        // neither sees the other's entry before it writes
        await Promise.all(committers.map((committer, index) => committer.commit([events[index]])))
        const [row] = await apps[0].database.get('qq_user', {})
        expect(row).to.deep.include({ consent: 'allowed', consentAt: at(100) })
        for (const app of apps) await app.stop()
      })
    }
  })
}
