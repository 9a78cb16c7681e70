import { randomUUID } from 'node:crypto'
import { Context, Time } from 'koishi'
import type { Client } from '@koishijs/plugin-console'
import { Roster } from '../../roster'
import { flag, id, text } from '../shared/args'
import { getBot } from '../shared/bots'
import { CallRegistry } from '../shared/calls'
import { fail } from '../shared/errors'
import { ImportJob } from './import-job'
import type { TransferCalls } from './protocol'

const MAX = { chunk: 64 * 1024, ticket: 64, jobs: 4 }
const AGE = 2 * Time.minute

interface Session {
  client: Client
  job: ImportJob
  /** A piece is being worked on. */
  busy: boolean
  expire(): void
}

/** Takes lists of users from elsewhere, a piece at a time, one file of each client. */
export class Imports {
  private sessions = new Map<Client, Session>()

  constructor(private ctx: Context, private roster: Roster, calls: CallRegistry<TransferCalls>) {
    calls.add('qq-user/import', async (client, selfId, dryRun) => {
      const bot = getBot(ctx, id(selfId))
      return this.begin(client, bot.selfId, flag(dryRun))
    })

    calls.add('qq-user/import-chunk', async (client, ticket, piece, last) => {
      return this.take(client, text(MAX.ticket)(ticket), text(MAX.chunk)(piece), flag(last))
    })

    ctx.on('console/connection', (client) => {
      const session = this.sessions.get(client)
      if (session && !ctx.console.clients[client.id]) this.close(session)
    })
  }

  private begin(client: Client, selfId: string, dryRun: boolean) {
    const previous = this.sessions.get(client)
    if (previous?.busy) fail('busy')
    if (previous) this.close(previous)
    if (this.sessions.size >= MAX.jobs) fail('busy')
    const ticket = randomUUID()
    const session: Session = { client, job: new ImportJob(this.roster, ticket, selfId, dryRun), busy: false, expire() {} }
    this.sessions.set(client, session)
    this.touch(session)
    return { ticket }
  }

  private async take(client: Client, ticket: string, piece: string, last: boolean) {
    const session = this.sessions.get(client)
    if (session?.job.ticket !== ticket) fail('expired')
    if (session.busy) fail('busy')
    session.busy = true
    session.expire()
    try {
      const report = await session.job.take(piece, last)
      if (last) this.close(session)
      return report
    } catch (error) {
      this.close(session)
      throw error
    } finally {
      session.busy = false
      if (this.sessions.get(client) === session) this.touch(session)
    }
  }

  private touch(session: Session) {
    session.expire = this.ctx.setTimeout(() => this.close(session), AGE)
  }

  private close(session: Session) {
    session.expire()
    if (this.sessions.get(session.client) === session) this.sessions.delete(session.client)
  }
}
