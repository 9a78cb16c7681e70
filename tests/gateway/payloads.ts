import { WireType } from '../../src/gateway/decode'

export const now = Date.UTC(2026, 10, 1, 12)
export const day = 86_400_000
export const earliest = Date.UTC(2001, 8, 9)
export const seconds = Date.UTC(2026, 9, 31, 8, 30, 15) / 1000
export const openid = 'E4F4AEA33253A2797FB897C50B81D7ED'

export const plain = {
  FRIEND_ADD: ['friend-added', 'friend-add'],
  FRIEND_DEL: ['friend-deleted', 'friend-del'],
  C2C_MSG_REJECT: ['friend-push-rejected', 'msg-reject'],
  C2C_MSG_RECEIVE: ['friend-push-allowed', 'msg-receive'],
} as const

export const plainTypes = Object.keys(plain) as (keyof typeof plain)[]
export const types: WireType[] = [...plainTypes, 'INTERACTION_CREATE', 'C2C_MESSAGE_CREATE']

export function authorize(data: object = {}, rest: object = {}) {
  return {
    type: 18,
    scene: 'c2c',
    user_openid: openid,
    timestamp: '2026-10-31T16:30:15+08:00',
    data: { resolved: { authorize_data: { scope: 'c2c_push', opt_scene: 'setting', ...data } } },
    ...rest,
  }
}

export function message(author: unknown = { id: openid, user_openid: openid }, rest: object = {}) {
  return { id: 'ROBOT1.0_abc', content: 'hi', timestamp: '2026-10-31T16:30:15+08:00', author, ...rest }
}

export const wrongIds: [what: string, value: unknown][] = [
  ['missing', undefined],
  ['null', null],
  ['empty', ''],
  ['a number', 10001],
  ['an object', { id: openid }],
  ['a list', [openid]],
  ['longer than its column', 'A'.repeat(101)],
  ['carrying a NUL', 'ABC\0DEF'],
  ['carrying a line break', 'ABC\n'],
  ['carrying a space', 'ABC DEF'],
  ['nothing but a space', ' '],
  ['led by a space', ' ABC'],
  ['carrying a letter that databases compare in their own ways', 'ÅBC'],
  ['half of a surrogate pair', '\ud83d'],
]

export const wrongTimes: [what: string, value: unknown][] = [
  ['missing', undefined],
  ['null', null],
  ['empty', ''],
  ['true', true],
  ['a list', [seconds]],
  ['an object', { seconds }],
  ['zero', 0],
  ['negative', -seconds],
  ['a negative string', `-${seconds}`],
  ['from before there was a platform', 999_000_000],
  ['more than a day ahead', now / 1000 + 86_401],
  ['more than a day ahead, in milliseconds', now + day + 1],
  ['more than a day ahead, as a date', '2026-11-02T12:00:01Z'],
  ['beyond all numbers', Infinity],
  ['a string beyond all numbers', '9'.repeat(400)],
  ['not a number', NaN],
  ['hexadecimal', '0x6904733f'],
  ['in scientific notation', '1.7e9'],
  ['a string with spaces', ` ${seconds} `],
  ['a date without a time', '2026-10-31'],
  ['a date in words', 'Sat, 31 Oct 2026 08:30:15 GMT'],
  ['a date in a month that does not exist', '2026-13-31T08:30:15Z'],
  ['a date at a second that does not exist', '2026-10-31T08:30:61Z'],
  ['a date in half a zone', '2026-10-31T08:30:15+08'],
  ['a date at an hour that does not exist', '2026-10-31T25:30:15Z'],
]
