import { Context } from 'koishi'
import { QQUser, QQUserEntry } from '../../model'
import { explain } from '../../notices/explain'
import { listBots } from './bots'
import type { EntryRow, UserRow } from './protocol'

/** Turns rows of the tables into what the page gets: times in ms, no columns of our own, and why there was no notice. */
export class Rows {
  /** @param isUnderWay whether the notice for an entry is being sent */
  constructor(private ctx: Context, private isUnderWay: (id: string) => boolean) {}

  user(user: QQUser): UserRow {
    return {
      selfId: user.selfId,
      userId: user.userId,
      relation: user.relation,
      relationAt: toTime(user.relationAt),
      consent: user.consent,
      consentAt: toTime(user.consentAt),
      firstSeen: +user.firstSeen,
      lastMessageAt: toTime(user.lastMessageAt),
      scene: user.scene ?? null,
      sceneParam: user.sceneParam ?? null,
      sceneAt: toTime(user.sceneAt),
      name: user.name ?? null,
      nameAt: toTime(user.nameAt),
      avatar: this.avatar(user),
    }
  }

  entry(entry: QQUserEntry): EntryRow {
    const { id, selfId, userId, type, source, occurredAt, receivedAt, applied } = entry
    const { notice, reason: noticeReason } = explain(entry, this.isUnderWay(id))
    return { id, selfId, userId, type, source, occurredAt: +occurredAt, receivedAt: +receivedAt, applied, notice, noticeReason }
  }

  /** Not documented, but what other clients use; a placeholder where there is none. */
  private avatar({ selfId, userId }: QQUser) {
    const bot = listBots(this.ctx).find(bot => bot.selfId === selfId)
    const appid = (bot?.config as { id?: unknown } | undefined)?.id
    return appid ? `https://q.qlogo.cn/qqapp/${appid}/${encodeURIComponent(userId)}/640` : ''
  }
}

function toTime(date: Date | null | undefined) {
  return date ? +date : null
}
