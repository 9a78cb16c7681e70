import { setTimeout as sleep } from 'node:timers/promises'
import { Context, Logger, Time } from 'koishi'
import { eventTypes, QQUser, QQUserEntry } from '../../src'
import { Envelope } from '../platform'
import { words } from './words'

export interface Action {
  name: string
  title: string
  selfId: string
  userId: string
  /** When it began, in ms. */
  since: number
  /** How many entries of the ledger it will cause, as far as that is known. */
  entries: number
  said?: string
  /** What reached the user since. */
  replies(): string[]
  /** Whether other plugins were told of an event. */
  isAnnounced(id: string): boolean
}

/** Notes which events other plugins are told of. */
export function listen(ctx: Context) {
  const ids = new Set<string>()
  for (const type of eventTypes) ctx.on(type, (session) => { ids.add((session.qq as Partial<Envelope>).id!) })
  return (id: string) => ids.has(id)
}

/** Logs what a user did, and what came of it. */
export async function report(ctx: Context, action: Action) {
  const entries = await settled(ctx, action)
  const user = await ctx.qqUser.get(action.selfId, action.userId)
  const lines = [
    action.title,
    ...action.said ? [line('said', action.said)] : [],
    ...entries.map(entry => line('event', describeEvent(entry, action.isAnnounced(entry.id)))),
    ...action.replies().map(reply => line('reply', reply)),
    ...user ? [line('row', describeUser(user))] : [],
    ...entries.map((entry, index) => line('entry', describeEntry(entry, index > 0))),
  ]
  new Logger(action.name).info(lines.join('\n').replace(/%/g, '%%'))
}

/** The entries since, once their notices came to an end. */
async function settled(ctx: Context, { selfId, userId, since, entries, said, replies }: Action) {
  const isOpen = ({ notice, noticeReason }: QQUserEntry) => notice === 'pending' || noticeReason === 'unknown-outcome'
  for (const deadline = Date.now() + 8 * Time.second; ; await sleep(30)) {
    const history = await ctx.qqUser.history(selfId, userId, { limit: 10 })
    const recent = history.filter(({ receivedAt }) => +receivedAt >= since).reverse()
    const complete = recent.length >= entries && !recent.some(isOpen) && (!said || replies().length > 0)
    if (complete || Date.now() > deadline) return recent
  }
}

function line(label: string, text: string) {
  return `${words.labels[label]} ${text}`
}

function describeEvent({ id, source, type }: QQUserEntry, announced: boolean) {
  const [event] = source === 'message' ? ['C2C_MESSAGE_CREATE'] : id.split(':')
  return announced ? `${event} → ${type}` : event
}

function describeUser({ relation, consent, scene, sceneParam }: QQUser) {
  const origin = scene === null ? [] : [`${words.scene} ${scene}${sceneParam ? ` “${sceneParam}”` : ''}`]
  return [words.relation[relation], words.consent[consent], ...origin].join(' · ')
}

function describeEntry({ source, applied, notice, noticeReason }: QQUserEntry, second: boolean) {
  if (!applied) return `${source} · ${second ? words.duplicate : words.stale}`
  const reason = noticeReason && ` (${words.reasons[noticeReason] ?? noticeReason})`
  return `${source} · ${words.notice[notice]}${reason}`
}
