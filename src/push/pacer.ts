import { Context, Time } from 'koishi'
import { Limits } from '../config'
import { onAbort } from '../shared/on-abort'
import { Window } from '../shared/window'
import { PushError } from './error'

/** Gives a slot back. `used` is false when nothing was sent. */
export type Release = (used: boolean) => void

interface Job {
  /** Whether everything else goes first. */
  later: boolean
  resolve(release: Release): void
  reject(error: PushError): void
  /** Lets the caller's signal be. */
  unlisten(): void
}

interface User {
  jobs: Job[]
  window: Window
}

/** What is known of the messages of one bot, whichever instance of the plugin sends them. It ends with the process. */
export interface PaceState {
  second: Window
  minute: Window
  users: Map<string, User>
  /** Lets the instance that is loaded go on when a slot was given back. */
  pump?(): void
}

export function createPaceState(): PaceState {
  return { second: new Window(Infinity, Time.second), minute: new Window(Infinity, Time.minute), users: new Map() }
}

/** Lets one bot's proactive messages out at the rate that the platform takes, users taking turns. */
export class Pacer {
  private windows: Window[]
  private users: Map<string, User>
  /** How many messages wait. */
  waiting = 0
  /** Those that go after all others. */
  private later = new Map<Job, string>()
  /** How far apart (ms) these lie, so that there is soon a place for whoever comes in between. */
  readonly step: number
  private nextStep = -Infinity
  private wake?: () => void
  private closed = false

  constructor(private ctx: Context, private limits: Limits, private size: number, private state: PaceState) {
    const { second, minute, users } = state
    second.limit = limits.botSecond
    minute.limit = limits.botMinute
    for (const { window } of users.values()) window.limit = limits.userMinute
    this.windows = [second, minute]
    this.users = users
    this.step = toStep(limits)
    const pump = () => this.pump()
    state.pump = pump
    ctx.on('dispose', () => {
      if (state.pump === pump) state.pump = undefined
      this.clear()
    })
  }

  /**
   * Waits for a slot.
   * @param later whether everything else goes first
   * @throws PushError `queue-full`, `user-minute` or `aborted`
   */
  acquire(userId: string, signal?: AbortSignal, later = false): Promise<Release> {
    const user = this.users.get(userId) ?? { jobs: [], window: new Window(this.limits.userMinute, Time.minute) }
    if (this.closed || signal?.aborted) throw toError(!signal?.aborted)
    if (this.waiting >= this.size) throw new PushError('queue-full')
    if (user.jobs.length >= this.limits.userMinute) throw new PushError('user-minute')
    this.users.set(userId, user)
    return new Promise((resolve, reject) => {
      const job: Job = { later, resolve, reject, unlisten: onAbort(signal, () => this.abort(user, job)) }
      user.jobs.push(job)
      if (later) this.later.set(job, userId)
      this.waiting++
      this.pump()
    })
  }

  private pump() {
    this.wake?.()
    this.wake = undefined
    const now = Date.now()
    let delay = this.delay(now)
    for (const [userId, user] of [...this.users]) {
      if (delay > 0) break
      const own = user.window.delay(now)
      const job = user.jobs.find(({ later }) => !later)
      if (job && own <= 0) {
        this.start(userId, user, job)
        delay = this.delay(now)
      } else if (!user.jobs.length && user.window.idle(now)) {
        this.users.delete(userId)
      }
    }
    if (this.waiting <= this.later.size) delay = Infinity
    else if (delay <= 0) {
      const first = [...this.users.values()].filter(({ jobs }) => jobs.some(({ later }) => !later))
      delay = Math.min(...first.map(({ window }) => window.delay(now)))
    }
    delay = Math.min(delay, this.pumpLater(now))
    if (delay < Infinity) this.wake = this.ctx.setTimeout(() => this.pump(), Math.max(1, delay))
  }

  /** Starts those that go last. @returns how long until the next of them, in ms */
  private pumpLater(now: number): number {
    let delay = Infinity
    for (const [job, userId] of this.later) {
      // a clock that was set back must not make it longer
      const common = Math.max(this.delay(now), Math.min(this.nextStep - now, this.step))
      if (common > 0) return common
      const user = this.users.get(userId)!
      const own = user.window.delay(now)
      delay = Math.min(delay, own)
      if (own > 0) continue
      this.start(userId, user, job)
      this.nextStep = Math.max(this.nextStep, now - this.step) + this.step
    }
    return this.later.size ? delay : Infinity
  }

  private delay(now: number) {
    return Math.max(...this.windows.map(window => window.delay(now)))
  }

  private start(userId: string, user: User, job: Job) {
    user.jobs.splice(user.jobs.indexOf(job), 1)
    this.later.delete(job)
    this.waiting--
    // to the end of the line
    this.users.delete(userId)
    this.users.set(userId, user)
    job.unlisten()
    const windows = [...this.windows, user.window]
    for (const window of windows) window.enter()
    let released = false
    job.resolve((used) => {
      if (released) return
      released = true
      for (const window of windows) window.leave(used, Date.now())
      this.state.pump?.()
    })
  }

  private abort(user: User, job: Job, unloaded = false) {
    const index = user.jobs.indexOf(job)
    if (index < 0) return
    user.jobs.splice(index, 1)
    this.later.delete(job)
    this.waiting--
    job.unlisten()
    job.reject(toError(unloaded))
  }

  private clear() {
    this.closed = true
    for (const user of this.users.values()) {
      for (const job of [...user.jobs]) this.abort(user, job, true)
    }
  }
}

/** How far apart (ms) messages lie that use up what a bot may send, and no more. */
export function toStep({ botSecond, botMinute }: Limits) {
  return Math.max(Time.second / botSecond, Time.minute / botMinute)
}

/** Whoever was not heard because the plugin was unloaded may try again. */
function toError(unloaded: boolean) {
  return new PushError('aborted', undefined, { retryable: unloaded })
}
