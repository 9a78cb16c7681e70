import { PauseReason } from './lifecycle'
import { Result } from './result'

const WIDTH = 16
/** After how many answers of a kind in a row a broadcast pauses. */
export const IN_A_ROW = { refused: 20, unanswered: 5, transient: 3 }

/** How many recipients are taken on at once, and when none is to be any more. It begins with one, and goes back when something is wrong. */
export class Flow {
  width = 1
  /** Whether anything arrived. */
  fruitful = false
  private refused = 0
  private unanswered: number
  private transient = 0

  /** @param cautious whether the first answer that is lost ends it: it paused for such, and may have to again */
  constructor(cautious = false) {
    this.unanswered = cautious ? IN_A_ROW.unanswered - 1 : 0
  }

  /** Takes notice of what came of a recipient. @returns why the broadcast has to pause, if so */
  note(result: Result): PauseReason | undefined {
    switch (result.state) {
      case 'sent':
        this.fruitful = true
        this.width = Math.min(WIDTH, this.width * 2)
        this.refused = this.unanswered = this.transient = 0
        return
      case 'unknown':
        this.width = 1
        return ++this.unanswered >= IN_A_ROW.unanswered ? 'no-answer' : undefined
      case 'failed':
        if (!result.refused) return
        this.width = Math.max(1, this.width >> 1)
        return ++this.refused >= IN_A_ROW.refused ? 'refused' : undefined
      case 'pending':
        return this.hold(result)
    }
  }

  private hold({ obstacle }: Extract<Result, { state: 'pending' }>): PauseReason | undefined {
    switch (obstacle) {
      case 'aborted':
      case 'no-permission':
        return
      case 'error':
      case 'queue-full':
        this.width = 1
        return
      case 'transient':
        this.width = 1
        return ++this.transient >= IN_A_ROW.transient ? obstacle : undefined
      default:
        return obstacle
    }
  }
}
