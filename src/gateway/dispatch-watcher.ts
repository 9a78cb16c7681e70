import { Bot, Session } from 'koishi'
import { Envelope } from '../event'
import { patchMethod, unwrap } from '../shared/patch'

export interface Watch {
  /** The adapter is about to adapt this envelope. Returns whether it may. */
  envelope(envelope: Envelope): boolean
  /** The adapter's session for it, which is withheld. Without this, the session takes its course. */
  session?(session: Session): void
}

type Host = Bot & { guildBot?: Bot }

/**
 * Watches what the adapter makes of a dispatch. It fires a raw event, which lacks the envelope, then makes a session
 * and gives it the envelope, whose `d` is the very object of the raw event; most of these sessions are dispatched, some
 * are dropped. The methods concerned are wrapped only while something is being watched, and on the objects behind
 * Cordis' proxies, so that other traffic does not pay.
 */
export class DispatchWatcher {
  private watches = new Map<unknown, Watch>()
  private restore: (() => void)[] = []

  constructor(private bot: Host) {}

  watch(d: unknown, watch: Watch) {
    this.watches.set(d, watch)
    if (!this.restore.length) this.install()
    return () => {
      this.watches.delete(d)
      if (!this.watches.size) this.dispose()
    }
  }

  dispose() {
    this.watches.clear()
    for (const restore of this.restore.splice(0)) restore()
  }

  /** Tells whoever watches for it of an envelope. @returns whether the adapter may adapt it */
  mayAdapt(envelope?: Envelope): boolean {
    return this.watches.get(envelope?.d)?.envelope(envelope!) ?? true
  }

  private install() {
    const makers = [this.bot, this.bot.guildBot].filter(bot => !!bot).map(unwrap)
    for (const maker of makers) {
      this.restore.push(patchMethod(maker, 'session', original => (...args) => this.open(original(...args) as Session)))
    }
    this.restore.push(patchMethod(this.bot, 'dispatch', original => (session) => {
      if (!this.intercept(session as Session)) original(session)
    }))
  }

  private open(session: Session) {
    session.setInternal = (type: string, envelope: Envelope) => {
      Reflect.deleteProperty(session, 'setInternal')
      session.setInternal(type, envelope)
      // of a type that it does not know the adapter makes nothing
      if (!this.mayAdapt(envelope)) envelope.t = ''
    }
    return session
  }

  private intercept(session: Session) {
    const watch = this.watches.get((session.event._data as Envelope | undefined)?.d)
    if (!watch?.session || session.event.type === 'internal') return false
    watch.session(session)
    return true
  }
}
