import { Context, h, Session, Time } from 'koishi'
import { BroadcastOptions } from '../broadcast/drafts'
import { Estimate } from '../broadcast/estimate'
import { Audience } from '../broadcast/model'
import { consents, relations } from '../model'
import { QQUserService } from '../service'
import { Complete } from '../shared/complete'
import { findBot } from './target'
import { toReason, toTime } from './format'
import { toBeginning, toBroadcastError, toDuration, toPlainText } from './broadcast-format'

const EXCERPT = 100

export default function (ctx: Context, service: QQUserService) {
  ctx.command('qq-user.broadcast <message:elements>', { authority: 4, checkUnknown: true, checkArgCount: true })
    .option('relation', '-r <relation>', { type: [...relations] })
    .option('consent', '-c <consent>', { type: [...consents] })
    .option('search', '-s <search:string>')
    .option('scene', '--scene <scene:integer>')
    .option('param', '--param <param:string>')
    .option('days', '-d <days:posint>')
    .option('title', '-t <title:string>')
    .option('at', '-a <time:date>')
    .option('bot', '-b <bot:string>')
    .option('yes', '-y')
    .action(async ({ session, options }, message) => {
      if (!message?.join('').trim()) return session!.text('.empty')
      const { relation, consent, search, scene, param, days, title, at, bot, yes } = options!
      const selfId = findBot(ctx, session!, bot)
      if (!selfId) return session!.text('qq-user.answers.no-bot')
      // there is no room for a list of ids
      const audience: Complete<Omit<Audience, 'userIds'>> = {
        relation,
        consent,
        search,
        scene,
        sceneParam: param,
        activeSince: days ? new Date(Date.now() - days * Time.day) : undefined,
      }
      const broadcast: BroadcastOptions = { selfId, content: message, title, startAt: at, audience }
      try {
        await service.broadcasts.check(broadcast)
        const estimate = await service.broadcasts.estimate(broadcast)
        if (!estimate.total) return session!.text('.nobody')
        if (!yes) {
          // options that were typed after it are part of it
          const text = toBeginning(toPlainText(message), EXCERPT)
          const lines = [...toEstimate(session!, estimate), text && session!.text('.message', { text }), session!.text('.confirm')]
          await session!.send(lines.filter(Boolean).join('\n'))
          const answer = await session!.prompt(Time.minute)
          if (answer?.trim().toLowerCase() !== 'y') return session!.text('.kept')
        }
        const { id } = await service.broadcasts.create(broadcast)
        if (at) return session!.text('.scheduled', { id, time: toTime(at) })
        await service.broadcasts.start(id)
        return session!.text('.started', { id })
      } catch (error) {
        return toBroadcastError(session!, error)
      }
    })
}

function toEstimate(session: Session, { total, reachable, skipped, ways, duration }: Estimate) {
  return [
    session.text('.estimate', { total, reachable, duration: toDuration(duration) }),
    ...Object.entries(ways).map(([via, count]) => `${session.text(`qq-user.broadcasts.via.${via}`)}  ${count}`),
    ...Object.entries(skipped).map(([reason, count]) => h.escape(`${toReason(session, reason)}  ${count}`)),
  ]
}
