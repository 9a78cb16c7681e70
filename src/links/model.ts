import { Context } from 'koishi'
import { MAX_ID } from '../model'

declare module 'koishi' {
  interface Tables {
    qq_user_link: QQUserLink
  }
}

/** A row of `qq_user_link`: a link that invites users to add the bot. */
export interface QQUserLink {
  /** The bot's id, `bot.selfId`. */
  selfId: string
  /** What users who come by it bring along: `sceneParam` of `qq_user`, `event.sceneParam` in texts. */
  sceneParam: string
  url: string
  /** The operator's own words for it; may be empty. */
  title: string
  createdAt: Date
}

/** How many users came by a link last, of those who are on record. */
export interface LinkNumbers {
  users: number
  /** Of them, those who have the bot in their message list. */
  friends: number
  /** Of them, those who turned proactive messages off. */
  rejected: number
}

/** How long (characters) a title and an address may be. */
export const MAX = { title: 200, url: 1000 }

export function extendLinkModel(ctx: Context) {
  ctx.model.extend('qq_user_link', {
    selfId: `string(${MAX_ID})`,
    sceneParam: 'string(32)',
    url: `string(${MAX.url})`,
    title: `string(${MAX.title})`,
    createdAt: 'timestamp',
  }, {
    primary: ['selfId', 'sceneParam'],
  })
}

/** What the platform is known to take. */
export function isSceneParam(value: unknown): value is string {
  return typeof value === 'string' && /^[A-Za-z0-9-]{1,32}$/.test(value)
}

/** A title is anything that every database can hold. */
export function toTitle(value: unknown): string {
  if (typeof value !== 'string') return ''
  return [...value.replace(/[\p{Cc}\p{Cs}]/gu, ' ').trim()].slice(0, MAX.title).join('').trim()
}
