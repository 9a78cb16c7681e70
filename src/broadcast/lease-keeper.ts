import { CancellableWaits } from '../delivery/cancellable-waits'
import { LEASE } from './lease'
import { BroadcastRow } from './model'
import { BroadcastStore } from './store'
import { Columns } from './sums'

/** The time for which this process runs a broadcast. */
export class LeaseKeeper {
  /** When (ms) it was last known that this process runs it. */
  private provenAt: number

  /** @param now this process's own time in ms, which nobody sets back */
  constructor(
    private store: BroadcastStore,
    private waits: CancellableWaits,
    private row: Pick<BroadcastRow, 'id' | 'beat'>,
    private owner: string,
    private now = () => performance.now(),
  ) {
    this.provenAt = now()
  }

  /** Whether no other process can have taken it over. */
  get holds() {
    return !this.store.shared || this.now() - this.provenAt < LEASE.expiry * 0.7
  }

  /** Shows others that this process is there, and how far it is. Resolves when it is no longer the one to run it, or has been told to end. */
  async keep(progress: () => Columns, signal: AbortSignal) {
    while (!signal.aborted) {
      // where nobody else can use the database, nobody has to know
      if (this.store.shared && await this.prove(progress()) === false) return
      await this.waits.sleep(LEASE.beat, signal).catch(() => {})
    }
  }

  /** Whether this process still runs it, by a write that any process can see; nothing if the database takes none. */
  async prove(progress?: Columns): Promise<boolean | undefined> {
    const at = this.now()
    const { row, owner } = this
    try {
      const proven = await this.store.change({ id: row.id, owner, state: 'running' }, { beat: ++row.beat, ...progress })
      if (proven) this.provenAt = at
      return proven
    } catch {
      // not logged: the run waits for the same database, and logs that
    }
  }
}
