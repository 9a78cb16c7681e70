import { Context, h } from 'koishi'
import { Pusher } from '../../push'
import { findComponent } from '../../push/component'
import { QQUserService } from '../../service'
import { tame } from '../../shared/markup'
import { id, optional, text, time } from '../shared/args'
import { CallRegistry } from '../shared/calls'
import { fail } from '../shared/errors'
import { Rows } from '../shared/rows'
import { Sending } from '../shared/sending'
import type { UserCalls } from './protocol'

const MAX_CONTENT = 5000

/** Shows one user, writes to them, and forgets them. */
export class UserPanel {
  constructor(ctx: Context, service: QQUserService, pusher: Pusher, rows: Rows, sending: Sending, calls: CallRegistry<UserCalls>) {
    calls.add('qq-user/get', async (client, selfId, userId) => {
      const user = await service.get(id(selfId), id(userId))
      return user ? { user: rows.user(user), ...await pusher.describe(user.selfId, user.userId) } : null
    })

    calls.add('qq-user/history', async (client, selfId, userId, before) => {
      const end = optional(time)(before)
      const entries = await service.history(id(selfId), id(userId), end === undefined ? {} : { before: new Date(end) })
      return entries.map(entry => rows.entry(entry))
    })

    calls.add('qq-user/push', async (client, selfId, userId, content) => {
      const elements = h.parse(tame(text(MAX_CONTENT)(content)))
      const component = findComponent(ctx, elements)
      if (component !== undefined) fail(`component:${component}`)
      return sending.push(client, id(selfId), id(userId), elements)
    })

    calls.add('qq-user/forget', async (client, selfId, userId) => {
      const user = await service.get(id(selfId), id(userId)) ?? fail('unknown-user')
      await service.forget(user.selfId, user.userId)
    })
  }
}
