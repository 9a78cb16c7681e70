import { Context } from 'koishi'
import { Route } from '../delivery/route'
import { StoppedError } from '../delivery/objections'
import { CancellableWaits } from '../delivery/cancellable-waits'
import { Admission, Reason, Verdict } from '../gate'
import { Roster } from '../roster'
import { Limits } from '../config'
import { lasting } from '../shared/lasting'
import { createPaceState, Pacer, PaceState } from './pacer'
import { PushError } from './error'
import { Share } from './quota'
import { Reaches } from './reach'
import { Recalls } from './recalls'
import { ReservedReplies } from './reserved-replies'
import { Via } from './ways'

const QUEUE = 10_000

export interface Recipient {
  selfId: string
  userId: string
  signal?: AbortSignal
  /** Its places in the user's day. */
  share: Share
  /** Whether everything else goes first. */
  later?: boolean
  replies: ReservedReplies
  /** The ways that it may take. */
  allowed: readonly Via[]
  /** Of how many messages it consists. */
  parts: number
}

type Admitted = Extract<Admission, { ok: true }>

/** Admits messages that answer nobody, each way within its own limits. Each is judged again right before its request. */
export class Admissions {
  private pacers = new Map<string, Pacer>()
  private states: Map<string, PaceState>

  constructor(
    private ctx: Context,
    private limits: Limits,
    private roster: Roster,
    private recalls: Recalls,
    private reaches: Reaches,
    private waits: CancellableWaits,
  ) {
    this.states = lasting(ctx, 'push.pace', () => new Map())
  }

  async admit(route: Route, recipient: Recipient): Promise<Admission> {
    if (this.waits.ended) return { ok: false, reason: 'aborted' }
    try {
      if (route.via === 'recall') return await this.recall(recipient)
      return await (route.via === 'push' ? this.push(recipient) : this.reply(recipient))
    } catch (error) {
      if (error instanceof PushError || error instanceof StoppedError) return { ok: false, reason: error.reason }
      throw error
    }
  }

  /** Whatever is asked about a recipient, unless whoever asks goes away. */
  async ask<T>(answer: Promise<T>, signal?: AbortSignal): Promise<T | { ok: false; reason: Reason }> {
    try {
      return await this.waits.race(answer, signal)
    } catch (error) {
      if (error instanceof StoppedError) return { ok: false, reason: error.reason }
      throw error
    }
  }

  private async push({ selfId, userId, signal, share, later }: Recipient): Promise<Admission> {
    const slot = await this.pacer(selfId).acquire(userId, signal, later)
    let place: ((used: boolean) => void) | undefined
    try {
      place = await share.take(signal)
    } finally {
      if (!place) slot(false)
    }
    if (!place) return { ok: false, reason: 'user-day' }
    return {
      ok: true,
      confirm: () => this.ask(this.reaches.find(selfId, userId, ['proactive']), signal),
      release(usage) {
        slot(usage !== 'unsent')
        place(usage === 'sent')
      },
    }
  }

  private reply({ selfId, userId, signal, replies }: Recipient): Admitted {
    let release: ((used: boolean) => void) | undefined
    return {
      ok: true,
      confirm: async () => {
        const verdict = await this.ask(this.reaches.permits(selfId, userId), signal)
        if (!verdict.ok) return verdict
        release = replies.take()
        return release ? verdict : { ok: false, reason: 'no-permission' }
      },
      release: usage => release?.(usage === 'sent'),
    }
  }

  /** A recall takes a place in the bot's rate, but none in the user's day. */
  private async recall({ selfId, userId, signal, later, allowed, parts }: Recipient): Promise<Admitted> {
    const slot = await this.pacer(selfId).acquire(userId, signal, later)
    let giveBack: (() => void) | undefined
    const confirm = async (): Promise<Verdict> => {
      const better = allowed.includes('reply') && await this.reaches.find(selfId, userId, ['reply'], parts)
      // the user may have written while this waited
      if (better && better.ok) return { ok: false, reason: 'no-permission' }
      const user = await this.roster.get(selfId, userId)
      if (!user) return { ok: false, reason: 'unknown-user' }
      const taken = await this.recalls.take(user, signal)
      if (typeof taken === 'string') return { ok: false, reason: taken }
      giveBack = taken
      // the user may have said no meanwhile
      return this.reaches.permits(selfId, userId)
    }
    return {
      ok: true,
      confirm: () => this.ask(confirm(), signal),
      release(usage) {
        slot(usage !== 'unsent')
        if (usage !== 'sent') giveBack?.()
      },
    }
  }

  /** How many messages of a bot wait for their turn. */
  countWaiting(selfId: string) {
    return this.pacers.get(selfId)?.waiting ?? 0
  }

  private pacer(selfId: string) {
    let pacer = this.pacers.get(selfId)
    if (!pacer) {
      const state = this.states.get(selfId) ?? createPaceState()
      this.states.set(selfId, state)
      this.pacers.set(selfId, pacer = new Pacer(this.ctx, this.limits, QUEUE, state))
    }
    return pacer
  }
}
