import { CsvReader } from '../../src/console/transfer/csv-reader'

/** The rows of a file, by the names of its columns. */
export function parse(text: string) {
  const [header, ...lines] = new CsvReader().read(text, true).map(({ cells }) => cells).filter(cells => cells.length > 1)
  return lines.map(cells => Object.fromEntries(cells.map((cell, index) => [header[index], cell])))
}
