import { Context, Fragment, h } from 'koishi'
import { Reason } from '../gate'
import { Via } from '../push/ways'
import { Audience, Broadcast, BroadcastRecipient, BroadcastState, extendBroadcastModel, RecipientState } from './model'

declare module 'koishi' {
  interface Events {
    /** After a broadcast's state, or the reason for it, changed. */
    'qq-user/broadcast'(broadcast: Broadcast, previous: BroadcastState | undefined): void
  }
}

export interface BroadcastOptions {
  /** The bot that sends it. */
  selfId: string
  /** Koishi elements, with `{user.name}`, `{user.id}`, `{bot.name}` and `{bot.id}` filled in for each recipient. */
  content: Fragment
  /** For the operator only. */
  title?: string
  /** All friends unless told. */
  audience?: Audience
  /** When it starts by itself. */
  startAt?: Date
  /** The ways that it may take, all of them unless told. */
  via?: readonly Via[]
}

export interface BroadcastQuery {
  selfId?: string
  /** 20 unless told, 200 at most. */
  limit?: number
  /** The id of the last broadcast of the page before. */
  after?: number
}

export interface RecipientQuery {
  state?: RecipientState
  /** 100 unless told, 1000 at most. */
  limit?: number
  /** The id of the last user of the page before. */
  after?: string
}

export interface EstimateQuery {
  selfId: string
  audience?: Audience
  via?: readonly Via[]
}

/** Whom a broadcast would reach now. */
export interface Estimate {
  total: number
  reachable: number
  /** How many are kept out, by reason. */
  skipped: Partial<Record<Reason, number>>
  /** How many would be written to on which way. */
  ways: Partial<Record<Via, number>>
  /** How long it takes (ms) with the bot's limits. */
  duration: number
}

/** One message to many users, as `ctx.qqUser.broadcasts`: each of them gets it once, whatever happens meanwhile. */
export class Broadcasts {
  constructor(private ctx: Context) {
    extendBroadcastModel(ctx)
  }

  /**
   * Makes a broadcast, which waits for `start`, or for its time.
   * @throws BroadcastError for what cannot be sent
   */
  create(options: BroadcastOptions): Promise<Broadcast> {
    throw new Error('not implemented')
  }

  /** Fixes the audience and begins to send. @throws BroadcastError */
  start(id: number): Promise<Broadcast> {
    throw new Error('not implemented')
  }

  /** Sends nothing more until it is resumed; what is under way comes to its end. @throws BroadcastError */
  pause(id: number): Promise<Broadcast> {
    throw new Error('not implemented')
  }

  /** @throws BroadcastError */
  resume(id: number): Promise<Broadcast> {
    throw new Error('not implemented')
  }

  /** Ends it for good. @throws BroadcastError */
  cancel(id: number): Promise<Broadcast> {
    throw new Error('not implemented')
  }

  get(id: number): Promise<Broadcast | undefined> {
    throw new Error('not implemented')
  }

  /** A page of broadcasts, newest first. */
  list(query: BroadcastQuery = {}): Promise<Broadcast[]> {
    throw new Error('not implemented')
  }

  /** A page of recipients, in the order of their ids. @throws BroadcastError */
  recipients(id: number, query: RecipientQuery = {}): Promise<BroadcastRecipient[]> {
    throw new Error('not implemented')
  }

  /** How many recipients were skipped, and have failed, for which reason. @throws BroadcastError */
  reasons(id: number): Promise<{ state: RecipientState; reason: string; count: number }[]> {
    throw new Error('not implemented')
  }

  /** Whom a broadcast would reach now, on which ways, and how long it would take. @throws BroadcastError */
  estimate(query: EstimateQuery): Promise<Estimate> {
    throw new Error('not implemented')
  }

  /** How long (ms) a broadcast still takes with the bot's limits. */
  timeLeft(broadcast: Broadcast): number {
    throw new Error('not implemented')
  }

  /** A new broadcast, in state `draft`, to those whom one that has ended did not reach for a passing reason. @throws BroadcastError */
  repeat(id: number): Promise<Broadcast> {
    throw new Error('not implemented')
  }

  /** What a user would get. @throws BroadcastError for content that is faulty, also for this user only */
  preview(selfId: string, content: Fragment, userId: string): Promise<h[]> {
    throw new Error('not implemented')
  }

  /** Sends it to one user. @returns the ids of the messages @throws BroadcastError, PushError */
  test(selfId: string, content: Fragment, userId: string, via?: readonly Via[]): Promise<string[]> {
    throw new Error('not implemented')
  }
}
