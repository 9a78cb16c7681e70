import type { BroadcastDraft, RecipientStatus } from '../../src/console/broadcasts/protocol'
import type { EntryRow, UserRow } from '../../src/console/shared/protocol'
import type { EventlessVariable } from '../../src/notices/variables'

/** All values of a type, in the order in which they are shown; a missing one does not compile. */
const all = <T extends string>(values: Record<T, true>) => Object.keys(values) as T[]

export const relations = all<UserRow['relation']>({ friend: true, deleted: true, unknown: true })

export const consents = all<UserRow['consent']>({ allowed: true, rejected: true, unknown: true })

export const types = all<EntryRow['type']>({ 'friend-added': true, 'friend-deleted': true, 'friend-push-rejected': true, 'friend-push-allowed': true })

export const notices = all<EntryRow['notice']>({ sent: true, skipped: true, failed: true, pending: true, none: true })

export const recipientStates = all<RecipientStatus['state']>({ sent: true, skipped: true, failed: true, unknown: true, sending: true, pending: true })

export const ways = all<NonNullable<BroadcastDraft['via']>[number]>({ proactive: true, reply: true, recall: true })

/** What the text of a broadcast can refer to. */
export const variables = all<EventlessVariable>({ 'user.name': true, 'user.id': true, 'bot.name': true, 'bot.id': true })

/** Where users come from, as the platform numbers it. */
export const scenes = [1000, 1001, 1002, 1003, 1004, 2001, 2002, 2003, 2004]
