import type { EntryRow, UserRow } from '../api'

/** All values of a type, in the order in which they are shown; a missing one does not compile. */
const all = <T extends string>(values: Record<T, true>) => Object.keys(values) as T[]

export const relations = all<UserRow['relation']>({ friend: true, deleted: true, unknown: true })

export const consents = all<UserRow['consent']>({ allowed: true, rejected: true, unknown: true })

export const types = all<EntryRow['type']>({ 'friend-added': true, 'friend-deleted': true, 'friend-push-rejected': true, 'friend-push-allowed': true })

export const notices = all<EntryRow['notice']>({ sent: true, skipped: true, failed: true, pending: true, none: true })
