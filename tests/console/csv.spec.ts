/** Rule: CSV is read as it was written, wherever it is cut, and as other programs write it. */
import { expect } from 'chai'
import fc from 'fast-check'
import { CsvReader } from '../../src/console/transfer/csv-reader'
import { restore, toLine } from '../../src/console/transfer/csv-writer'

describe('console: CSV', () => {
  it('is read as it was written, wherever it is cut', () => {
    const special = fc.constantFrom('"', ',', '\r', '\n', '=', "'", ' ')
    const cell = fc.string({ unit: fc.oneof(special, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 1 })) })
    const table = fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1 })
    fc.assert(fc.property(table, fc.array(fc.nat(12)), (rows, cuts) => {
      const text = rows.map(toLine).join('')
      const reader = new CsvReader()
      const lines = []
      let at = 0
      for (const cut of cuts) lines.push(...reader.read(text.slice(at, at += cut), false))
      lines.push(...reader.read(text.slice(at), true))
      const first = rows[0][0].startsWith('\ufeff')
      if (!first) expect(lines.map(({ cells }) => cells.map(restore))).to.deep.equal(rows)
      for (const { number, open } of lines) {
        expect(open).to.equal(undefined)
        expect(number).to.be.within(1, text.length)
      }
    }))
  })

  it('is taken as other programs write it', () => {
    const read = (text: string) => new CsvReader().read(text, true)
    const cells = (text: string) => read(text).map(({ cells }) => cells)
    expect(cells('\ufeffa,b\nc,d')).to.deep.equal([['a', 'b'], ['c', 'd']])
    expect(cells('a\rb\r\n\r\nc\n')).to.deep.equal([['a'], ['b'], [''], ['c']])
    expect(cells('"a""b",c"d"\n"x"y,')).to.deep.equal([['a"b', 'c"d"'], ['xy', '']])
    expect(cells('')).to.deep.equal([])
    expect(read('a\n"b\r\nb"\nc').map(({ number }) => number)).to.deep.equal([1, 2, 4])
    expect(read('a,"b\nc')).to.deep.equal([{ number: 1, cells: ['a', 'b\nc'], open: true }])
  })
})
