import { QQUser } from './model'

/** Why a user may not be written to, or why a message to them did not arrive. */
export type Reason =
  | 'rejected' | 'deleted' | 'unconfirmed' | 'unknown-user'

export type Verdict = { ok: true } | { ok: false; reason: Reason }

/**
 * Whether a user may be written to without having written first.
 *
 * @param assumeAllowed what to make of a user whose switch was never seen; the platform's default is on
 */
export function judge(user: Pick<QQUser, 'relation' | 'consent'> | undefined, assumeAllowed: boolean): Verdict {
  if (!user) return { ok: false, reason: 'unknown-user' }
  if (user.consent === 'rejected') return { ok: false, reason: 'rejected' }
  if (user.relation === 'deleted') return { ok: false, reason: 'deleted' }
  if (user.consent === 'unknown' && !assumeAllowed) return { ok: false, reason: 'unconfirmed' }
  return { ok: true }
}
