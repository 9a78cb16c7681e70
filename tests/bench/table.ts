import { Figure, median, toSpread } from './figures'

const head = ['work', 'figure', 'unit', 'compared with', 'value', 'min', 'median', 'max', 'aim']

/** The figures for people: what is compared, the ratio's spread over the rounds, and the aim beside it. */
export function toTable(figures: Figure[]) {
  const rows = [head, ...figures.map(toRow)]
  const widths = head.map((_, column) => Math.max(...rows.map(row => row[column].length)))
  return rows.map(row => row.map((cell, column) => {
    return column >= 4 && column <= 7 ? cell.padStart(widths[column]) : cell.padEnd(widths[column])
  }).join('  ').trimEnd()).join('\n') + '\n'
}

function toRow(figure: Figure) {
  const { work, name, unit, values, of, to, aim } = figure
  const { min, median: middle, max } = toSpread(figure)
  return [
    work,
    name,
    unit,
    to === undefined ? '' : `${to} ${format(median(values[to]))}`,
    `${of} ${format(median(values[of]))}`,
    ...[min, middle, max].map(format),
    !aim ? '' : 'atLeast' in aim ? `>= ${aim.atLeast}` : `<= ${aim.atMost}`,
  ]
}

function format(value: number) {
  if (!Number.isFinite(value)) return '-'
  return Math.abs(value) >= 100 ? value.toFixed(0) : value.toFixed(Math.abs(value) >= 10 ? 1 : Math.abs(value) < 0.1 ? 3 : 2)
}

export function toJson(figures: Figure[]) {
  return JSON.stringify(figures.map(figure => ({ ...figure, ...toSpread(figure) })), null, 2) + '\n'
}
