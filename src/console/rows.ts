import { Context } from 'koishi'
import { QQUser, QQUserEntry } from '../model'
import { listBots } from './bots'
import type { EntryRow, UserRow } from './protocol'

/** Makes rows fit for the wire. */
export class Rows {
  constructor(private ctx: Context) {}

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

  entry({ id, selfId, userId, type, source, occurredAt, receivedAt, applied, notice, noticeReason }: QQUserEntry): EntryRow {
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
