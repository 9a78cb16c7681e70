import type { BroadcastDraft, EntryRow, RecipientRow, UserRow } from '../../src/console/protocol'

export const relations: UserRow['relation'][] = ['friend', 'deleted', 'unknown']

export const consents: UserRow['consent'][] = ['allowed', 'rejected', 'unknown']

export const types: EntryRow['type'][] = ['friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed']

export const notices: EntryRow['notice'][] = ['sent', 'skipped', 'failed', 'pending', 'none']

export const recipientStates: RecipientRow['state'][] = ['sent', 'skipped', 'failed', 'unknown', 'sending', 'pending']

export const ways: NonNullable<BroadcastDraft['via']> = ['proactive', 'reply', 'recall']

/** Where users come from, as the platform numbers it. */
export const scenes = [1000, 1001, 1002, 1003, 1004, 2001, 2002, 2003, 2004]
