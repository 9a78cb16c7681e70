import type { Calls } from '../../src/console/protocol'

/** One of every call, with arguments of the right kind. */
export const calls = (selfId: string): { [K in keyof Calls]: Parameters<Calls[K]> } => ({
  'qq-user/overview': [{}],
  'qq-user/list': [{}],
  'qq-user/get': [selfId, 'A'],
  'qq-user/history': [selfId, 'A'],
  'qq-user/push': [selfId, 'A', 'news'],
  'qq-user/forget': [selfId, 'A'],
  'qq-user/preview': [{ key: 'icebreaker', selfId, userId: 'A', locale: 'en-US' }],
  'qq-user/send-notice': [{ key: 'icebreaker', selfId, userId: 'A', locale: 'en-US' }],
  'qq-user/links': [selfId],
  'qq-user/link-lines': [selfId],
  'qq-user/create-link': [selfId, 'poster', 'title'],
  'qq-user/remove-link': [selfId, 'poster'],
  'qq-user/diagnose': [],
  'qq-user/broadcasts': [{}],
  'qq-user/broadcast-get': [1],
  'qq-user/broadcast-recipients': [{ id: 1 }],
  'qq-user/broadcast-estimate': [{ selfId, audience: {} }],
  'qq-user/broadcast-preview': [{ selfId, userId: 'A', content: 'news' }],
  'qq-user/broadcast-test': [{ selfId, userId: 'A', content: 'news' }],
  'qq-user/broadcast-create': [{ selfId, content: 'news', audience: {} }],
  'qq-user/broadcast-do': [1, 'start'],
  'qq-user/export': [{ table: 'users', query: {} }],
  'qq-user/import': [selfId, true],
  'qq-user/import-chunk': ['ticket', 'openid,first_seen\n', true],
})
