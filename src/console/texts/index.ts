import { Context } from 'koishi'
import { EventType, QQUser } from '../../model'
import { createPrivateSession } from '../../session'
import { blank, isReturning } from '../../roster/state'
import { NoticeKey, Texts } from '../../notices/texts'
import { QQUserService } from '../../service'
import { getBot } from '../shared/bots'
import { CallRegistry } from '../shared/calls'
import { readPreviewQuery } from '../broadcasts/queries'
import type { Preview, PreviewQuery } from '../protocol'

const types: Record<NoticeKey, EventType> = {
  icebreaker: 'friend-added',
  pushAllowed: 'friend-push-allowed',
  pushRejected: 'friend-push-rejected',
}

/** Shows a notice as a user would get it. */
export class TextsPanel {
  constructor(private ctx: Context, private texts: Texts, private service: QQUserService, calls: CallRegistry) {
    calls.add('qq-user/preview', (client, query) => this.preview(readPreviewQuery(query)))
  }

  private async preview(query: PreviewQuery): Promise<Preview> {
    const { selfId, userId } = query
    const user = userId && await this.service.get(selfId, userId) || blank({ selfId, userId, occurredAt: Date.now() })
    // of somebody unknown the bot has to be
    getBot(this.ctx, selfId)
    try {
      const { source, errors, elements = [] } = await this.compose(query, user)
      return { source, errors, content: elements.join('') }
    } catch (error) {
      return { source: '', errors: [], content: '', failure: String(error) }
    }
  }

  /** @throws CallError when there is no such bot */
  async compose({ key, selfId, locale }: PreviewQuery, user: QQUser) {
    const session = createPrivateSession(getBot(this.ctx, selfId), types[key], user.userId)
    const occurredAt = (key === 'icebreaker' ? user.relationAt : user.consentAt) ?? user.firstSeen
    return this.texts.compose(key, { occurredAt, returning: isReturning(user, user, occurredAt) }, user, session, locale)
  }
}
