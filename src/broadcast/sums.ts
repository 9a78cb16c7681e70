import { BroadcastRow, RecipientState } from './model'

const separator = ' '

/** How many recipients there are of each state and reason. */
export type Sums = Map<string, number>

export type Columns = Pick<BroadcastRow, 'total' | 'sent' | 'skipped' | 'failed' | 'unknown'>

export function toKind(state: RecipientState, reason: string) {
  return state + separator + reason
}

export function addUp(sums: Sums, kind: string, count: number) {
  const sum = (sums.get(kind) ?? 0) + count
  if (sum) sums.set(kind, sum)
  else sums.delete(kind)
}

export function readSums(sums: Sums) {
  return [...sums].map(([kind, count]) => {
    const [state, ...reason] = kind.split(separator)
    return { state: state as RecipientState, reason: reason.join(separator), count }
  })
}

/** @param total at least; that many are known to come */
export function toColumns(sums: Sums, total = 0): Columns {
  const columns: Columns = { total: 0, sent: 0, skipped: 0, failed: 0, unknown: 0 }
  for (const { state, count } of readSums(sums)) {
    columns.total += count
    if (state !== 'pending' && state !== 'sending') columns[state] += count
  }
  return { ...columns, total: Math.max(total, columns.total) }
}

/** What is settled, and how many are not. */
export function splitSums(sums: Sums) {
  const settled: Sums = new Map()
  let open = 0
  let total = 0
  for (const { state, reason, count } of readSums(sums)) {
    total += count
    if (state === 'pending' || state === 'sending') open += count
    else settled.set(toKind(state, reason), count)
  }
  return { settled, open, total }
}
