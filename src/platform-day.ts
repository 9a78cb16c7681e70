import { Time } from 'koishi'

const OFFSET = 8 * Time.hour

/** The day on the platform's calendar, which is at UTC+8. */
export function toDay(time: number | Date) {
  return Math.floor((+time + OFFSET) / Time.day)
}

/** When (ms) such a day begins. */
export function startOfDay(day: number) {
  return day * Time.day - OFFSET
}
