import type { UserRow } from '../../src/console/shared/protocol'
import type { PageQuery, Sort } from '../../src/console/users/protocol'

/** Whether a user is among those that a query asks for, as the server decides it. */
export function matches(user: UserRow, { selfId, relation, consent, sceneParam, search }: PageQuery) {
  if (selfId && user.selfId !== selfId) return false
  if (relation && user.relation !== relation) return false
  if (consent && user.consent !== consent) return false
  if (sceneParam && user.sceneParam !== sceneParam) return false
  return !search || user.userId.startsWith(search) || !!user.name?.startsWith(search)
}

export function isSame(a: Pick<UserRow, 'selfId' | 'userId'>, b: Pick<UserRow, 'selfId' | 'userId'>) {
  return a.selfId === b.selfId && a.userId === b.userId
}

/** Where a user belongs on a page, newest first; what never happened comes last. */
export function findPlace(users: UserRow[], user: UserRow, sort: Sort) {
  const value = user[sort] ?? 0
  const index = users.findIndex(other => (other[sort] ?? 0) <= value)
  return index < 0 ? users.length : index
}
