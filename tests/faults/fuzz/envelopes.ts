import { Dice } from '../../random'
import { authorize, c2cMessage, friendAdd, plain } from '../../platform/payloads'
import { anything, word } from './values'

export interface Generated {
  t: string
  d: unknown
  /** Of the envelope. */
  id?: string | null
}

const makers: Record<string, (dice: Dice, openid: string, time: number) => any> = {
  FRIEND_ADD: (dice, openid, time) => friendAdd(openid, time, dice.pick([undefined, { scene: 2003, sceneParam: word(dice) }])),
  FRIEND_DEL: (dice, openid, time) => plain(openid, time),
  C2C_MSG_REJECT: (dice, openid, time) => plain(openid, time),
  C2C_MSG_RECEIVE: (dice, openid, time) => plain(openid, time),
  INTERACTION_CREATE: (dice, openid, time) => authorize(openid, time, dice.chance(0.5), dice.pick(['setting', 'dialog', 'friend_del'])),
  C2C_MESSAGE_CREATE: (dice, openid, time) => c2cMessage(openid, time, 'hello', word(dice)),
}

// messages take by far the longest, as all of Koishi looks at them
const weighted = ['FRIEND_ADD', 'FRIEND_DEL', 'C2C_MSG_REJECT', 'C2C_MSG_RECEIVE', 'INTERACTION_CREATE']

/**
 * An envelope that the platform would send, or one with a flaw, or none at all. What the adapter itself stumbles over is
 * left out: the parts of messages and of button clicks that this plugin does not read.
 */
export function envelope(dice: Dice, users: string[], now: number): Generated {
  const t = dice.chance(0.03) ? 'C2C_MESSAGE_CREATE' : dice.pick(weighted)
  const d = makers[t](dice, dice.pick(users), now - dice.below(3_000_000))
  const kind = dice.below(10)
  const id = dice.chance(0.05) ? dice.pick([null, '', word(dice), 'x'.repeat(256)]) : undefined
  if (kind < 2) return { t, d, id }
  if (kind < 7) return { t, d: spoil(dice, t, d), id }
  if (kind < 9) return { t, d: t === 'INTERACTION_CREATE' ? null : scalar(dice), id }
  return { t: dice.pick(['FRIEND_HUG', 'C2C_MSG_', '__proto__', 'friend_add', 'ERROR', '']), d: anything(dice), id }
}

/** One field is something else, or gone. */
function spoil(dice: Dice, t: string, d: any) {
  if (t === 'C2C_MESSAGE_CREATE') {
    const field = dice.pick(['id', 'author', 'author.user_openid', 'author.username', 'timestamp'])
    if (field === 'author') return { ...d, author: dice.pick([null, 5, 'A', [], undefined]) }
    if (field === 'timestamp') return { ...d, timestamp: word(dice) }
    if (field === 'id') return { ...d, id: word(dice) }
    return { ...d, author: { ...d.author, [field.slice(7)]: anything(dice) } }
  }
  if (t === 'INTERACTION_CREATE') {
    const { data: { resolved: { authorize_data: data } } } = d
    const field = dice.pick(['user_openid', 'timestamp', 'data', 'authorize_data', 'scope', 'opt_scene', 'switch'])
    if (field === 'user_openid' || field === 'timestamp') return { ...d, [field]: anything(dice) }
    if (field === 'data') return { ...d, data: dice.pick([null, 5, [], 'A', undefined]) }
    if (field === 'authorize_data') return { ...d, data: { resolved: { authorize_data: scalar(dice) } } }
    return { ...d, data: { resolved: { authorize_data: { ...data, [field]: anything(dice) } } } }
  }
  const field = dice.pick(['openid', 'openid', 'timestamp', 'timestamp', 'scene', 'scene_param', 'author', '__proto__'])
  return dice.chance(0.2) ? { ...d, [field]: undefined } : { ...d, [field]: anything(dice) }
}

function scalar(dice: Dice) {
  return dice.pick<unknown>([null, 0, 5, '', 'A', true, [], [[]], {}])
}
