import { Time } from 'koishi'
import { Failure, listMeanings, Meaning, toSubject } from './codes'
import { isReply, Route } from './route'

/** When a refusal is tried again, in ms from the last attempt. What is not listed is not tried again. */
export const retries: Partial<Record<Meaning, number[]>> = {
  'event-unknown': [1.5 * Time.second, 2 * Time.second, 3 * Time.second],
  'transient': [Time.second, 2 * Time.second, 4 * Time.second],
  'rate': [2 * Time.second, 5 * Time.second, 10 * Time.second],
}

/** How often a request that was refused as too frequent is made again where nothing says for how long to wait. */
export const PERSISTENCE = 3

const ways: string[] = listMeanings().filter(meaning => toSubject(meaning) === 'way')

/** Whether a refusal, the platform's or our own right before a request, closes this way only, so that the next one may work. */
export function closesWayOnly(reason: string) {
  return ways.includes(reason)
}

const quotas = [22009, 40034100]

/** Whether the bot makes too many requests of any kind, as opposed to too many proactive messages. */
export function isTooFrequent({ meaning, code }: Failure, route: Route) {
  return meaning === 'rate' && (isReply(route) || !quotas.includes(code!))
}
