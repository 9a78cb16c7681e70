import { Meter } from './meter'
import { hearRecalls, Recalls } from './recall'
import { judge, Verdict, Window } from './rules'
import { Envelope, Limits, UserState } from './types'

const defaults: Limits = { botSecond: 10, botMinute: Infinity, userMinute: 20, userDay: 1000 }

/** What the platform knows: users, groups, what can be replied to, what was sent. */
export class World {
  readonly users = new Map<string, UserState>()
  readonly limits: Limits
  pushBanned = false
  recallClosed = false

  private places = new Set<string>()
  private interactions = new Set<string>()
  private events = new Map<string, Window>()
  private messages = new Map<string, Window>()
  private recalls = new Map<string, Recalls>()
  private botMeter = new Meter()
  private userMeters = new Map<string, Meter>()

  constructor(public now: () => number, limits: Partial<Limits> = {}, public freshFor = 0) {
    this.limits = { ...defaults, ...limits }
  }

  /** A user who acts without having been added was a friend all along. */
  user(openid: string) {
    let user = this.users.get(openid)
    if (!user) this.users.set(openid, user = { friend: true, push: true, username: '' })
    return user
  }

  /** Learns what an event lets the bot refer to. */
  learn({ id, t, d }: Envelope) {
    const openid = d?.openid ?? d?.user_openid ?? d?.author?.user_openid
    const window = { type: t, openid, at: this.now() }
    if (id) this.events.set(id, { ...window, seqs: [] })
    if (t === 'C2C_MESSAGE_CREATE' && d?.id) this.messages.set(d.id, { ...window, seqs: [] })
    if (t === 'C2C_MESSAGE_CREATE' && openid) this.recalls.set(openid, hearRecalls(this.recalls.get(openid), this.now()))
    if (t === 'INTERACTION_CREATE' && d?.id) this.interactions.add(d.id)
    if (d?.group_openid) this.places.add(`group:${d.group_openid}`)
    if (d?.channel_id) this.places.add(`channel:${d.channel_id}`)
  }

  hasPlace(kind: 'group' | 'channel', id: string) {
    return this.places.has(`${kind}:${id}`)
  }

  hasInteraction(id: string) {
    return this.interactions.has(id)
  }

  judge(openid: string, body: any) {
    const now = this.now()
    const meter = this.userMeters.get(openid)
    return judge(body, {
      openid,
      now,
      user: this.users.get(openid),
      event: this.events.get(body.event_id),
      source: this.messages.get(body.msg_id),
      freshFor: this.freshFor,
      pushBanned: this.pushBanned,
      recalls: this.recalls.get(openid),
      recallClosed: this.recallClosed,
      limits: this.limits,
      sent: {
        botSecond: this.botMeter.count(now, 1000),
        botMinute: this.botMeter.count(now, 60_000),
        userMinute: meter?.count(now, 60_000) ?? 0,
        userDay: meter?.count(now, 86400_000) ?? 0,
      },
    })
  }

  /** Takes note of an accepted message. */
  commit(openid: string, body: any, { route, seq }: Verdict) {
    if (route === 'event') {
      this.events.get(body.event_id)!.seqs.push(seq)
    } else if (route === 'msg') {
      this.messages.get(body.msg_id)!.seqs.push(seq)
    } else if (route === 'recall') {
      this.recalls.get(openid)!.sent.push(this.now())
    } else {
      let meter = this.userMeters.get(openid)
      if (!meter) this.userMeters.set(openid, meter = new Meter())
      meter.add(this.now())
      this.botMeter.add(this.now())
    }
  }
}
