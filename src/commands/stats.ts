import { Context } from 'koishi'
import { Statistics } from '../roster/statistics'
import { findBot } from './target'
import { toScene } from './format'

const SCENES = 8

export default function (ctx: Context, statistics: Statistics) {
  ctx.command('qq-user.stats', { authority: 3, checkUnknown: true, checkArgCount: true })
    .option('bot', '-b <bot:string>')
    .action(async ({ session, options }) => {
      const selfId = findBot(ctx, session!, options!.bot)
      if (!selfId) return session!.text('qq-user.answers.no-bot')
      const { totals, today, week, scenes } = await statistics.get(selfId)
      return [
        session!.text('.totals', totals),
        session!.text('.today', today),
        session!.text('.week', week),
        ...scenes.length ? [session!.text('.scenes')] : [],
        ...scenes.slice(0, SCENES).map(({ scene, count }) => `${toScene(session!, scene)}  ${count}`),
      ].join('\n')
    })
}
