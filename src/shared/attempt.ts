import { Awaitable, Context } from 'koishi'

/** Runs what must not take the bot down with it: what is thrown ends up in the log. Never rejects. */
export async function attempt(ctx: Context, callback: () => Awaitable<unknown>) {
  try {
    await callback()
  } catch (error) {
    ctx.logger.warn(error)
  }
}
