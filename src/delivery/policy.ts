import { Time } from 'koishi'
import { Reason } from '../gate'
import { Failure, Meaning } from './codes'
import { isReply, Route } from './route'

/** When a refusal is tried again, in ms from the last attempt. What is not listed is not tried again. */
export const retries: Partial<Record<Meaning, number[]>> = {
  'event-unknown': [1.5 * Time.second, 2 * Time.second, 3 * Time.second],
  'transient': [Time.second, 2 * Time.second, 4 * Time.second],
  'rate': [2 * Time.second, 5 * Time.second, 10 * Time.second],
}

/** How often a request that was refused as too frequent is made again where nothing says for how long to wait. */
export const PERSISTENCE = 3

/** Refusals that concern the way only, so that the next one may work. */
export const detours: Meaning[] = ['event-unknown', 'window-closed', 'no-permission', 'recall-used', 'recall-closed']

/** Our own refusals right before a request that close this way only, so that the next one may work. */
export const closings: string[] = ['no-permission', 'recall-used', 'recall-closed'] satisfies Reason[]

const quotas = [22009, 40034100]

/** Whether the bot makes too many requests of any kind, as opposed to too many proactive messages. */
export function isTooFrequent({ meaning, code }: Failure, route: Route) {
  return meaning === 'rate' && (isReply(route) || !quotas.includes(code!))
}
