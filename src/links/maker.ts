import { Bot, HTTP, Time } from 'koishi'
import { Delivery } from '../delivery'
import { retries } from '../delivery/policy'
import { ANSWER } from '../delivery/requests'
import { StoppedError } from '../delivery/objections'
import { readLink, toLinkError } from './answer'
import { LinkError, LinkReason } from './error'

const PATH = '/v2/generate_url_link'

/** When a refusal is tried again, in ms from the last attempt. The platform makes about nine in a row, and then pauses. */
const delays: Partial<Record<LinkReason, number[]>> = {
  rate: [5, 10, 20, 40, 60, 60, 60].map(seconds => seconds * Time.second),
  unavailable: retries.transient,
}

/** Asks the platform for links, one at a time for each bot. */
export class LinkMaker {
  private lines = new Map<string, Promise<unknown>>()

  constructor(private delivery: Delivery) {}

  /** @throws LinkError */
  make(selfId: string, sceneParam: string): Promise<string> {
    const before = this.lines.get(selfId)
    const made = before ? before.then(() => this.persist(selfId, sceneParam)) : this.persist(selfId, sceneParam)
    const line = made.catch(() => {}).then(() => {
      if (this.lines.get(selfId) === line) this.lines.delete(selfId)
    })
    this.lines.set(selfId, line)
    return made
  }

  private async persist(selfId: string, sceneParam: string): Promise<string> {
    const tried = new Map<LinkReason, number>()
    for (;;) {
      try {
        return await this.request(selfId, sceneParam)
      } catch (cause) {
        const error = cause instanceof StoppedError ? new LinkError('aborted') : toLinkError(cause)
        const times = tried.get(error.reason) ?? 0
        const delay = delays[error.reason]?.[times]
        if (delay === undefined) throw error
        tried.set(error.reason, times + 1)
        await this.delivery.waits.sleep(delay).catch(() => { throw new LinkError('aborted') })
      }
    }
  }

  private async request(selfId: string, sceneParam: string): Promise<string> {
    const { delivery } = this
    // whoever waits for a turn in vain keeps others from it
    this.find(selfId)
    const turn = await delivery.turn(selfId)
    let asked = false
    try {
      const { http } = this.find(selfId)
      asked = true
      const answer = http.post(PATH, { callback_data: sceneParam }, { signal: AbortSignal.timeout(ANSWER) })
      return readLink(await delivery.waits.race(answer))
    } finally {
      // what is too frequent here says nothing of other requests
      turn.end(asked)
    }
  }

  private find(selfId: string) {
    const bot = this.delivery.find(selfId, false)
    if (!bot) throw new LinkError('unknown-bot')
    const { http } = bot as Bot & { http?: HTTP }
    if (typeof http?.post !== 'function') throw new LinkError('unsupported')
    if (!this.delivery.find(selfId)) throw new LinkError('offline')
    return { http }
  }
}
