import { randomBytes } from 'node:crypto'
import { Readable } from 'node:stream'
import { Context, Time } from 'koishi'
import type {} from '@koishijs/plugin-server'
import type { Client } from '@koishijs/plugin-console'
import { runSafely } from '../../shared/run-safely'
import { CallRegistry } from '../shared/calls'
import { fail } from '../shared/errors'
import { countRows, Tables, writeRows } from './export-rows'
import { readExportQuery } from './queries'
import type { ExportQuery, TransferCalls, TransferMessages } from './protocol'

const PATH = '/qq-user/export'
const AGE = Time.minute
const DOWNLOADS = 4
/** How often a client is told how far it is, in ms. */
const PROGRESS = 500

interface Ticket {
  client: Client
  query: ExportQuery
  url: string
  total: number
  expire(): void
  /** Breaks the download off, once it has begun. */
  abort?(): void
}

/** Hands out tables as files. A link is good for one download, for a minute, and for as long as whoever asked for it may see users. */
export class Exports {
  private tickets = new Map<string, Ticket>()

  constructor(private ctx: Context, private tables: Tables, private calls: CallRegistry<TransferCalls, TransferMessages>) {
    calls.add('qq-user/export', (client, query) => this.prepare(client, readExportQuery(query)))
    ctx.on('console/connection', client => runSafely(ctx, () => this.review(client)))
    ctx.on('dispose', () => {
      for (const { abort } of this.tickets.values()) abort?.()
    })
  }

  /** Waits for downloads. @param ctx the context that lives as long as the server */
  serve(ctx: Context) {
    ctx.server.get(PATH + '/:token', async (koa) => {
      koa.set('Cache-Control', 'no-store')
      koa.set('X-Content-Type-Options', 'nosniff')
      koa.set('Referrer-Policy', 'no-referrer')
      koa.type = 'text/plain'
      const { token } = koa.params
      const ticket = await this.find(token)
      koa.status = !ticket || ticket.abort ? 404 : koa.method !== 'GET' ? 405 : this.downloading >= DOWNLOADS ? 503 : 200
      // whatever has no body is the console's to answer
      if (koa.status !== 200) {
        koa.body = String(koa.status)
        return
      }
      koa.type = 'text/csv; charset=utf-8'
      koa.attachment(toFileName(ticket!))
      // whoever breaks a download off has their reasons
      koa.onerror = error => error && ctx.logger.debug(error)
      // a file that ends too early must not look like a whole one
      koa.body = this.open(token, ticket!, () => koa.res.destroy())
    })
  }

  private async find(token: string) {
    const ticket = this.tickets.get(token)
    if (ticket) await this.review(ticket.client)
    return this.tickets.get(token)
  }

  /** Ends what a client asked for that has gone, or may not see users any more. */
  private async review(client: Client) {
    if (await this.calls.mayReceive(client)) return
    for (const [token, ticket] of this.tickets) {
      if (ticket.client !== client) continue
      this.close(token, ticket)
      ticket.abort?.()
    }
  }

  private get downloading() {
    return [...this.tickets.values()].filter(({ abort }) => abort).length
  }

  private async prepare(client: Client, query: ExportQuery) {
    if (!this.ctx.get('server')) fail('no-server')
    const total = await countRows(this.tables, query)
    for (const [token, ticket] of this.tickets) {
      if (ticket.client !== client) continue
      if (ticket.abort) fail('busy')
      this.close(token, ticket)
    }
    const token = randomBytes(24).toString('hex')
    const url = `${PATH}/${token}`
    const ticket: Ticket = { client, query, url, total, expire() {} }
    this.tickets.set(token, ticket)
    ticket.expire = this.ctx.setTimeout(() => {
      this.close(token, ticket)
      this.tell(ticket, 0, { done: true, aborted: true })
    }, AGE)
    return { url, total }
  }

  private open(token: string, ticket: Ticket, abort: () => void) {
    ticket.expire()
    ticket.abort = abort
    const stream = Readable.from(this.read(ticket), { highWaterMark: 1 })
    return stream.on('close', () => this.close(token, ticket))
  }

  private async* read(ticket: Ticket) {
    let rows = 0
    let toldAt = Date.now()
    let complete = false
    try {
      for await (const piece of writeRows(this.tables, ticket.query)) {
        if (!await this.calls.mayReceive(ticket.client)) return ticket.abort!()
        yield piece.text
        rows += piece.rows
        if (Date.now() - toldAt < PROGRESS) continue
        toldAt = Date.now()
        this.tell(ticket, rows, {})
      }
      complete = true
    } catch (error) {
      this.ctx.logger.warn(error)
      ticket.abort!()
    } finally {
      this.tell(ticket, rows, { done: true, ...!complete && { aborted: true } })
    }
  }

  private tell({ client, url, total }: Ticket, rows: number, end: { done?: true; aborted?: true }) {
    runSafely(this.ctx, () => this.calls.send(client, 'qq-user/exported', { url, rows, total, done: false, ...end }))
  }

  private close(token: string, ticket: Ticket) {
    ticket.expire()
    this.tickets.delete(token)
  }
}

function toFileName({ query: { table } }: Ticket) {
  return `qq-${table}-${Time.template('yyyyMMdd-hhmmss')}.csv`
}
