import { Recent } from '../shared/recent'
import { Ledger } from './ledger'
import { GivenUpError, Task } from './queue'

/** Notices that are taken on together. */
interface Round {
  ids: string[]
  taken: Promise<Set<string>>
}

const KNOWN_IDS = 10_000

/** Takes pending notices on, so that each is sent once. */
export class Claims {
  private claimed = new Recent<true>(KNOWN_IDS)
  private round?: Round

  /** @param write carries out a write before those that wait */
  constructor(private ledger: Ledger, private write: (task: Task) => Promise<void>) {}

  /** @returns whether it is ours; nobody else can have it then */
  async take(id: string): Promise<boolean> {
    if (this.claimed.get(id)) return false
    this.claimed.set(id, true)
    const { ids, taken } = this.round ??= this.open()
    ids.push(id)
    const own = (await taken).has(id)
    if (!own) this.claimed.delete(id)
    return own
  }

  /** A user waits for each of these: they do not stand in line behind what happens to others. */
  private open(): Round {
    const ids: string[] = []
    const token = this.ledger.token()
    let own = new Set<string>()
    const written = this.write(async () => {
      this.round = undefined
      own = await this.ledger.claim(ids, token)
    })
    const taken = written.then(() => own, (error) => {
      if (!(error instanceof GivenUpError)) throw error
      // they are still owed
      this.round = undefined
      return own
    })
    return { ids, taken }
  }
}
