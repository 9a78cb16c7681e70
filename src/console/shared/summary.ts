import { Context, Service } from 'koishi'
import type { DataService } from '@koishijs/plugin-console'
import { runSafely } from '../../shared/run-safely'
import { ACCESS } from './calls'
import { isOnline, listBots, toName } from './bots'
import type { Summary } from './protocol'

/** What the console's `DataService` is, without asking for the console where there is none. */
export class SummaryService extends Service implements Pick<DataService<Summary>, 'options' | 'get' | 'refresh'> {
  static inject = ['console']

  options = ACCESS

  private scheduled?: () => void

  constructor(ctx: Context) {
    super(ctx, 'console.services.qqUser', true)
    for (const event of ['bot-added', 'bot-removed', 'bot-status-updated', 'login-updated'] as const) {
      ctx.on(event as 'bot-added', () => this.schedule())
    }
  }

  start() {
    this.schedule()
  }

  async get(): Promise<Summary> {
    const bots = listBots(this.ctx).filter(bot => bot.selfId)
    return {
      bots: bots.map(bot => ({ selfId: bot.selfId, name: toName(bot), avatar: bot.user?.avatar ?? '', online: isOnline(bot) })),
    }
  }

  async refresh() {
    await this.ctx.get('console')?.broadcast('data', { key: 'qqUser', value: await this.get() }, this.options)
  }

  private schedule() {
    this.scheduled ??= this.ctx.setTimeout(() => {
      this.scheduled = undefined
      runSafely(this.ctx, () => this.refresh())
    }, 0)
  }
}
