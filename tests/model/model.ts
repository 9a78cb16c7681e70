import { Time } from 'koishi'

/** The newest that the bot was told about a user. */
export interface User {
  relation: 'unknown' | 'friend' | 'deleted'
  relationAt: number
  consent: 'unknown' | 'allowed' | 'rejected'
  consentAt: number
}

/** What the bot should know, by what it was told, in the order of the events' own times. */
export class Model {
  readonly users = new Map<string, User>()
  received = 0

  receive(type: string, d: any) {
    this.received++
    const at = typeof d.timestamp === 'number' ? d.timestamp * Time.second : Date.parse(d.timestamp)
    const userId = d.openid ?? d.user_openid ?? d.author?.user_openid
    if (type === 'friend-add' || type === 'c2c-message-create') this.relate(userId, 'friend', at)
    else if (type === 'friend-del') this.relate(userId, 'deleted', at)
    else if (type === 'c2c-msg-receive') this.consent(userId, 'allowed', at)
    else if (type === 'c2c-msg-reject') this.consent(userId, 'rejected', at)
    else if (d.data.resolved.authorize_data.opt_scene !== 'friend_del') {
      this.consent(userId, d.data.resolved.authorize_data.switch ? 'allowed' : 'rejected', at)
    }
  }

  private user(userId: string) {
    let user = this.users.get(userId)
    if (!user) this.users.set(userId, user = { relation: 'unknown', relationAt: 0, consent: 'unknown', consentAt: 0 })
    return user
  }

  private relate(userId: string, relation: User['relation'], at: number) {
    const user = this.user(userId)
    if (at >= user.relationAt) Object.assign(user, { relation, relationAt: at })
  }

  private consent(userId: string, consent: User['consent'], at: number) {
    const user = this.user(userId)
    if (at >= user.consentAt) Object.assign(user, { consent, consentAt: at })
  }

  /** Why a user must not be written to. */
  forbids(userId: string) {
    const user = this.users.get(userId)
    return user?.consent === 'rejected' ? 'rejected' : user?.relation === 'deleted' ? 'deleted' : undefined
  }
}
