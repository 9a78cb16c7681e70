/** Rule: what real bots recorded of the platform is understood, and each malformed payload is one warning. */
import { expect } from 'chai'
import { Meaning, readFailure } from '../../src/delivery/codes'
import { EventType } from '../../src/model'
import { Clock, date } from '../clock'
import { Harness, HarnessOptions, silent, until } from '../harness'
import { payloads, responses } from './recorded.json'

const now = Date.UTC(2026, 9, 1)

/** What comes of a payload: an event, as of now where its time is missing, or a warning, or nothing. */
type Outcome = EventType | 'friend-push-rejected as of now' | 'malformed' | 'a message' | 'nothing' | 'no event'

/** By the beginning of a payload's name; the first that fits. */
const outcomes: [name: string, outcome: Outcome][] = [
  ['FRIEND_ADD', 'friend-added'],
  ['FRIEND_DEL', 'friend-deleted'],
  ['C2C_MSG_REJECT', 'friend-push-rejected'],
  ['C2C_MSG_RECEIVE', 'friend-push-allowed'],
  ['C2C_MESSAGE_CREATE', 'a message'],
  ['INTERACTION_CREATE type 18 on deletion', 'nothing'],
  ['INTERACTION_CREATE type 18, switched on', 'friend-push-allowed'],
  ['INTERACTION_CREATE type 18', 'friend-push-rejected'],
  ['INTERACTION_CREATE', 'nothing'],
  ['GROUP_MSG_REJECT', 'nothing'],
  // these have no time at all
  ['type 18 switched on', 'malformed'],
  ['type 18', 'friend-push-rejected as of now'],
  ['webhook address check', 'no event'],
]

/** What comes of an answer, taken for one to a message. */
const answers: Record<string, Meaning | 'sent'> = {
  'reply to an event that cannot be replied to': 'window-closed',
  'message sent': 'sent',
  'message sent (2026)': 'sent',
  'bad request data (msg_seq 4294967296)': 'form',
  'share link': 'unknown-outcome',
  'share link as documented': 'unknown-outcome',
  'access token (expires_in is a string)': 'unknown-outcome',
  'access token refused, HTTP 200': 'unknown-outcome',
  'GET /users/@me': 'sent',
  'token invalid or expired (HTTP 401)': 'credentials',
  'user or group deregistered, or not this bot\'s (HTTP 400)': 'no-such-user',
  'sandbox may not use this resource': 'credentials',
  'application has no right for the interface': 'credentials',
  'interface called too often (message text not recorded)': 'rate',
  'share link, callback_data refused': 'unknown-outcome',
}

describe('what bots recorded', () => {
  let clock: Clock
  let harness: Harness

  async function start(options?: HarnessOptions) {
    clock = date(now)
    harness = await Harness.start({ config: silent, ...options })
  }

  afterEach(async () => {
    await harness.stop()
    clock.uninstall()
  })

  for (const { name, payload, only_d: bare, flattened, envelope_id: envelopeId } of payloads as any[]) {
    const [, outcome] = outcomes.find(([start]) => name.startsWith(start))!

    if (outcome === 'no event') {
      it(`${name}: ${outcome}, and answered`, async () => {
        await start({ bot: { protocol: 'webhook' } })
        const answer = await (await harness.platform.deliver(payload)).json() as any
        expect(answer.plain_token).to.equal(payload.d.plain_token)
        expect(await harness.ledger).to.deep.equal([])
        expect(harness.warnings).to.deep.equal([])
      })
      continue
    }

    it(`${name}: ${outcome}`, async () => {
      await start()
      const { platform, app } = harness
      const t = payload.t ?? name.match(/^[A-Z_0-9]+/)[0]
      const d = bare || flattened ? payload : payload.d
      platform.dispatch(t, d, { id: envelopeId ?? payload.id })
      platform.add('mark')
      await until(() => harness.sessions.some(({ userId }) => userId === 'mark'))
      await until(async () => (await harness.ledger).some(({ userId }) => userId === 'mark'))
      const entries = (await harness.ledger).filter(({ userId }) => userId !== 'mark')
      const late = outcome.endsWith(' as of now')
      const type = /^friend/.test(outcome) && outcome.replace(' as of now', '')
      expect(harness.warnings).to.have.length(late || outcome === 'malformed' ? 1 : 0)
      if (outcome === 'a message') {
        expect(await app.qqUser.get(platform.selfId, d.author.user_openid)).to.include({ relation: 'friend' })
      } else {
        expect(entries.map(({ type }) => type)).to.deep.equal(type ? [type] : [])
        expect(harness.sessions.map(({ type }) => type)).to.have.members(type ? [type, 'friend-added'] : ['friend-added'])
      }
      if (!type) return
      expect(entries[0].userId).to.equal(d.openid ?? d.user_openid)
      const time = typeof d.timestamp === 'number' ? d.timestamp * 1000 : Date.parse(d.timestamp)
      expect(+entries[0].occurredAt).to.equal(late ? now : time)
    })
  }

  for (const { name, payload, http_status: status } of responses as any[]) {
    it(`${name}: ${answers[name]}`, async () => {
      await start()
      harness.platform.fail({ status: status ?? (payload.code && !name.includes('HTTP 200') ? 400 : 200), body: payload })
      const result = await harness.bot.internal.sendPrivateMessage('A', { content: 'news' }).catch((error: unknown) => error)
      if (answers[name] === 'sent') expect(result.id).to.equal(payload.id)
      else expect(readFailure(result).meaning).to.equal(answers[name])
    })
  }
})
