import type { UserRow } from '../api'

export const relations: UserRow['relation'][] = ['friend', 'deleted', 'unknown']

export const consents: UserRow['consent'][] = ['allowed', 'rejected', 'unknown']
