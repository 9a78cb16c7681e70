/** What a work measured, one value of each side for each round. */
export interface Figure {
  work: string
  name: string
  unit: string
  values: Record<string, number[]>
  /** Whose value it is about. */
  of: string
  /** What it is divided by, round by round; without it the value itself is what counts. */
  to?: string
  aim?: { atLeast: number } | { atMost: number }
}

export interface Spread {
  min: number
  median: number
  max: number
}

export function quantile(values: number[], share: number) {
  const sorted = [...values].sort((a, b) => a - b)
  const place = (sorted.length - 1) * share
  const low = sorted[Math.floor(place)]
  return low + (sorted[Math.ceil(place)] - low) * (place % 1)
}

export function median(values: number[]) {
  return quantile(values, 0.5)
}

export function toSpread({ values, of, to }: Figure): Spread {
  const results = to === undefined ? values[of] : values[of].map((value, round) => value / values[to][round])
  return { min: Math.min(...results), median: median(results), max: Math.max(...results) }
}
