import { Context, Time } from 'koishi'
import { lasting } from '../shared/lasting'
import { Window } from '../shared/window'
import { CancellableWaits } from './cancellable-waits'

/** How much one bot may ask of the platform's API. */
export interface RequestLimits {
  /** Requests in a second. */
  perSecond: number
  /** Requests under way at once. */
  concurrent: number
}

/** What goes first when not all can go. */
const priorities = ['notice', 'push', 'broadcast'] as const

export type Priority = typeof priorities[number]

/** A place among the requests of a bot. */
export interface Turn {
  /**
   * Gives it back.
   * @param used whether a request was made
   * @param tooFrequent whether the platform said that there are too many; nothing if it said nothing
   */
  end(used: boolean, tooFrequent?: boolean): void
}

/** What is known of the requests of one bot, whichever instance of the plugin made them. */
interface State {
  window: Window
  underWay: number
  /** For how long the last pause was, in ms; 0 when the platform takes requests. */
  pause: number
  pausedAt: number
  /** How many pauses there were. */
  pauses: number
  /** Lets the line move on in which somebody waits. */
  pump?(): void
}

const PAUSE = { first: Time.second, longest: 30 * Time.second }

/** One limit for each bot for every request that the plugin makes by itself. */
export class Throttle {
  private states: Map<string, State>
  private queues = new Map<string, TurnQueue>()

  constructor(ctx: Context, private limits: RequestLimits, private waits: CancellableWaits) {
    this.states = lasting(ctx, 'delivery.requests', () => new Map())
    ctx.on('dispose', () => this.queues.forEach(queue => queue.close()))
  }

  /**
   * Waits for a turn.
   * @param again whether this was refused as too frequent, so that it goes before what was not tried yet
   */
  turn(selfId: string, priority: Priority, again: boolean, signal?: AbortSignal): Promise<Turn> {
    const queue = this.queue(selfId)
    const rank = priorities.indexOf(priority) * 2 + (again ? 0 : 1)
    return this.waits.wait<Turn>(resolve => queue.add(rank, resolve), signal)
  }

  /** A turn without waiting for it. */
  open(selfId: string): Turn {
    return this.queue(selfId).open()
  }

  /** How many requests of a bot wait for their turn. */
  countWaiting(selfId: string) {
    return this.queues.get(selfId)?.waiting ?? 0
  }

  private queue(selfId: string) {
    let queue = this.queues.get(selfId)
    if (!queue) {
      const { perSecond } = this.limits
      let state = this.states.get(selfId)
      if (!state) this.states.set(selfId, state = { window: new Window(perSecond, Time.second), underWay: 0, pause: 0, pausedAt: 0, pauses: 0 })
      state.window.limit = perSecond
      this.queues.set(selfId, queue = new TurnQueue(state, this.limits.concurrent))
    }
    return queue
  }
}

type Start = (turn: Turn) => void

/** Those who wait for a turn of one bot, the most important first, and the first of them first. */
class TurnQueue {
  private ranks = Array.from({ length: priorities.length * 2 }, () => new Set<{ start: Start }>())
  private timer?: NodeJS.Timeout
  private pump = () => this.run()

  constructor(private state: State, private concurrent: number) {}

  get waiting() {
    return this.ranks.reduce((sum, { size }) => sum + size, 0)
  }

  add(rank: number, start: Start) {
    const job = { start }
    this.ranks[rank].add(job)
    this.run()
    return () => this.ranks[rank].delete(job)
  }

  close() {
    clearTimeout(this.timer)
    if (this.state.pump === this.pump) this.state.pump = undefined
  }

  private run() {
    clearTimeout(this.timer)
    for (let rank; (rank = this.ranks.find(({ size }) => size));) {
      const delay = this.delay(Date.now())
      if (delay > 0) {
        // of several instances, the one that has somebody waiting
        this.state.pump = this.pump
        if (delay < Infinity) this.timer = setTimeout(this.pump, delay)
        return
      }
      const [job] = rank
      rank.delete(job)
      job.start(this.open())
    }
  }

  private delay(now: number) {
    const { window, underWay, pause, pausedAt } = this.state
    // after a pause one goes ahead and finds out whether it is over
    if (underWay >= (pause ? 1 : this.concurrent)) return Infinity
    const passed = now - pausedAt
    // a clock that was set back must not make it longer
    return Math.max(window.delay(now), passed >= 0 ? pause - passed : 0)
  }

  open(): Turn {
    const { state } = this
    const { pauses } = state
    state.underWay++
    state.window.enter()
    return {
      end(used, tooFrequent) {
        const now = Date.now()
        state.underWay--
        state.window.leave(used, now)
        // what set out before a pause says nothing about its end
        if (pauses === state.pauses) {
          if (tooFrequent) pause(state, now)
          else if (tooFrequent === false) state.pause = 0
        }
        state.pump?.()
      },
    }
  }
}

function pause(state: State, now: number) {
  state.pause = Math.min(PAUSE.longest, state.pause * 2 || PAUSE.first)
  state.pausedAt = now
  state.pauses++
}
