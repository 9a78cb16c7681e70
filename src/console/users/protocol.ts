import type { Sort, UserQuery } from '../../roster/query'
import type { UserRow } from '../shared/protocol'

export type { Sort }

export interface PageQuery extends UserQuery {
  sort?: Sort
  /** The last row of the page before. For a page of all bots, its `selfId` tells apart who came in the same moment. */
  after?: Pick<UserRow, 'userId' | Sort> & Partial<Pick<UserRow, 'selfId'>>
  /** 20 unless told, 100 at most. */
  limit?: number
}

export interface Page {
  users: UserRow[]
  /** How many there are altogether. */
  total: number
  /** A search found too many: only the first 1000 of each bot are looked at, and no others are shown. */
  cut?: boolean
}

export interface UsersCalls {
  'qq-user/list'(query: PageQuery): Promise<Page>
}
