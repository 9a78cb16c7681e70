import { MAX_ID, QQUserEntry } from '../model'
import { MAX_EVENT_ID } from '../event'
import { blank } from './state'
import { Store } from './store'

/** The bot of what is written to see whether anything can be: none has this id. */
export const PROBE = ''

/** Rejects if the tables take no writes: writes rows that need as much room as any, and removes them. */
export async function probe(store: Store) {
  const key = { selfId: PROBE, userId: '~'.repeat(MAX_ID) }
  const text = '~'.repeat(255)
  const id = '~'.repeat(MAX_EVENT_ID)
  const at = new Date(0)
  const entry: QQUserEntry = {
    ...key,
    id,
    type: 'friend-added',
    source: 'operator',
    occurredAt: at,
    receivedAt: at,
    applied: false,
    notice: 'none',
    noticeReason: '',
    origin: '',
  }
  await store.save([{ ...blank({ ...key, occurredAt: 0 }), sceneParam: text, name: text }], [entry])
  await store.database.remove('qq_user', key)
  await store.database.remove('qq_user_event', { id })
}
