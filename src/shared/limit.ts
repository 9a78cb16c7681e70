/** How many a page has: whole, at least one and at most `max`; `initial` unless told. */
export function toLimit(value: number | undefined, { initial, max }: { initial: number; max: number }) {
  return Math.max(1, Math.min(max, Math.floor(value ?? initial) || initial))
}
