import type { EntryRow, UserRow } from '../api'

export const relations: UserRow['relation'][] = ['friend', 'deleted', 'unknown']

export const consents: UserRow['consent'][] = ['allowed', 'rejected', 'unknown']

export const types: EntryRow['type'][] = ['friend-added', 'friend-deleted', 'friend-push-rejected', 'friend-push-allowed']

export const notices: EntryRow['notice'][] = ['sent', 'skipped', 'failed', 'pending', 'none']
