import { RecentMap } from '../shared/recent-map'
import { Ledger } from './ledger'
import { GivenUpError, Task } from './queue'

/** Notices that are taken on together. */
interface Round {
  ids: string[]
  token: string
  taken: Promise<Set<string>>
}

const KNOWN_IDS = 10_000

/** Takes pending notices on, so that each is sent once. */
export class Claims {
  private claimed = new RecentMap<true>(KNOWN_IDS)
  private round?: Round

  /** @param write carries out a write before those that wait */
  constructor(private ledger: Ledger, private write: (task: Task) => Promise<void>) {}

  /** @returns whether it is ours; nobody else can have it then */
  async take(id: string): Promise<boolean> {
    if (this.claimed.get(id)) return false
    this.claimed.set(id, true)
    let own = false
    try {
      const { ids, token, taken } = this.round ??= this.open()
      ids.push(id)
      const mine = await taken.catch((error) => {
        // one that cannot be written must not keep back the others
        if (error instanceof GivenUpError || ids.length === 1) throw error
        return this.claim([id], token)
      })
      own = mine.has(id)
    } catch (error) {
      if (!(error instanceof GivenUpError)) throw error
    } finally {
      // it is still owed, or somebody else's
      if (!own) this.claimed.delete(id)
    }
    return own
  }

  /** Lets one be taken on again that is owed again. */
  giveBack(id: string) {
    this.claimed.delete(id)
  }

  private open(): Round {
    const ids: string[] = []
    const token = this.ledger.token()
    const end = () => { this.round = undefined }
    const taken = this.claim(ids, token, end)
    taken.catch(end)
    return { ids, token, taken }
  }

  /** A user waits for each of these: they do not stand in line behind what happens to others. */
  private async claim(ids: string[], token: string, begun?: () => void) {
    let own = new Set<string>()
    await this.write(async () => {
      begun?.()
      own = await this.ledger.claim(ids, token)
    })
    return own
  }
}
