import { Context, h } from 'koishi'
import { QQUserService } from '../service'
import { findTarget } from './target'
import { toEntry, toReason, toScene, toState, toTime } from './format'

const ENTRIES = 5

export default function (ctx: Context, service: QQUserService) {
  ctx.command('qq-user.info <user:string>', { authority: 3, checkUnknown: true, checkArgCount: true })
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }, text) => {
      const user = await findTarget(ctx, service, session!, text, options!.bot)
      if (typeof user === 'string') return user
      const verdict = await service.canPush(user.selfId, user.userId)
      const entries = await service.history(user.selfId, user.userId, { limit: ENTRIES })
      return [
        h.escape(user.name ? `${user.name}  ${user.userId}` : user.userId),
        toState(session!, user),
        verdict.ok ? session!.text('.reachable') : session!.text('.unreachable', { reason: toReason(session!, verdict.reason) }),
        session!.text('.first-seen', { time: toTime(user.firstSeen) }),
        session!.text('.last-message', { time: toTime(user.lastMessageAt) }),
        session!.text('.scene', { scene: toScene(session!, user.scene), param: user.sceneParam ?? '' }).trimEnd(),
        session!.text('.history'),
        ...entries.map(entry => toEntry(session!, entry)),
      ].join('\n')
    })
}
