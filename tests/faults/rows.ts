import { Context } from 'koishi'
import { QQUser, QQUserEntry } from '../../src'
import { extendModel } from '../../src/model'
import { loadStore, Store } from './child/store'

/** Looks into a database from beside the bots that write to it. */
export class Rows {
  private app = new Context()

  static async open(store: Store) {
    const rows = new Rows()
    loadStore(rows.app, store)
    extendModel(rows.app)
    await rows.app.start()
    await rows.app.database.prepared()
    return rows
  }

  async read(): Promise<{ users: QQUser[]; ledger: QQUserEntry[] }> {
    const { database } = this.app
    return { users: await database.get('qq_user', {}), ledger: await database.get('qq_user_event', {}) }
  }

  close() {
    return this.app.stop()
  }
}
