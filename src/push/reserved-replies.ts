import { LastMessages, Reserved } from '../delivery/last-messages'

/** The replies of one push: all to one message, and kept for it all at once, for it is sent whole or not at all. */
export class ReservedReplies {
  private reserved?: Reserved
  private left = 0
  private closed = false

  constructor(private last: LastMessages, private selfId: string, private userId: string, private parts: number) {}

  /** The message that is replied to, which is only known when the first reply is taken. */
  get id() {
    return this.reserved?.id ?? ''
  }

  /** Takes one. @returns what to call with whether it was used; nothing if there are not enough */
  take(): ((used: boolean) => void) | undefined {
    if (!this.left) {
      const reserved = this.last.reserve(this.selfId, this.userId, this.parts)
      if (!reserved) return
      this.reserved = reserved
      this.left = this.parts
    }
    const { giveBack } = this.reserved!
    this.left--
    return (used) => {
      if (used || this.closed) giveBack()
      else this.left++
    }
  }

  /** Gives back what was not used. */
  close() {
    this.closed = true
    for (; this.left; this.left--) this.reserved!.giveBack()
  }
}
