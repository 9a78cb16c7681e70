import { Bot, Context, Time } from 'koishi'
import { toMeaning } from '../../delivery/codes'
import { Gateway } from '../../gateway'
import { Pusher } from '../../push'
import { Roster } from '../../roster'
import { isOnline, listBots, toName } from '../shared/bots'
import { CallRegistry } from '../shared/calls'
import type { Diagnosis, DoctorCalls } from './protocol'

const INTENTS = { users: 1 << 25, interactions: 1 << 26 }
const PATIENCE = 3 * Time.second

/** Says what stands in the way, if anything does. */
export class DoctorPanel {
  private probe?: Promise<boolean>

  constructor(private ctx: Context, private gateway: Gateway, private roster: Roster, private pusher: Pusher, calls: CallRegistry<DoctorCalls>) {
    calls.add('qq-user/diagnose', () => this.diagnose())
  }

  private async diagnose(): Promise<Diagnosis> {
    const bots = listBots(this.ctx)
    return {
      adapter: bots.length > 0,
      bots: bots.map(bot => ({
        selfId: bot.selfId ?? '',
        name: toName(bot),
        online: isOnline(bot),
        intents: readIntents(bot),
        suspendedUntil: this.pusher.suspendedUntil(bot.selfId),
        waiting: this.pusher.countWaiting(bot.selfId),
      })),
      arrivals: { ...this.gateway.arrivals },
      malformed: this.gateway.malformed.list(),
      unknown: this.gateway.unknown.list(),
      refusals: this.gateway.refusals.list().map(refusal => ({ ...refusal, known: !!toMeaning(refusal.code) })),
      disputes: this.roster.disputes.list(),
      database: { reachable: await this.reach(), ...this.roster.writing },
    }
  }

  /** One question at a time, whoever asks. */
  private async reach() {
    this.probe ??= this.ctx.database.get('qq_user', { selfId: '', userId: '' }, ['userId'])
      .then(() => true, () => false)
      .finally(() => this.probe = undefined)
    return Promise.race([this.probe, this.ctx.sleep(PATIENCE).then(() => false)])
  }
}

function readIntents(bot: Bot): Diagnosis['bots'][number]['intents'] {
  const { intents, protocol } = bot.config as { intents?: unknown; protocol?: unknown }
  // over a webhook there is nothing to subscribe to
  if (typeof intents !== 'number' || protocol === 'webhook') return {}
  return { users: !!(intents & INTENTS.users), interactions: !!(intents & INTENTS.interactions) }
}
