import { setTimeout as sleep } from 'node:timers/promises'
import { Context, Logger, Time } from 'koishi'
import { Platform } from '../platform'
import { listen, report } from './report'
import { words } from './words'

type Person = 'ming' | 'hong' | 'jie' | 'wang'

interface Step {
  who: Person
  action: string
  act(platform: Platform, openid: string): void
  said?: string
  entries?: number
}

/** The link that one of them comes by. */
const PARAM = 'spring'

const opening: Step[] = [
  { who: 'ming', action: 'search', act: (platform, openid) => platform.add(openid, { scene: 1001 }) },
  { who: 'hong', action: 'link', act: (platform, openid) => platform.add(openid, { scene: 2003, sceneParam: PARAM }) },
  say('ming', 'write', words.ask, 0),
  say('jie', 'stranger', words.hello, 1),
]

const rounds: Step[] = [
  { who: 'hong', action: 'rejectInteraction', act: (platform, openid) => platform.reject(openid, { via: 'interaction' }) },
  { who: 'ming', action: 'rejectMessage', act: (platform, openid) => platform.reject(openid) },
  { who: 'wang', action: 'rejectSilent', act: (platform, openid) => platform.reject(openid) },
  { who: 'ming', action: 'allowBoth', act: (platform, openid) => platform.allow(openid, { via: 'both' }), entries: 2 },
  { who: 'hong', action: 'remove', act: (platform, openid) => platform.remove(openid) },
  { who: 'hong', action: 'back', act: (platform, openid) => platform.add(openid) },
  { who: 'hong', action: 'allow', act: (platform, openid) => platform.allow(openid) },
  { who: 'wang', action: 'allow', act: (platform, openid) => platform.allow(openid) },
  say('ming', 'write', words.ask, 0),
]

/** An answer that takes its time: the adapter alone would not reply any more. */
const late: Step = {
  who: 'jie',
  action: 'late',
  act: (platform, openid) => platform.message(openid, words.ask, { timestamp: Date.now() - 10 * Time.minute }),
  said: words.ask,
  entries: 0,
}

function say(who: Person, action: string, said: string, entries: number): Step {
  const act: Step['act'] = (platform, openid) => platform.message(openid, said, { username: words.names[who] })
  return { who, action, act, said, entries }
}

/** Lets a few users do what users do, at first one thing a second, then for ever at leisure. */
export async function tell(ctx: Context, platform: Platform, address: string) {
  const isAnnounced = listen(ctx)
  ctx.middleware((session, next) => session.content === words.ask || session.content === words.hello ? words.answer : next())
  await invite(ctx, platform)
  for (const step of [...opening, ...rounds, late]) await play(ctx, platform, step, Time.second, isAnnounced)
  await announce(ctx, platform)
  ctx.logger('demo').success(words.idle, address)
  for (;;) {
    for (const step of rounds) await play(ctx, platform, step, 30 * Time.second, isAnnounced)
  }
}

async function invite(ctx: Context, { selfId }: Platform) {
  const { url } = await ctx.qqUser.links.create(selfId, PARAM)
  ctx.logger('demo').info(words.link, PARAM, url)
}

/** Sends one message to everybody who may get it. */
async function announce(ctx: Context, { selfId }: Platform) {
  await sleep(Time.second)
  const { broadcasts } = ctx.qqUser
  const { id } = await broadcasts.create({ selfId, content: words.news })
  const finished = new Promise<void>((resolve) => {
    ctx.on('qq-user/broadcast', ({ state }) => { if (state === 'finished') resolve() })
  })
  await broadcasts.start(id)
  await finished
  const { counts } = (await broadcasts.get(id))!
  ctx.logger('demo').info(words.broadcast, counts.total, counts.sent, counts.skipped)
  const [link] = await ctx.qqUser.links.list(selfId)
  new Logger('demo').info(words.brought, link.sceneParam, link.users, link.friends)
}

async function play(ctx: Context, platform: Platform, { who, action, act, said, entries = 1 }: Step, pause: number, isAnnounced: (id: string) => boolean) {
  await sleep(pause)
  const openid = toOpenid(who)
  const before = platform.accepted(openid).length
  const since = Date.now()
  act(platform, openid)
  await report(ctx, {
    name: words.names[who],
    title: words.actions[action],
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
