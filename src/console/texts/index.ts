import { Context } from 'koishi'
import { EventType, QQUser } from '../../model'
import { createPrivateSession } from '../../session'
import { blank, isReturning } from '../../roster/state'
import { NoticeKey, Texts } from '../../notices/texts'
import { QQUserService } from '../../service'
import { id, oneOf, record, text } from '../shared/args'
import { getBot } from '../shared/bots'
import { CallRegistry } from '../shared/calls'
import { fail } from '../shared/errors'
import { Sending } from '../shared/sending'
import type { Preview, PreviewQuery, TextsCalls } from './protocol'

const types: Record<NoticeKey, EventType> = {
  icebreaker: 'friend-added',
  pushAllowed: 'friend-push-allowed',
  pushRejected: 'friend-push-rejected',
}

const readQuery = record<PreviewQuery>({
  key: oneOf(...Object.keys(types) as NoticeKey[]),
  selfId: id,
  // none for somebody made up
  userId: value => value === '' ? '' : id(value),
  locale: value => /^[\w-]{0,32}$/.test(text(32)(value)) ? value as string : fail('bad-request'),
})

/** Shows a notice as a user would get it, and sends it. */
export class TextsPanel {
  constructor(
    private ctx: Context, private texts: Texts, private service: QQUserService, sending: Sending, calls: CallRegistry<TextsCalls>,
  ) {
    calls.add('qq-user/preview', (client, query) => this.preview(readQuery(query)))

    calls.add('qq-user/send-notice', async (client, value) => {
      const query = readQuery(value)
      const user = await service.get(query.selfId, id(query.userId)) ?? fail('unknown-user')
      // what the config says may run components, as the recipient
      const { elements } = await this.compose(query, user)
      return sending.push(client, user.selfId, user.userId, elements ?? fail('template'))
    })
  }

  private async preview(query: PreviewQuery): Promise<Preview> {
    const { selfId, userId } = query
    const user = userId && await this.service.get(selfId, userId) || blank({ selfId, userId, occurredAt: Date.now() })
    // throws where there is no such bot; within the `try` that would look like a fault of the text
    getBot(this.ctx, selfId)
    try {
      const { source, errors, elements = [] } = await this.compose(query, user)
      return { source, errors, content: elements.join('') }
    } catch (error) {
      return { source: '', errors: [], content: '', failure: String(error) }
    }
  }

  /** @throws CallError when there is no such bot */
  private async compose({ key, selfId, locale }: PreviewQuery, user: QQUser) {
    const session = createPrivateSession(getBot(this.ctx, selfId), types[key], user.userId)
    const occurredAt = (key === 'icebreaker' ? user.relationAt : user.consentAt) ?? user.firstSeen
    return this.texts.compose(key, { occurredAt, returning: isReturning(user, user, occurredAt) }, user, session, locale)
  }
}
