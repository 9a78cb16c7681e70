import { Context, global, send } from '@koishijs/client'
import { shallowReactive } from 'vue'
import type {
  AudienceQuery, BroadcastAction, BroadcastDraft, BroadcastsQuery, DraftQuery, RecipientPageQuery,
} from '../../src/console/broadcasts/protocol'
import type { Made } from '../../src/console/links/protocol'
import type { OverviewQuery } from '../../src/console/overview/protocol'
import type { Calls, Messages } from '../../src/console/protocol'
import type { Sent } from '../../src/console/shared/protocol'
import type { PreviewQuery } from '../../src/console/texts/protocol'
import type { ExportQuery } from '../../src/console/transfer/protocol'
import type { PageQuery } from '../../src/console/users/protocol'

/** Where the page lives. */
export const ROOT = '/qq-user'

export type Answers = { [K in keyof Calls]: Awaited<ReturnType<Calls[K]>> }

async function call<K extends keyof Calls>(type: K, ...args: Parameters<Calls[K]>): Promise<Answers[K]> {
  const answer = (send as unknown as (type: K, ...args: Parameters<Calls[K]>) => Promise<Answers[K]> | undefined)(type, ...args)
  // without a connection the console says nothing at all
  if (!answer) throw new Error('offline')
  return answer
}

/** What the page asks of the server. Nothing else calls it. */
export const api = {
  overview: (query: OverviewQuery) => call('qq-user/overview', query),
  list: (query: PageQuery) => call('qq-user/list', query),
  get: (selfId: string, userId: string) => call('qq-user/get', selfId, userId),
  history: (selfId: string, userId: string, before?: number) => call('qq-user/history', selfId, userId, before),
  push: (selfId: string, userId: string, content: string) => call('qq-user/push', selfId, userId, content),
  forget: (selfId: string, userId: string) => call('qq-user/forget', selfId, userId),
  preview: (query: PreviewQuery) => call('qq-user/preview', query),
  sendNotice: (query: PreviewQuery) => call('qq-user/send-notice', query),
  links: (selfId?: string) => call('qq-user/links', selfId),
  linkLines: (selfId?: string) => call('qq-user/link-lines', selfId),
  createLink: (selfId: string, sceneParam: string, title: string) => call('qq-user/create-link', selfId, sceneParam, title),
  removeLink: (selfId: string, sceneParam: string) => call('qq-user/remove-link', selfId, sceneParam),
  diagnose: () => call('qq-user/diagnose'),
  broadcasts: (query: BroadcastsQuery) => call('qq-user/broadcasts', query),
  broadcast: (id: number) => call('qq-user/broadcast-get', id),
  recipients: (query: RecipientPageQuery) => call('qq-user/broadcast-recipients', query),
  estimate: (query: AudienceQuery) => call('qq-user/broadcast-estimate', query),
  previewBroadcast: (query: DraftQuery) => call('qq-user/broadcast-preview', query),
  testBroadcast: (query: DraftQuery) => call('qq-user/broadcast-test', query),
  createBroadcast: (draft: BroadcastDraft) => call('qq-user/broadcast-create', draft),
  changeBroadcast: (id: number, action: BroadcastAction) => call('qq-user/broadcast-do', id, action),
  export: (query: ExportQuery) => call('qq-user/export', query),
  import: (selfId: string, dryRun: boolean) => call('qq-user/import', selfId, dryRun),
  importChunk: (ticket: string, text: string, last: boolean) => call('qq-user/import-chunk', ticket, text, last),
}

/** Listens to what the server says on its own, for as long as the context lives. */
export function listen<K extends keyof Messages>(ctx: Context, type: K, listener: (body: Messages[K]) => void) {
  ctx.on(type as never, listener as never)
}

const OUTCOMES = 100

/** What became of messages, by ticket. Another operator's are among them. */
export const outcomes = shallowReactive(new Map<string, Sent>())

/** What became of links that were to be made, by ticket. */
export const makings = shallowReactive(new Map<string, Made>())

/** An outcome can be told before the call that started it is answered, so all of them are kept, from the start. */
export function collectOutcomes(ctx: Context) {
  listen(ctx, 'qq-user/sent', ({ ticket, ...outcome }) => collect(outcomes, ticket, outcome))
  listen(ctx, 'qq-user/link-made', ({ ticket, ...outcome }) => collect(makings, ticket, outcome))
}

function collect<T>(outcomes: Map<string, T>, ticket: string, outcome: T) {
  outcomes.set(ticket, outcome)
  for (const ticket of outcomes.keys()) {
    if (outcomes.size <= OUTCOMES) break
    outcomes.delete(ticket)
  }
}

/** What an error says, without the server's stack. Some are words that there is a text for. */
export function toReason(error: unknown) {
  const message = error instanceof Error ? error.message : String(error)
  return message.split('\n')[0].replace(/^\w*Error: /, '').trim()
}

/** Begins a download from the server that the console talks to. */
export function download(url: string) {
  const link = document.createElement('a')
  link.href = new URL(url, new URL(global.endpoint, location.origin)).href
  link.download = ''
  link.rel = 'noreferrer'
  link.click()
}
