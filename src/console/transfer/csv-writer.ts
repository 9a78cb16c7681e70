/**
 * Spreadsheets take a cell that begins with one of these for a formula, some also with the full-width ones. Quotes in
 * front of it are looked for as well: such a cell gets one more, so that taking one away gives back what was written.
 */
const FORMULA = /^'*[=+\-@\t\r\uff1d\uff0b\uff0d\uff20]/

export const BOM = '\ufeff'

type Cell = string | number | boolean | Date | null

/** A line of CSV as RFC 4180 has it. */
export function toLine(cells: Cell[]) {
  return cells.map(toCell).join(',') + '\r\n'
}

function toCell(cell: Cell) {
  if (cell instanceof Date) return cell.toISOString()
  if (typeof cell !== 'string') return String(cell ?? '')
  const text = FORMULA.test(cell) ? `'${cell}` : cell
  return /[",\r\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text
}

/** A text as it was before it was made safe for spreadsheets. */
export function restore(cell: string) {
  return cell.startsWith("'") && FORMULA.test(cell) ? cell.slice(1) : cell
}
