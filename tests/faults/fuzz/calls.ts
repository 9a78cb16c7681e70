import { calls } from '../../console/calls'
import { Dice } from '../../random'
import { anything, word } from './values'

const keys = [
  'selfId', 'userId', 'days', 'sort', 'limit', 'after', 'relation', 'consent', 'search', 'key', 'locale', 'table', 'query', 'since', 'until',
  'firstSeen', 'lastMessageAt', '__proto__', 'constructor',
]

/** A call of the console's page, or something like it. */
export function call(dice: Dice, selfId: string, users: string[]): [name: string, ...args: unknown[]] {
  const valid = calls(selfId) as Record<string, unknown[]>
  const name = dice.pick(Object.keys(valid))
  // users keep what they did: they are erased on purpose only
  const user = () => name === 'qq-user/forget' ? 'nobody' : dice.pick(users)
  const args = valid[name].map(arg => arg === 'A' ? user() : arg)
  const kind = dice.below(10)
  if (kind < 3) return [name, ...args]
  if (kind < 7) return [name, ...args.map(arg => dice.chance(0.5) ? arg : typeof arg === 'object' ? record(dice, arg as object, selfId) : hostile(dice))]
  return [name, ...Array.from({ length: dice.below(4) }, () => dice.chance(0.5) ? record(dice, {}, selfId) : hostile(dice))]
}

function record(dice: Dice, base: object, selfId: string) {
  const result: Record<string, unknown> = { ...base }
  for (let count = 1 + dice.below(3); count > 0; count--) {
    const value = dice.pick([anything, () => selfId, () => 'users', () => 'ledger', () => 'friend', () => ({ [dice.pick(keys)]: anything(dice) })])(dice)
    Object.defineProperty(result, dice.pick(keys), { value, enumerable: true, configurable: true, writable: true })
  }
  return result
}

/** Nothing that names a user. */
function hostile(dice: Dice) {
  return dice.chance(0.5) ? anything(dice) : word(dice)
}
