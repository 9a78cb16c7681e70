import { Dice } from '../../random'

const words = [
  '', ' ', 'A', '__proto__', 'constructor', 'toString', 'null', '0', '-1', '1e9', '\u0000', '\ud800', '\u202e', 'ＡＢＣ', '你好', '😀',
  '%', '_', '\\', "'", '"', '`',
  "' OR 1=1 --", '{user.id}', '{#if user.id}', '#{process.exit()}',
  '<at id="all"/>', '<img src=x>', '../..', 'x'.repeat(100), 'x'.repeat(101), 'x'.repeat(5000),
  'A B', 'A\n', ' A', 'A ', '~send-error:friend-deleted:1:A:0',
  '2026-01-01T00:00:00+08:00', '9999-12-31T23:59:59Z', '2026-13-45T99:99:99Z', '1700000000', '99999999999999999999',
]

const numbers = [0, -0, -1, 1, 0.5, 1e9, 1_700_000_000, 1_700_000_000.5, 2 ** 31, 2 ** 53, 1e21, 1e308, -1e308]

/** Anything that JSON can say. */
export function anything(dice: Dice, depth = 2): unknown {
  const kind = dice.below(depth > 0 ? 9 : 7)
  if (kind < 3) return dice.pick(words)
  if (kind < 5) return dice.pick(numbers)
  if (kind === 5) return dice.chance(0.5)
  if (kind === 6) return null
  if (kind === 7) return Array.from({ length: dice.below(4) }, () => anything(dice, depth - 1))
  const record: Record<string, unknown> = {}
  for (let count = dice.below(4); count > 0; count--) {
    // as JSON.parse() makes it: a key of its own
    Object.defineProperty(record, dice.pick(words), { value: anything(dice, depth - 1), enumerable: true, configurable: true, writable: true })
  }
  return record
}

export function word(dice: Dice) {
  return dice.pick(words)
}
