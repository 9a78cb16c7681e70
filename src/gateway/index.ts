import { Bot, Context, Session } from 'koishi'
import { deriveId, Envelope, Fact, MAX_EVENT_ID, readId, UserEvent } from '../event'
import { Failure, Meaning } from '../delivery/codes'
import { Reason } from '../gate'
import { normalizeAnswers } from '../delivery/answers'
import { REPLY_WINDOW } from '../delivery/route'
import { observeAnswers } from '../delivery/refusals'
import { retryFresh } from '../delivery/fresh-events'
import { createNumbers, numberReplies, rememberReplies } from '../delivery/reply-numbers'
import { createSession, mend } from '../session'
import { noteAddresses } from '../delivery/addressing'
import { Records } from '../delivery/late-replies'
import { guardRequests } from '../delivery/objections'
import { lasting } from '../shared/lasting'
import { RecentMap } from '../shared/recent-map'
import { Occurrences } from '../shared/occurrences'
import { unwrap } from '../shared/patch'
import { decode, MalformedError, readGroup, UnknownError, WireType, wireTypes } from './decode'
import { DispatchWatcher, Watch } from './dispatch-watcher'
import { Unnamed } from './unnamed'

/** Whether the adapter dispatches a session of its own for an event. */
const dispatchedByAdapter: Record<Exclude<WireType, 'C2C_MESSAGE_CREATE'>, boolean> = {
  FRIEND_ADD: true,
  FRIEND_DEL: true,
  C2C_MSG_REJECT: false,
  C2C_MSG_RECEIVE: false,
  INTERACTION_CREATE: false,
}

/** How many messages and events are remembered for the replies to them. */
const REPLIES = 20_000

/** What arrived from a user. */
export interface Arrival {
  /** For a message, its id is that of the message. */
  event: UserEvent
  /**
   * What announces it: the adapter's own session where it makes one, withheld until somebody dispatches it, else one that
   * is made for it. Missing for messages, which the adapter announces, and for what was only concluded.
   */
  session?: Promise<Session>
}

/** Who is asked about messages, and told of them. */
export interface Listener {
  /** The bot was mentioned in a group. */
  groupSeen(bot: Bot, groupId: string): void
  /** Why a user must not be written to out of the blue, as far as that is known without waiting. */
  peekObjection(bot: Bot, userId: string, recall: boolean): Reason | undefined
  /** The same, asked of the roster. */
  askObjection(bot: Bot, userId: string, recall: boolean): Promise<Reason | undefined>
  /** The platform refused a private message, whoever sent it. `at` is when that was tried, in ms. */
  refused(bot: Bot, userId: string, failure: Failure, at: number): void
  /** The platform took a proactive message, whoever sent it. */
  proactiveAccepted(bot: Bot, userId: string): void
}

interface Hooks {
  watcher: DispatchWatcher
  restore(): void
}

/** The only part that knows the adapter's internals. */
export class Gateway {
  /** When (ms) each type last arrived. */
  readonly arrivals = Object.fromEntries(wireTypes.map(type => [type, null])) as Record<WireType, number | null>
  readonly malformed = new Occurrences<Pick<MalformedError, 'type' | 'field'>>()
  readonly unknown = new Occurrences<Pick<UnknownError, 'type' | 'kind'>>()
  readonly refusals = new Occurrences<{ code: number; meaning: Meaning }>()

  private hooks = new Map<Bot, Hooks>()
  private records: Records
  private tried: RecentMap<number>
  private timers = new Set<NodeJS.Immediate>()
  private unnamed: Unnamed
  /** An event came of which the bot could not be found. */
  private lost = false
  private listener?: Listener

  /** @param arrive takes what arrived from users */
  constructor(private ctx: Context, private arrive: (arrival: Arrival) => void) {
    this.unnamed = new Unnamed(ctx)
    this.records = {
      replies: rememberReplies(ctx),
      numbers: lasting(ctx, 'delivery.numbers', createNumbers),
      watched: lasting(ctx, 'delivery.watched', () => new WeakSet()),
    }
    this.tried = lasting(ctx, 'gateway.tried', () => new RecentMap(REPLIES, REPLY_WINDOW))
    for (const type of wireTypes) {
      this.listen(type, (d, bot) => bot ? this.receive(type, d, bot) : this.identify(d, bot => this.receive(type, d, bot)))
    }
    this.listen('GROUP_AT_MESSAGE_CREATE', (d, bot = this.single()) => {
      const id = bot && readGroup(d)
      if (id) this.listener?.groupSeen(bot, id)
    })
    ctx.on('bot-status-updated', (bot) => {
      if (!isOurs(bot)) return
      this.hook(unwrap(bot))
      this.unnamed.release(unwrap(bot))
    })
    ctx.on('bot-removed', bot => this.release(unwrap(bot)))
    for (const bot of ctx.bots) {
      if (isOurs(bot)) this.hook(unwrap(bot))
    }
    ctx.on('dispose', () => {
      this.timers.forEach(clearImmediate)
      for (const bot of this.hooks.keys()) this.release(bot)
    })
  }

  attach(listener: Listener | undefined) {
    this.listener = listener
  }

  /** The adapter's typings lack the second argument, and some of its versions lack it altogether. */
  private listen(type: string, callback: (d: unknown, bot?: Bot) => void) {
    this.ctx.on(`qq/${type.toLowerCase().replace(/_/g, '-')}` as never, callback as never)
  }

  /** The bot, if there is but one. */
  private single() {
    const [bot, another] = this.hooks.keys()
    return another ? undefined : bot
  }

  /** Finds the bot of an event that came without: the one that goes on to make a session of it. */
  private identify(d: unknown, found: (bot: Bot) => void) {
    const single = this.single()
    if (single) return found(single)
    const stops = [...this.hooks].map(([bot, { watcher }]) => this.watch(bot, d, {
      envelope: (envelope) => {
        stops.forEach(stop => stop())
        found(bot)
        // `found` has begun to watch the same dispatch, and has to see its envelope, too
        return watcher.mayAdapt(envelope)
      },
    }, () => this.lose()))
    if (!stops.length) this.lose()
  }

  private lose() {
    if (this.lost) return
    this.lost = true
    this.ctx.logger.error('events are lost, as the QQ adapter does not say which bot they are for; it must be updated')
  }

  private receive(type: WireType, d: unknown, traced: Bot) {
    const bot = unwrap(traced)
    if (!isOurs(bot)) return
    const now = this.arrivals[type] = Date.now()
    try {
      const fact = decode(type, d, now)
      if (!fact) return
      if (fact.unread) this.complain(type, fact.unread, 'a malformed %s counts as of now: its field %s')
      if (type !== 'C2C_MESSAGE_CREATE') return this.follow(type, d, bot, fact)
      this.unnamed.run(bot, bot => this.arrive({ event: complete(fact, bot, (d as { id?: unknown }).id) }))
    } catch (error) {
      if (error instanceof UnknownError) return this.unknown.add({ type, kind: error.kind })
      if (!(error instanceof MalformedError)) throw error
      this.complain(type, error.field, 'ignored a malformed %s: its field %s')
      // the adapter would stumble over it, or announce somebody who cannot be named
      if (error.field !== 'author.id') this.watch(bot, d, { envelope: () => false })
    }
  }

  private complain(type: WireType, field: string, text: string) {
    this.malformed.add({ type, field })
    this.ctx.logger.warn(text, type, field)
  }

  private follow(type: keyof typeof dispatchedByAdapter, d: unknown, bot: Bot, fact: Fact) {
    const adapted = dispatchedByAdapter[type]
    let started = false
    let announce!: (session: Session) => void
    const session = new Promise<Session>(resolve => announce = resolve)

    const start = (envelope: Envelope) => {
      if (started) return
      started = true
      this.unnamed.run(bot, bot => this.arrive({ event: complete(fact, bot, envelope.id), session }))
    }
    const create = (envelope: Envelope) => {
      start(envelope)
      this.unnamed.run(bot, bot => announce(createSession(bot, fact, envelope)))
    }

    // where the adapter shows neither envelope nor session, the event goes on without the id to reply to
    const stop = this.watch(bot, d, adapted ? {
      envelope: (envelope) => {
        start(envelope)
        return true
      },
      session: (session) => {
        stop()
        start(session.event._data as Envelope)
        this.unnamed.run(bot, bot => announce(mend(session, bot, fact)))
      },
    } : {
      envelope: (envelope) => {
        stop()
        create(envelope)
        return true
      },
    }, () => create({ op: 0, t: type, d }))
  }

  /** Watches for as long as the adapter takes to adapt a dispatch: the microtasks that follow it. */
  private watch(bot: Bot, d: unknown, watch: Watch, end?: () => void) {
    const unwatch = this.hook(bot).watcher.watch(d, watch)
    const stop = () => {
      clearImmediate(timer)
      this.timers.delete(timer)
      unwatch()
    }
    const timer = setImmediate(() => {
      stop()
      end?.()
    })
    this.timers.add(timer)
    return stop
  }

  private hook(bot: Bot) {
    let hooks = this.hooks.get(bot)
    if (!hooks) {
      const restore = [
        normalizeAnswers(bot.internal),
        numberReplies(bot.internal, this.records.replies),
        noteAddresses(bot, this.records),
        guardRequests(bot.internal, {
          ask: async (userId, recall) => this.listener?.askObjection(bot, userId, recall),
          peek: (userId, recall) => this.listener?.peekObjection(bot, userId, recall),
        }),
        observeAnswers(bot.internal, {
          proactiveAccepted: userId => this.listener?.proactiveAccepted(bot, userId),
          refused: (userId, failure, at) => {
            this.refusals.add({ code: failure.code ?? 0, meaning: failure.meaning })
            this.listener?.refused(bot, userId, failure, at)
          },
        }),
        retryFresh(bot.internal, this.tried),
      ]
      if (bot.internal) this.records.watched.add(bot.internal)
      hooks = { watcher: new DispatchWatcher(bot), restore: () => restore.reverse().forEach(restore => restore()) }
      this.hooks.set(bot, hooks)
    }
    return hooks
  }

  private release(bot: Bot) {
    const hooks = this.hooks.get(bot)
    if (!hooks) return
    this.hooks.delete(bot)
    if (bot.internal) this.records.watched.delete(bot.internal)
    hooks.watcher.dispose()
    hooks.restore()
  }
}

function isOurs(bot: Bot) {
  return bot.platform === 'qq' && !bot.hidden
}

function complete({ unread, ...fact }: Fact, bot: Bot, id: unknown): UserEvent {
  return {
    ...fact,
    ...unread && { untimed: true },
    id: readId(id, MAX_EVENT_ID) ?? deriveId(bot.selfId, fact),
    selfId: bot.selfId,
    receivedAt: Date.now(),
  }
}
