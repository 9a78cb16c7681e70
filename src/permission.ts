import { Argv, Context, Session } from 'koishi'
import { QQUserService } from './service'

/** Passes unless the session's user turned proactive messages off. Users of other platforms pass. */
const PERMISSION = 'qq-user.push'

export function definePermission(ctx: Context, service: QQUserService) {
  ctx.permissions.define(PERMISSION, {
    check: async (_, { platform, selfId, userId }: Partial<Session>) => {
      if (platform !== 'qq') return true
      const user = await service.get(selfId!, userId!)
      return user?.consent !== 'rejected'
    },
  })

  // ahead of Koishi's own check, which would not say what is missing
  ctx.before('command/execute', async ({ session, command, options }: Argv) => {
    if (session?.platform !== 'qq' || !session.user || !command?.config.showWarning) return
    const given = Object.keys(command._options).filter(name => name in (options ?? {}))
    const names = [`command:${command.name}`, ...given.map(name => `command:${command.name}:option:${name}`)]
    if (!isDemanded(ctx, names)) return
    if (await ctx.permissions.test(names, session)) return
    const granted = new Map([[PERMISSION, Promise.resolve(true)]])
    if (!await ctx.permissions.test(names, session, granted)) return
    return [session.text('qq-user.answers.switch-off'), session.text('qq-user.answers.how-to')].join('\n')
  })
}

function isDemanded({ permissions }: Context, names: string[]) {
  return [...permissions.subgraph('depends', names)].some(name => permissions.subgraph('inherits', [name]).has(PERMISSION))
}
