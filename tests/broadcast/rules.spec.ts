/** Rule: a broadcast takes the actions that its state allows, sends sixteen messages at once at most, and stops after bad answers in a row. */
import { expect } from 'chai'
import { Time } from 'koishi'
import { QQUser } from '../../src'
import { isExact, readAudience } from '../../src/broadcast/audience'
import { Flow } from '../../src/broadcast/flow'
import { LeaseWatch } from '../../src/broadcast/lease'
import { Action, nextState, Standing } from '../../src/broadcast/lifecycle'
import { BroadcastState } from '../../src/broadcast/model'
import { RetryTimes } from '../../src/broadcast/retry-times'
import { Result, toResult } from '../../src/broadcast/result'
import { toColumns, toKind } from '../../src/broadcast/sums'
import { listMeanings, toSubject } from '../../src/delivery/codes'
import { Clock, date } from '../clock'

describe('the state of a broadcast', () => {
  const states: BroadcastState[] = ['draft', 'scheduled', 'running', 'paused', 'finished', 'cancelled']
  const now = 1000
  const standing = (state: BroadcastState, values: Partial<Standing> = {}): Standing => ({ state, reason: '', startAt: null, startedAt: null, ...values })
  const lead = (action: Action, values: Standing) => {
    try {
      return nextState(action, values, now)
    } catch (error) {
      return (error as { reason: string }).reason
    }
  }

  const table: Record<Action, string[]> = {
    start: ['running', 'running', 'wrong-state', 'wrong-state', 'wrong-state', 'wrong-state'],
    pause: ['wrong-state', 'paused', 'paused', 'wrong-state', 'wrong-state', 'wrong-state'],
    resume: ['wrong-state', 'wrong-state', 'wrong-state', 'running', 'wrong-state', 'wrong-state'],
    cancel: ['cancelled', 'cancelled', 'cancelled', 'cancelled', 'wrong-state', 'wrong-state'],
  }

  for (const action in table) {
    it(`is led by ${action} from each state where it may`, () => {
      expect(states.map(state => lead(action as Action, standing(state)))).to.deep.equal(table[action as Action])
    })
  }

  it('that paused by itself may be paused by an operator', () => {
    expect(lead('pause', standing('paused', { reason: 'offline' }))).to.equal('paused')
  })

  it('goes back to waiting where its time is still to come', () => {
    expect(lead('resume', standing('paused', { startAt: new Date(now + 1) }))).to.equal('scheduled')
    expect(lead('resume', standing('paused', { startAt: new Date(now - 1) }))).to.equal('running')
    expect(lead('resume', standing('paused', { startAt: new Date(now + 1), startedAt: new Date(0) }))).to.equal('running')
  })
})

describe('who runs a broadcast', () => {
  it('is gone when nothing of theirs has changed for long, by the own time of whoever looks', () => {
    let now = 0
    const watch = new LeaseWatch(() => now)
    const look = (beat: number, owner = 'a') => watch.observe({ id: 1, owner, beat })
    expect(look(1)).to.equal(0)
    now = 5000
    expect(look(1)).to.equal(5000)
    expect(look(2)).to.equal(0)
    now = 8000
    expect(look(2)).to.equal(3000)
    expect(look(2, 'b')).to.equal(0)
    expect(watch.observe({ id: 2, owner: 'a', beat: 2 })).to.equal(0)
  })
})

describe('one that paused by itself', () => {
  let clock: Clock

  beforeEach(() => clock = date(1_700_000_000_000))
  afterEach(() => clock.uninstall())

  it('is tried again after a while, the same each time', () => {
    const retryTimes = new RetryTimes()
    expect(retryTimes.isOver(1, 'offline')).to.equal(true)
    for (let round = 0; round < 3; round++) {
      expect(retryTimes.isOver(1, 'bot-rate')).to.equal(false)
      clock.tick(Time.minute - 1)
      expect(retryTimes.isOver(1, 'bot-rate')).to.equal(false)
      clock.tick(1)
      expect(retryTimes.isOver(1, 'bot-rate')).to.equal(true)
      retryTimes.end(1)
    }
  })

  it('is tried ever later where each time somebody may get it unknown to us, until one arrives', () => {
    const retryTimes = new RetryTimes()
    const waits = Array.from({ length: 7 }, () => {
      let minutes = 0
      for (; !retryTimes.isOver(1, 'no-answer'); minutes++) clock.tick(Time.minute)
      retryTimes.end(1)
      return minutes
    })
    expect(waits).to.deep.equal([1, 2, 4, 8, 16, 30, 30])
    retryTimes.forget(1)
    retryTimes.isOver(1, 'no-answer')
    clock.tick(Time.minute)
    expect(retryTimes.isOver(1, 'no-answer')).to.equal(true)
  })

  it('waits anew each time, whoever went on with it, and no longer where the clock was set back', () => {
    const retryTimes = new RetryTimes()
    retryTimes.isOver(1, 'transient')
    clock.tick(Time.minute)
    retryTimes.end(1)
    expect(retryTimes.isOver(1, 'transient')).to.equal(false)
    clock.setSystemTime(Date.now() - Time.hour)
    expect(retryTimes.isOver(1, 'transient')).to.equal(true)
  })

  it('says when that will be, where it is a matter of time', () => {
    const retryTimes = new RetryTimes()
    expect(retryTimes.findNext(1)).to.equal(undefined)
    retryTimes.isOver(1, 'no-answer')
    expect(retryTimes.findNext(1)).to.equal(Date.now() + Time.minute)
    retryTimes.end(1)
    expect(retryTimes.findNext(1)).to.equal(undefined)
    retryTimes.isOver(1, 'no-answer')
    expect(retryTimes.findNext(1)).to.equal(Date.now() + 2 * Time.minute)
    retryTimes.isOver(1, 'offline')
    expect(retryTimes.findNext(1)).to.equal(undefined)
  })
})

describe('how many are written to at once', () => {
  const sent: Result = { state: 'sent', reason: '', code: null, via: 'proactive' }
  const unknown: Result = { state: 'unknown', reason: 'unknown-outcome', code: null, via: 'proactive' }
  const refused: Result = { state: 'failed', reason: 'content', code: 1, via: 'proactive', refused: true }
  const held = (obstacle: 'offline' | 'aborted' | 'no-permission' | 'transient'): Result => ({ state: 'pending', obstacle, code: null, via: null })

  it('grows from one with what arrives, up to sixteen', () => {
    const flow = new Flow()
    const widths = Array.from({ length: 6 }, () => [flow.width, flow.note(sent)][0])
    expect(widths).to.deep.equal([1, 2, 4, 8, 16, 16])
  })

  it('is one again after an answer that told nothing, and none after five in a row', () => {
    const flow = new Flow()
    for (let index = 0; index < 5; index++) flow.note(sent)
    expect([1, 2, 3, 4, 5].map(() => flow.note(unknown))).to.deep.equal([undefined, undefined, undefined, undefined, 'no-answer'])
    expect(flow.width).to.equal(1)
  })

  it('is none after a single one of them where it had paused for such, unless something arrived', () => {
    expect(new Flow(true).note(unknown)).to.equal('no-answer')
    const flow = new Flow(true)
    flow.note(sent)
    expect([flow.note(unknown), flow.fruitful]).to.deep.equal([undefined, true])
  })

  it('is none after twenty refusals of the message with no success in between', () => {
    const flow = new Flow()
    for (let index = 0; index < 19; index++) expect(flow.note(refused)).to.equal(undefined)
    flow.note(sent)
    for (let index = 0; index < 19; index++) expect(flow.note(refused)).to.equal(undefined)
    expect(flow.note(refused)).to.equal('refused')
  })

  it('is none when it is the bot, and not the recipient', () => {
    const note = (obstacle: string) => new Flow().note(held(obstacle as 'offline'))
    expect(['offline', 'aborted', 'no-permission', 'transient'].map(note)).to.deep.equal(['offline', undefined, undefined, undefined])
  })
})

describe('what an outcome says of a recipient', () => {
  const failed = (meaning: ReturnType<typeof listMeanings>[number]) => {
    return toResult({ state: 'failed', reason: meaning, meaning, code: 1 }, 'proactive', ['proactive'])
  }

  for (const meaning of listMeanings()) {
    it(`${meaning}: ${describeMeaning()}`, () => {
      const result = failed(meaning)
      if (toSubject(meaning) === 'bot') expect(result).to.deep.include({ state: 'pending', obstacle: meaning })
      else if (meaning === 'rate') expect(result).to.deep.include({ state: 'pending', obstacle: 'bot-rate' })
      else if (meaning === 'transient' || meaning === 'no-permission') expect(result).to.deep.include({ state: 'pending', obstacle: meaning })
      else if (meaning === 'unknown-outcome') expect(result).to.deep.include({ state: 'unknown' })
      else expect(result.state).to.be.oneOf(['failed', 'skipped'])
    })

    function describeMeaning() {
      const result = failed(meaning)
      return result.state === 'pending' ? 'still to be written to' : result.state
    }
  }

  it('who is not to be reached proactively anyway does not wait for a permission', () => {
    expect(toResult({ state: 'skipped', reason: 'no-permission' }, null, ['reply'])).to.deep.include({ state: 'skipped', reason: 'no-permission' })
    expect(toResult({ state: 'skipped', reason: 'no-permission' }, null, ['proactive', 'reply'])).to.deep.include({ state: 'pending' })
  })
})

describe('the sums of a broadcast', () => {
  it('add up, with those who are under way still to come', () => {
    const sums = new Map([
      [toKind('sent', ''), 3], [toKind('sent', 'audit'), 1], [toKind('skipped', 'rejected'), 2], [toKind('pending', ''), 4], [toKind('sending', ''), 1],
    ])
    expect(toColumns(sums)).to.deep.equal({ total: 11, sent: 4, skipped: 2, failed: 0, unknown: 0 })
    expect(toColumns(sums, 20).total).to.equal(20)
  })
})

describe('an audience', () => {
  it('is read as it was given, each id once', () => {
    const activeSince = new Date(5)
    const audience = { relation: 'unknown', consent: undefined, userIds: ['A', 'B', 'A'], activeSince }
    expect(readAudience(audience)).to.deep.equal({ relation: 'unknown', userIds: ['A', 'B'], activeSince })
    expect(readAudience(undefined)).to.deep.equal({})
  })

  it('has nobody in it who is spelt otherwise, whatever the database finds', () => {
    const user = (userId: string, sceneParam: string | null = null) => ({ userId, sceneParam }) as QQUser
    expect([user('A'), user('a')].map(isExact({ userIds: ['A'] }))).to.deep.equal([true, false])
    expect([user('A', 'Spring'), user('B', 'spring'), user('C')].map(isExact({ sceneParam: 'Spring' }))).to.deep.equal([true, false, false])
    expect([user('A')].map(isExact({}))).to.deep.equal([true])
  })
})
