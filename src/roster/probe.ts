import { MAX_ID } from '../model'
import { EARLIEST, MAX_EVENT_ID, MAX_TEXT } from '../event'
import { PROBE } from './keys'
import { blank } from './state'
import { Store } from './store'

const user = { selfId: PROBE, userId: '~'.repeat(MAX_ID) }
const id = '~'.repeat(MAX_EVENT_ID)
const text = '~'.repeat(MAX_TEXT)
const at = new Date(EARLIEST)

/** Tells whether the tables can be read and take writes, by rows that need as much room as any. */
export class Probe {
  /** Whether they may still be there. */
  private left = false

  constructor(private store: Store) {}

  /** Rejects if the tables cannot be read or take no writes. */
  async run() {
    await this.store.database.get('qq_user_event', { id }, ['id'])
    this.left = true
    await this.store.save([{ ...blank({ ...user, occurredAt: EARLIEST }), sceneParam: text, sceneAt: at, name: text }], [{
      ...user,
      id,
      type: 'friend-added',
      source: 'operator',
      occurredAt: at,
      receivedAt: at,
      applied: false,
      weak: false,
      notice: 'none',
      noticeReason: '',
      origin: '',
    }])
    await this.sweep()
  }

  /** Removes what is left of a probe that broke off. */
  async tidy() {
    if (this.left) await this.sweep()
  }

  /** Where nothing may be removed they stay, and are nobody's. */
  private async sweep() {
    try {
      await this.store.database.remove('qq_user', user)
      await this.store.database.remove('qq_user_event', { id })
    } catch (error) {
      this.store.logger.debug('what was written to see whether anything can be is not removed: %s', error)
    }
    this.left = false
  }
}
