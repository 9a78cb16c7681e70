import { scenes } from '../client/shared/values'
import type { BroadcastFault } from '../src/broadcast/error'
import { causes, PauseReason } from '../src/broadcast/lifecycle'
import { BroadcastState, Outlook, recipientStates } from '../src/broadcast/model'
import type { ErrorCode } from '../src/console/shared/protocol'
import type { ImportField } from '../src/console/transfer/protocol'
import type { NoticeKey } from '../src/notices/texts'
import type { Outcome } from '../src/delivery'
import { listMeanings } from '../src/delivery/codes'
import type { Reason } from '../src/gate'
import { wireTypes } from '../src/gateway/decode'
import type { LinkReason } from '../src/links/error'
import { consents, eventSources, eventTypes, noticeStates, relations } from '../src/model'
import type { Silence } from '../src/notices/explain'
import type { TemplateError } from '../src/notices/parser'
import { Remark, retryable } from '../src/push/error'
import { vias } from '../src/push/ways'

/** All words of a type. One that is missing, or too many, does not compile. */
const all = <T extends string>(words: Record<T, true>) => Object.keys(words) as T[]

const withAdvice = (words: string[]) => words.flatMap(word => [word, `${word}-advice`])

const faults = all<BroadcastFault>({
  'not-found': true,
  'wrong-state': true,
  'unknown-bot': true,
  'unknown-user': true,
  'empty-content': true,
  'content': true,
  'component': true,
  'too-long': true,
  'audience': true,
  'empty-audience': true,
  'too-many-users': true,
  'nobody-left': true,
  'repeated': true,
  'via': true,
  'title': true,
  'time': true,
  'past': true,
})

type Code = ErrorCode extends infer T ? T extends `${infer Kind}:${string}` ? Kind : T : never

const errors = all<Exclude<Code & string, BroadcastFault>>({
  'bad-request': true,
  'busy': true,
  'timeout': true,
  'failed': true,
  'unknown-users': true,
  'bad-param': true,
  'empty': true,
  'template': true,
  'expired': true,
  'bad-header': true,
  'bad-csv': true,
  'no-server': true,
})

export const pauses: string[] = [
  ...Object.keys(causes),
  ...all<Exclude<PauseReason, keyof typeof causes> | 'database'>({ 'missed': true, 'refused': true, 'empty-audience': true, 'database': true }),
]

/** Why a user may not be written to, what became of a message or a notice, and why a broadcast paused. */
const reasons: string[] = [
  ...listMeanings(),
  ...pauses,
  ...Object.keys(retryable),
  ...all<Exclude<Extract<Outcome, { state: 'sent' | 'skipped' }>['reason'], Reason | ''>>({
    'no-route': true, 'empty': true, 'stopped': true, 'audit': true, 'duplicate': true,
  }),
  ...all<Silence>({ 'concluded': true, 'deletion': true, 'counted': true, 'switched-off': true }),
  'under-way', 'stale', 'expired', 'template',
]

const linkReasons = all<LinkReason>({
  'bad-param': true,
  'same-but-case': true,
  'unknown-bot': true,
  'offline': true,
  'unsupported': true,
  'no-right': true,
  'rate': true,
  'unavailable': true,
  'refused': true,
  'no-answer': true,
  'no-link': true,
  'aborted': true,
})

const states = all<BroadcastState>({ draft: true, scheduled: true, running: true, paused: true, finished: true, cancelled: true })

const templateFaults = all<TemplateError['kind']>({
  'syntax': true, 'unclosed': true, 'unknown': true, 'failing': true, 'unsafe': true, 'too-long': true,
})

const remarks = all<Remark>({ parts: true, partial: true, empty: true, log: true })

const waits = all<NonNullable<Outlook['waitsFor']>>({ limit: true, lease: true, error: true, unknown: true, operator: true, retry: true })

const importFields = all<ImportField>({ openid: true, first_seen: true, quote: true, database: true })

const noticeKeys = all<NoticeKey>({ icebreaker: true, pushAllowed: true, pushRejected: true })

const shared = {
  'relation': relations,
  'consent': consents,
  'type': eventTypes,
  'source': eventSources,
  'notice': noticeStates,
  'reason': reasons,
  'scene': ['unknown', ...scenes.map(String)],
  'link-reason': linkReasons,
  'broadcasts.state': states,
  'broadcasts.waits': waits,
}

/** What the server has a text for, by where it is looked up. */
export const serverWords: Record<string, readonly string[]> = {
  ...shared,
  'notices': noticeKeys,
  'remark': remarks,
  'broadcasts.via': vias,
  'broadcasts.error': faults,
}

/** What the page has a text for. */
export const pageWords: Record<string, readonly string[]> = {
  ...shared,
  'way': vias,
  'recipient': recipientStates,
  'outcome.remark': remarks,
  'doctor.arrival': wireTypes,
  'transfer.fields': importFields,
  'broadcasts.stopped': withAdvice(pauses),
  // the last three come from the console, and from the page itself
  'error': [...errors, ...faults, 'unauthorized', 'not implemented', 'offline'],
  'link-reason': [...linkReasons, 'failed'],
  'doctor.mean': withAdvice(listMeanings()),
  'texts': [...templateFaults, ...noticeKeys, ...noticeKeys.map(key => `${key}-when`)],
}
