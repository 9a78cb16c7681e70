import { Context, Logger, Time } from 'koishi'
import { Inbox } from '../shared/inbox'
import { lasting } from '../shared/lasting'
import { BroadcastStore, Settlement } from './store'

interface Item extends Settlement {
  from: 'pending' | 'sending'
}

const RETRY = Time.second
const LIMIT = 50_000

/** What became of recipients, on its way into the database. It waits for one that is away, and for the next instance of the plugin. */
export class Settlements {
  private inbox: Inbox<Item>
  /** The marks of those who were taken on by this process, whichever instance of the plugin did, and are not on record yet. */
  readonly inHand: Set<string>
  private closed = false
  private detach: () => void
  private logger: Logger
  private failing = false

  /** @param written told of each that is on record, and whether it still was to be put there */
  constructor(ctx: Context, private store: BroadcastStore, private written: (settlement: Settlement, changed: boolean) => void) {
    this.logger = ctx.logger('qq-user')
    this.inbox = lasting(ctx, 'broadcast.outcomes', () => new Inbox(LIMIT))
    this.inHand = lasting(ctx, 'broadcast.in-hand', () => new Set())
    this.detach = this.inbox.attach(item => this.write(item))
  }

  /** Leaves what is not on record to the next instance. */
  close() {
    this.closed = true
    this.detach()
  }

  /** Puts on record what became of somebody. Resolves when it is, or this instance has ended. */
  async settle(settlement: Settlement, from: Item['from']) {
    await this.inbox.add({ ...settlement, from })
  }

  /** Whoever was taken on by somebody who is gone may have got it: they are not written to again. */
  async abandon(broadcast: number) {
    const lost = (await this.store.underWay(broadcast)).filter(({ token }) => !this.inHand.has(token))
    for (const { userId, token } of lost) {
      await this.store.settle({ broadcast, userId, token, state: 'unknown', reason: 'unknown-outcome', code: null, via: null, at: new Date() })
    }
  }

  private async write(item: Item) {
    while (true) {
      const changed = await this.try(item)
      if (changed !== undefined) {
        if (!this.inbox.take(item)) return
        this.inHand.delete(item.token)
        return this.written(item, changed)
      }
      if (this.closed) return
      await new Promise(resolve => setTimeout(resolve, RETRY))
      if (this.closed) return
    }
  }

  private async try({ from, ...settlement }: Item) {
    try {
      const changed = await this.store.settle(settlement, from)
      this.failing = false
      return changed
    } catch (error) {
      if (!this.failing) this.logger.warn('what became of the recipients of a broadcast is not on record yet: %s', error)
      this.failing = true
    }
  }
}
