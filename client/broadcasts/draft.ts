import { shallowRef } from 'vue'
import type { AudienceRow, BroadcastDetail, BroadcastDraft } from '../../src/console/broadcasts/protocol'
import type { UserRow } from '../../src/console/shared/protocol'
import type { Complete } from '../../src/shared/complete'
import { ways } from '../shared/values'

/** What an operator fills in. */
export interface Form {
  title: string
  content: string
  relation: UserRow['relation']
  consent: UserRow['consent'] | ''
  scene: number | ''
  sceneParam: string
  search: string
  /** Ids, apart by spaces, commas or lines. */
  userIds: string
  /** A date as `<input type="date">` has it. */
  activeSince: string
  via: NonNullable<BroadcastDraft['via']>
  when: 'now' | 'later'
  /** A time as `<input type="datetime-local">` has it. */
  startAt: string
}

export function createForm(): Form {
  return {
    title: '',
    content: '',
    relation: 'friend',
    consent: '',
    scene: '',
    sceneParam: '',
    search: '',
    userIds: '',
    activeSince: '',
    via: [...ways],
    when: 'now',
    startAt: '',
  }
}

/** The broadcast whose values the form begins with, when one is copied. */
export const model = shallowRef<BroadcastDetail>()

/** What an operator would have to fill in for the same once more. */
export function toForm({ broadcast, content, audience }: BroadcastDetail): Form {
  return {
    title: broadcast.title,
    content,
    relation: audience.relation ?? 'friend',
    consent: audience.consent ?? '',
    scene: audience.scene ?? '',
    sceneParam: audience.sceneParam ?? '',
    search: audience.search ?? '',
    userIds: audience.userIds?.join('\n') ?? '',
    activeSince: audience.activeSince === undefined ? '' : toDate(new Date(audience.activeSince)),
    via: [...broadcast.via],
    when: 'now',
    startAt: '',
  }
}

/** As `<input type="date">` has it, by the operator's clock. */
function toDate(date: Date) {
  const pad = (value: number, length: number) => String(value).padStart(length, '0')
  return [pad(date.getFullYear(), 4), pad(date.getMonth() + 1, 2), pad(date.getDate(), 2)].join('-')
}

export function toAudience(form: Form): AudienceRow {
  const userIds = form.userIds.split(/[\s,;\u3001\uff0c\uff1b]+/).filter(Boolean)
  const audience: Complete<AudienceRow> = {
    relation: form.relation,
    consent: form.consent || undefined,
    scene: form.scene === '' ? undefined : form.scene,
    sceneParam: form.sceneParam.trim() || undefined,
    search: form.search.trim() || undefined,
    userIds: userIds.length ? userIds : undefined,
    // as the operator's clock has it
    activeSince: form.activeSince ? +new Date(`${form.activeSince}T00:00`) : undefined,
  }
  return Object.fromEntries(Object.entries(audience).filter(([, value]) => value !== undefined))
}

export function toDraft(form: Form, selfId: string): BroadcastDraft {
  return {
    selfId,
    content: form.content,
    audience: toAudience(form),
    via: form.via,
    ...form.title.trim() && { title: form.title.trim() },
    ...form.when === 'later' && { startAt: +new Date(form.startAt) },
  }
}

/** What is missing before it can be started. */
export function findGap({ content, via, when, startAt }: Form) {
  if (!content.trim()) return 'empty-content'
  if (!via.length) return 'via'
  if (when === 'later' && !startAt) return 'time'
}
