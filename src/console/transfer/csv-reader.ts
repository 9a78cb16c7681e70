import { fail } from '../shared/errors'

const MAX = { cell: 4096, cells: 64 }

export interface CsvLine {
  /** Where it begins in the file, from 1. */
  number: number
  cells: string[]
  /** A quote was opened and never closed. */
  open?: boolean
}

/** Reads CSV that comes in pieces, cut anywhere. */
export class CsvReader {
  private state: 'start' | 'plain' | 'quoted' | 'closed' = 'start'
  private cell = ''
  private cells: string[] = []
  private number = 1
  private begin = 1
  private first = true
  private returned = false

  /** @throws CallError for what is no CSV at all */
  read(piece: string, last: boolean): CsvLine[] {
    const lines: CsvLine[] = []
    for (const char of this.first ? piece.replace(/^\ufeff/, '') : piece) {
      const line = this.take(char)
      if (line) lines.push(line)
    }
    this.first &&= !piece
    if (last && (this.cells.length || this.state !== 'start')) {
      lines.push({ ...this.end(), ...this.state === 'quoted' && { open: true } })
    }
    return lines
  }

  private take(char: string): CsvLine | undefined {
    const afterReturn = this.returned
    this.returned = char === '\r'
    if (char === '\r' || char === '\n' && !afterReturn) this.number++
    if (this.state === 'quoted') {
      if (char === '"') this.state = 'closed'
      else this.add(char)
    } else if (char === '"' && this.state === 'closed') {
      this.state = 'quoted'
      this.add(char)
    } else if (char === '"' && this.state === 'start') {
      this.state = 'quoted'
    } else if (char === ',') {
      this.finish()
    } else if (char === '\r' || char === '\n') {
      if (char !== '\n' || !afterReturn) return this.end()
    } else {
      this.state = 'plain'
      this.add(char)
    }
  }

  private add(char: string) {
    this.cell += char
    if (this.cell.length > MAX.cell) fail('bad-csv')
  }

  private finish() {
    this.cells.push(this.cell)
    if (this.cells.length > MAX.cells) fail('bad-csv')
    this.cell = ''
    this.state = 'start'
  }

  private end(): CsvLine {
    const { state } = this
    this.finish()
    const line = { number: this.begin, cells: this.cells }
    this.cells = []
    this.begin = this.number
    this.state = state === 'quoted' ? state : 'start'
    return line
  }
}
