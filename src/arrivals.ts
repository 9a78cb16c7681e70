import { Context } from 'koishi'
import { LastMessages } from './delivery/last-messages'
import { Arrival } from './gateway'
import { Notices } from './notices'
import { Roster } from './roster'
import { renew } from './session'
import { Inbox } from './shared/inbox'
import { runSafely } from './shared/run-safely'

interface Rooms {
  roster: Roster
  notices: Notices
  last: LastMessages
}

/** Takes what arrives from users: an event is put on record, announced and answered, a message is noted. */
export function takeArrivals(ctx: Context, arrivals: Inbox<Arrival>, { roster, notices, last }: Rooms) {
  // what is told when the context is gone
  const logger = ctx.logger('qq-user')

  async function record(arrival: Arrival) {
    const { event, session } = arrival
    const change = await roster.accept(event, () => arrivals.has(arrival))
    // the next instance takes it up
    if (change === 'left') return
    if (!arrivals.take(arrival) || !change || change.duplicate || !session) return
    const announcement = renew(await session, event)
    runSafely(ctx, () => announcement.bot.dispatch(announcement))
    const sent = notices.send(change.entry, change.user, announcement, change.returning)
    await sent.catch(error => logger.warn('the notice for %s could not be taken on and is still owed: %s', change.entry.id, error))
  }

  ctx.effect(() => arrivals.attach((arrival) => {
    if (arrival.event.source !== 'message') return runSafely(ctx, () => record(arrival))
    arrivals.take(arrival)
    last.note(arrival.event)
    runSafely(ctx, () => roster.noteMessage(arrival.event))
  }))
}
