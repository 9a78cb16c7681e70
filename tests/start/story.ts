import { setTimeout as sleep } from 'node:timers/promises'
import { Context, Time } from 'koishi'
import { Platform } from '../platform'
import { listen, report } from './report'
import { words } from './words'

type Person = 'ming' | 'hong' | 'jie' | 'wang'

interface Step {
  who: Person
  deed: string
  act(platform: Platform, openid: string): void
  said?: string
  entries?: number
}

const opening: Step[] = [
  { who: 'ming', deed: 'search', act: (platform, openid) => platform.add(openid, { scene: 1001 }) },
  { who: 'hong', deed: 'link', act: (platform, openid) => platform.add(openid, { scene: 2003, sceneParam: 'spring' }) },
  say('ming', 'write', words.ask, 0),
  say('jie', 'stranger', words.hello, 1),
]

const rounds: Step[] = [
  { who: 'hong', deed: 'rejectInteraction', act: (platform, openid) => platform.reject(openid, { via: 'interaction' }) },
  { who: 'ming', deed: 'rejectMessage', act: (platform, openid) => platform.reject(openid) },
  { who: 'wang', deed: 'rejectSilent', act: (platform, openid) => platform.reject(openid) },
  { who: 'ming', deed: 'allowBoth', act: (platform, openid) => platform.allow(openid, { via: 'both' }), entries: 2 },
  { who: 'hong', deed: 'remove', act: (platform, openid) => platform.remove(openid) },
  { who: 'hong', deed: 'back', act: (platform, openid) => platform.add(openid) },
  { who: 'hong', deed: 'allow', act: (platform, openid) => platform.allow(openid) },
  { who: 'wang', deed: 'allow', act: (platform, openid) => platform.allow(openid) },
  say('ming', 'write', words.ask, 0),
]

function say(who: Person, deed: string, said: string, entries: number): Step {
  const act: Step['act'] = (platform, openid) => platform.message(openid, said, { username: words.names[who] })
  return { who, deed, act, said, entries }
}

/** Lets a few users do what users do, at first one thing a second, then for ever at leisure. */
export async function tell(ctx: Context, platform: Platform, address: string) {
  const isAnnounced = listen(ctx)
  ctx.middleware((session, next) => session.content === words.ask || session.content === words.hello ? words.answer : next())
  for (const step of [...opening, ...rounds]) await play(ctx, platform, step, Time.second, isAnnounced)
  ctx.logger('demo').success(words.idle, address)
  for (;;) {
    for (const step of rounds) await play(ctx, platform, step, 30 * Time.second, isAnnounced)
  }
}

async function play(ctx: Context, platform: Platform, { who, deed, act, said, entries = 1 }: Step, pause: number, isAnnounced: (id: string) => boolean) {
  await sleep(pause)
  const openid = toOpenid(who)
  const before = platform.accepted(openid).length
  const since = Date.now()
  act(platform, openid)
  await report(ctx, {
    name: words.names[who],
    title: words.deeds[deed],
    selfId: platform.selfId,
    userId: openid,
    since,
    entries,
    said,
    isAnnounced,
    replies: () => platform.accepted(openid).slice(before).map(({ body }) => body.content),
  })
}

/** As long as the platform's own. */
function toOpenid(who: Person) {
  return Buffer.from(who.padEnd(16, '.')).toString('hex').toUpperCase()
}
