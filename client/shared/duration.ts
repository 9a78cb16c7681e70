/** How long something takes, as exactly as anybody wants to know. */
export function toDuration(ms: number, locale: string) {
  return toUnits(ms)
    .filter(([value]) => value)
    .map(([value, unit]) => new Intl.NumberFormat(locale, { style: 'unit', unit, unitDisplay: 'long' }).format(value))
    .join(' ')
}

function toUnits(ms: number): [value: number, unit: string][] {
  const [seconds, minutes] = [1000, 60_000].map(unit => Math.round(ms / unit))
  if (seconds < 60) return [[Math.max(1, seconds), 'second']]
  if (minutes < 60) return [[minutes, 'minute']]
  if (minutes < 24 * 60) return [[Math.floor(minutes / 60), 'hour'], [minutes % 60, 'minute']]
  const hours = Math.round(minutes / 60)
  return [[Math.floor(hours / 24), 'day'], [hours % 24, 'hour']]
}
