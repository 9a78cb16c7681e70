import { setTimeout as sleep, setImmediate as turn } from 'node:timers/promises'
import { Context, ForkScope, Logger, Plugin, Session, Universal } from 'koishi'
import { HTTP } from '@koishijs/plugin-http'
import QQBot from '@satorijs/adapter-qq'
import { SQLiteDriver } from '@minatojs/driver-sqlite'
import { servers } from '../../database'
import { now } from '../clock'
import { SideName, Spec } from './spec'
import { watch } from './watch'

const INTENTS = 1 << 25 | 1 << 26

/** A Koishi app of one side, and what was seen of it from outside. */
export interface Side {
  app: Context
  spec: Spec
  /** How long it took the side's plugin to be of use, in ms. */
  startUp: number
  /** How many of the four user events the adapter received. */
  received: number
  /** When the answer to a message to whom was there. */
  answers: [userId: string, at: number][]
  /** What plugins were told of new friends. */
  friends: Session[]
  database?: ForkScope
  plugin?: ForkScope
  /** What was logged as a warning or worse, the first of it only. */
  warnings: string[]
}

// each side loads its own plugin only
const plugins: Record<SideName, string> = { adapter: '../bare', naive: '../naive', ours: '../../../src' }

export async function start(spec: Spec): Promise<Side> {
  const app = new Context()
  const side: Side = { app, spec, startUp: 0, received: 0, answers: [], friends: [], warnings: [] }
  listen(side)
  app.plugin(HTTP as never)
  loadDatabase(side)
  connect(app, spec)
  if (spec.answer) app.middleware(() => 'And hello to you.')
  await app.start()
  await app.database.prepared()
  await until(() => app.bots.some(({ platform, status }) => platform === 'qq' && status === Universal.Status.ONLINE))
  require(plugins[spec.side])
  watch()
  // a stall is seen only after a first tick
  await sleep(10)
  side.startUp = await load(side)
  return side
}

function listen(side: Side) {
  Logger.targets.splice(0, Infinity, {
    record({ type, name, content }) {
      if (type !== 'warn' && type !== 'error') return
      if (side.warnings.length < 1000) side.warnings.push(`${name} ${content}`)
    },
  })
  for (const type of ['friend-add', 'friend-del', 'c2c-msg-reject', 'c2c-msg-receive']) {
    side.app.on(`qq/${type}` as never, (() => { side.received++ }) as never)
  }
  side.app.on('friend-added' as never, ((session: Session) => { side.friends.push(session) }) as never)
  side.app.on('send', ({ channelId }) => { side.answers.push([channelId!, now()]) })
}

export function loadDatabase(side: Side) {
  const { app, spec: { store } } = side
  side.database = store.kind === 'sqlite'
    ? app.plugin(SQLiteDriver as never, { path: store.path } as never)
    : app.plugin(servers[store.kind].Driver as never, store.address as never)
}

function connect(app: Context, { address }: Spec) {
  app.plugin(QQBot as never as Plugin.Constructor, {
    id: address.appid,
    token: address.token,
    secret: address.secret,
    type: 'public',
    authType: 'bot',
    endpoint: address.endpoint,
    intents: INTENTS,
    retryTimes: 3,
    retryInterval: 5,
    retryLazy: 5,
  } as never)
}

export function loadPlugin(side: Side) {
  const { app, spec: { side: name, greet, tier } } = side
  const notice = { enabled: greet }
  const plugin: Plugin.Object = require(plugins[name])
  const config = { icebreaker: notice, pushAllowed: notice, pushRejected: notice, ...tier && { push: { tier } } }
  side.plugin = app.plugin(plugin, name === 'ours' ? config : { greet })
}

async function load(side: Side) {
  const { app, spec: { side: name, address } } = side
  const start = now()
  loadPlugin(side)
  await app.database.prepared()
  if (name === 'ours') {
    await until(() => app.get('qqUser'))
    await app.qqUser.get(address.selfId, 'nobody')
  }
  return now() - start
}

async function until(condition: () => unknown) {
  while (!condition()) await turn()
}
