import { QQUser } from './model'

/** Why a user may not be written to, or why a message to them did not arrive. */
export type Reason =
  /** The user turned proactive messages off. */
  | 'rejected'
  /** The user deleted the bot. */
  | 'deleted'
  /** The user's switch was never seen, and `push.assumeAllowed` is off. */
  | 'unconfirmed'
  /** The bot never heard of this user. */
  | 'unknown-user'
  /** The platform does not let this bot send proactive messages (40034105, 40034102). */
  | 'no-permission'
  /** As many messages as one user may get in a minute wait for this user already. */
  | 'user-minute'
  /** The user got as many messages as one user may get in a day. */
  | 'user-day'
  /** The platform says that the bot sends too much (22009, 40034100), again and again. */
  | 'bot-rate'
  /** Too many messages wait already. */
  | 'queue-full'
  /** The bot is not connected, or the database does not answer, without which nobody knows whether it is wanted. */
  | 'offline'
  /** The recall message that the platform allows in this period after the user wrote was sent. */
  | 'recall-used'
  /** The user has not written within 30 days, or the platform, or `push.recall`, does not let the bot recall them. */
  | 'recall-closed'
  /** The caller's `AbortSignal`, another plugin, or the end of this plugin stopped it. */
  | 'aborted'
  /** The platform refused the message for good, `code` says why; or no way takes it, as `detail` says. */
  | 'refused'
  /** Nobody knows whether the message arrived, or only a part of it did; it is not sent again. */
  | 'unknown-outcome'

export type Verdict = { ok: true } | { ok: false; reason: Reason }

/** What became of a message that was let in. `sent`: it arrived, or may have; `refused`: it certainly did not; `unsent`: it never left. */
export type Usage = 'sent' | 'refused' | 'unsent'

/** Whether a message to a user who waits for no answer may go out. */
export type Admission =
  | {
    ok: true
    /** Decides again, with what is known by now. The request has to follow at once, with no other wait in between. */
    confirm(): Promise<Verdict>
    /** To be called once, by whoever was let in. */
    release(usage: Usage): void
  }
  | { ok: false; reason: Reason }

/**
 * Whether a user may be written to without having written first.
 *
 * @param assumeAllowed what to make of a user whose switch was never seen; the platform's default is on
 */
export function judge(user: Pick<QQUser, 'relation' | 'consent'> | undefined, assumeAllowed: boolean): Verdict {
  // this decides, from the roster alone: about a push when it is asked for, and once more right before its request;
  // about other plugins' messages `push/guard` asks at `before-send`; and `delivery/objections` looks last at whatever
  // is no reply, right before the request
  if (!user) return { ok: false, reason: 'unknown-user' }
  if (user.consent === 'rejected') return { ok: false, reason: 'rejected' }
  if (user.relation === 'deleted') return { ok: false, reason: 'deleted' }
  if (user.consent === 'unknown' && !assumeAllowed) return { ok: false, reason: 'unconfirmed' }
  return { ok: true }
}
