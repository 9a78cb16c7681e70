import { Time } from 'koishi'
import { RecentMap } from '../shared/recent-map'
import { readFailure } from './codes'
import { Internal, wrapSend } from './internal'
import { isOwn } from './own-messages'
import { retries } from './policy'

/** For how long the platform may not know the id of a new event. */
const FRESH = 10 * Time.second

/**
 * Makes replies to a fresh event again, whoever sends them: the platform does not know its id at first. The plugin's
 * own are left alone, as they are made again elsewhere. A reply of another plugin that still waits here when this one is
 * unloaded is sent all the same, through whatever wraps the request by then.
 *
 * @param tried when (ms) events were first replied to
 * @returns what takes it back
 */
export function retryFresh(internal: Partial<Internal> | undefined, tried: RecentMap<number>) {
  let over = false
  const restore = wrapSend(internal, send => async (openid, data) => {
    if (!data?.event_id || isOwn(data)) return send(openid, data)
    const first = tried.get(data.event_id) ?? Date.now()
    tried.set(data.event_id, first)
    for (let tries = 0; ; tries++) {
      try {
        return await (over ? internal!.sendPrivateMessage! : send).call(internal, openid, data)
      } catch (error) {
        const { meaning } = readFailure(error)
        const delay = meaning === 'event-unknown' ? retries[meaning]?.[tries] : undefined
        if (delay === undefined || Date.now() - first >= FRESH) throw error
        await new Promise(resolve => setTimeout(resolve, delay))
      }
    }
  })
  return () => {
    over = true
    restore()
  }
}
