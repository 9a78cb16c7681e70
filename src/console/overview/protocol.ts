import type { Movement, Totals } from '../../roster/statistics'

export interface OverviewQuery {
  /** One bot, or all of them. */
  selfId?: string
  /** How many days the lines go back, 30 unless told, 365 at most. */
  days?: number
}

export interface Overview {
  totals: Totals
  today: Movement
  /** The last seven days, today included, and the seven before. */
  week: Movement
  weekBefore: Movement
  /** One for each day in the operator's (the server's) time zone, oldest first; `friends` and `rejected` as of its end. */
  days: (Movement & { date: string; friends: number; rejected: number })[]
  scenes: { scene: number | null; count: number }[]
  /** The operator's own data on generated links, most first, 20 at most. */
  sceneParams: { sceneParam: string; count: number }[]
}

export interface OverviewCalls {
  'qq-user/overview'(query: OverviewQuery): Promise<Overview>
}
