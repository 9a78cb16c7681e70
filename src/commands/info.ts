import { Context, h, Session } from 'koishi'
import { Notices } from '../notices'
import { explain } from '../notices/explain'
import { Pusher } from '../push'
import { Reach, Span } from '../push/ways'
import { QQUserService } from '../service'
import { findTarget } from './target'
import { toEntry, toReason, toScene, toState, toTime } from './format'

const ENTRIES = 5

export default function (ctx: Context, service: QQUserService, pusher: Pusher, notices: Notices) {
  ctx.command('qq-user.info <user:string>', { authority: 3, checkUnknown: true, checkArgCount: true })
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }, text) => {
      const user = await findTarget(ctx, service, session!, text, options!.bot)
      if (typeof user === 'string') return user
      const { verdict, span } = await pusher.describe(user.selfId, user.userId)
      const entries = await service.history(user.selfId, user.userId, { limit: ENTRIES })
      return [
        h.escape(user.name ? `${user.name}  ${user.userId}` : user.userId),
        toState(session!, user),
        toReachText(session!, verdict, span),
        session!.text('.first-seen', { time: toTime(user.firstSeen) }),
        session!.text('.last-message', { time: toTime(user.lastMessageAt) }),
        session!.text('.scene', { scene: toScene(session!, user.scene), param: user.sceneParam ?? '' }).trimEnd(),
        session!.text('.history'),
        ...entries.map(entry => toEntry(session!, entry, explain(entry, notices.isUnderWay(entry.id)))),
      ].join('\n')
    })
}

function toReachText(session: Session, verdict: Reach, { since, until }: Span) {
  const times = { since: toTime(since === undefined ? null : new Date(since)), until: toTime(until === undefined ? null : new Date(until)) }
  if (verdict.ok) return session.text(verdict.via === 'proactive' ? '.reachable' : `.reachable-${verdict.via}`, times)
  const parts = [
    session.text('.unreachable', { reason: toReason(session, verdict.reason) }),
    since !== undefined && session.text('.since', times),
    until !== undefined && session.text('.again', times),
  ]
  return parts.filter(Boolean).join('  ')
}
