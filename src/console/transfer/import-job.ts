import { UserEvent } from '../../event'
import { Roster } from '../../roster'
import { CsvLine, CsvReader } from './csv-reader'
import { Columns, Fault, Newcomer, readHeader, readNewcomer } from './import-line'
import type { ImportReport } from './protocol'

const MAX = { errors: 1000, value: 64 }
/** How many users are looked up or written at a time. */
const BATCH = 200

/** A file on its way onto a bot's roster. */
export class ImportJob {
  private csv = new CsvReader()
  private columns?: Columns
  private report: ImportReport = { lines: 0, added: 0, known: 0, errors: [], failed: 0 }
  /** Whom a dry run has counted. */
  private counted = new Set<number>()

  constructor(private roster: Roster, readonly ticket: string, private selfId: string, private dryRun: boolean) {}

  /** Takes the next piece of the file. @throws CallError when it is not what it should be */
  async take(piece: string, last: boolean): Promise<ImportReport> {
    const newcomers: [number, Newcomer][] = []
    for (const line of this.csv.read(piece, last)) {
      const newcomer = this.read(line)
      if (newcomer) newcomers.push([line.number, newcomer])
    }
    if (last && !this.columns) readHeader([])
    for (let start = 0; start < newcomers.length; start += BATCH) {
      const batch = newcomers.slice(start, start + BATCH)
      await (this.dryRun ? this.look(batch) : this.write(batch))
    }
    return { ...this.report, errors: [...this.report.errors] }
  }

  private read({ number, cells, open }: CsvLine): Newcomer | undefined {
    if (cells.length === 1 && !cells[0].trim()) return
    if (!this.columns) {
      this.columns = readHeader(cells)
      return
    }
    this.report.lines++
    const result: Newcomer | Fault = open ? { field: 'quote', value: cells.at(-1)! } : readNewcomer(cells, this.columns, Date.now())
    if ('userId' in result) return result
    this.refuse(number, result)
  }

  private refuse(line: number, { field, value }: Fault) {
    if (++this.report.failed > MAX.errors) return
    this.report.errors.push({ line, field, value: [...value].slice(0, MAX.value).join('') })
  }

  private async look(batch: [number, Newcomer][]) {
    const known = await this.roster.users.find(this.selfId, batch.map(([, { userId }]) => userId))
    for (const [, { userId }] of batch) {
      const key = hash(userId)
      this.count(known.has(userId) || this.counted.has(key))
      this.counted.add(key)
    }
  }

  private async write(batch: [number, Newcomer][]) {
    await Promise.all(batch.map(async ([line, newcomer]) => {
      try {
        const change = await this.roster.accept(this.toEvent(line, newcomer))
        if (change === 'left') throw new Error('the plugin is unloaded')
        this.count(!change)
      } catch (error) {
        // only of this one: while the database is down, writes wait
        this.refuse(line, { field: 'database', value: error instanceof Error ? error.message : String(error) })
      }
    }))
  }

  private count(known: boolean) {
    this.report[known ? 'known' : 'added']++
  }

  private toEvent(line: number, { userId, firstSeen, name }: Newcomer): UserEvent {
    return {
      // no other import has this id, so that somebody who was forgotten can be imported again
      id: `~import:${this.ticket}:${line}`,
      type: 'friend-added',
      source: 'import',
      selfId: this.selfId,
      userId,
      occurredAt: firstSeen,
      receivedAt: Date.now(),
      name,
    }
  }
}

/** 53 bits of a text: to keep a million ids would take their whole file's memory. */
function hash(text: string) {
  let a = 0x811c9dc5
  let b = 0x9e3779b9
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index)
    a = Math.imul(a ^ code, 0x01000193)
    b = Math.imul(b ^ code, 0x85ebca6b) ^ b >>> 13
  }
  return (a >>> 0) * 0x200000 + (b >>> 11)
}
