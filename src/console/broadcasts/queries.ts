import { recipientStates } from '../../broadcast/model'
import { vias } from '../../push/ways'
import { count, flag, id, list, oneOf, optional, record, text, time } from '../shared/args'
import { userFilters } from '../shared/user-filters'
import type {
  AudienceQuery, AudienceRow, BroadcastAction, BroadcastDraft, BroadcastsQuery, DraftQuery, RecipientPageQuery, RecipientsQuery,
} from './protocol'

const MAX = { page: 100, recipients: 250, title: 255, content: 10_000, users: 10_000, number: 2 ** 31 - 1 }

const actions: Record<BroadcastAction, true> = { start: true, pause: true, resume: true, cancel: true, repeat: true }

export const readAction = oneOf(...Object.keys(actions) as BroadcastAction[])

export const broadcastId = count(1, MAX.number)

const recipients = {
  id: broadcastId,
  state: optional(oneOf(...recipientStates)),
}

export const readRecipientsQuery = record<RecipientsQuery>(recipients)

export const readRecipientPageQuery = record<RecipientPageQuery>({
  ...recipients,
  limit: optional(count(1, MAX.recipients)),
  after: optional(id),
})

export const readBroadcastsQuery = record<BroadcastsQuery>({
  selfId: optional(id),
  limit: optional(count(1, MAX.page)),
  after: optional(broadcastId),
  active: optional(flag),
})

const { relation, consent, sceneParam, search } = userFilters

const audience = record<AudienceRow>({
  relation,
  consent,
  scene: optional(count(0, MAX.number)),
  sceneParam,
  search,
  userIds: optional(list(id, MAX.users)),
  activeSince: optional(time),
})

const via = optional(list(oneOf(...vias), vias.length))

export const readAudienceQuery = record<AudienceQuery>({ selfId: id, audience, via })

export const readDraftQuery = record<DraftQuery>({ selfId: id, userId: id, content: text(MAX.content), via })

export const readBroadcastDraft = record<BroadcastDraft>({
  selfId: id,
  content: text(MAX.content),
  title: optional(text(MAX.title)),
  audience,
  startAt: optional(time),
  via,
})
