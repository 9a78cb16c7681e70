import { Context, global, send } from '@koishijs/client'
import { shallowReactive } from 'vue'
import type { Made } from '../../src/console/links/protocol'
import type { Calls, Messages } from '../../src/console/protocol'
import type { Sent } from '../../src/console/shared/protocol'

/** Where the page lives. */
export const ROOT = '/qq-user'

type Answer<K extends keyof Calls> = Promise<Awaited<ReturnType<Calls[K]>>>

/** A call of the server. */
function to<K extends keyof Calls>(type: K) {
  return async (...args: Parameters<Calls[K]>): Answer<K> => {
    const answer = (send as unknown as (type: K, ...args: Parameters<Calls[K]>) => Answer<K> | undefined)(type, ...args)
    // without a connection the console says nothing at all
    if (!answer) throw new Error('offline')
    return answer
  }
}

/** What the page asks of the server. Nothing else calls it. */
export const api = {
  overview: to('qq-user/overview'),
  list: to('qq-user/list'),
  get: to('qq-user/get'),
  history: to('qq-user/history'),
  push: to('qq-user/push'),
  forget: to('qq-user/forget'),
  preview: to('qq-user/preview'),
  sendNotice: to('qq-user/send-notice'),
  links: to('qq-user/links'),
  linkLines: to('qq-user/link-lines'),
  createLink: to('qq-user/create-link'),
  removeLink: to('qq-user/remove-link'),
  diagnose: to('qq-user/diagnose'),
  broadcasts: to('qq-user/broadcasts'),
  broadcast: to('qq-user/broadcast-get'),
  recipients: to('qq-user/broadcast-recipients'),
  estimate: to('qq-user/broadcast-estimate'),
  previewBroadcast: to('qq-user/broadcast-preview'),
  testBroadcast: to('qq-user/broadcast-test'),
  createBroadcast: to('qq-user/broadcast-create'),
  changeBroadcast: to('qq-user/broadcast-do'),
  export: to('qq-user/export'),
  import: to('qq-user/import'),
  importChunk: to('qq-user/import-chunk'),
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
