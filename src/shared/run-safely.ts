import { Awaitable, Context, Logger } from 'koishi'

/** Runs what must not take the bot down with it: what is thrown ends up in the log. Never rejects. */
export async function runSafely(ctx: Context, callback: () => Awaitable<unknown>) {
  try {
    await callback()
  } catch (error) {
    // an app that was stopped in the meantime has no logger left
    const logger = ctx.get('logger') ?? new Logger('qq-user')
    logger.warn(error)
  }
}
