import { expect } from 'chai'
import { Context, ForkScope } from 'koishi'
import { Limits } from '../../src/config'
import { createPaceState, Pacer, PaceState } from '../../src/push/pacer'
import { PushError } from '../../src/push/error'
import { Clock, freeze } from '../clock'

const { setImmediate: turn } = globalThis

/** What was let out: from when until when it was under way, and whether it was sent. */
export interface Sent {
  userId: string
  start: number
  end: number
  used: boolean
}

/** The most that the other side may count within a span, wherever between start and end each one arrives. */
export function worst(sent: Sent[], span: number) {
  const used = sent.filter(({ used }) => used)
  return Math.max(0, ...used.map(({ start: now }) => used.filter(({ start, end }) => start <= now && end > now - span).length))
}

const free: Limits = { botSecond: Infinity, botMinute: Infinity, userMinute: Infinity, userDay: Infinity }

export let fork: ForkScope
export let pacer: Pacer
export let clock: Clock
export let sent: Sent[]

let app: Context
let state: PaceState

/** Each test has time in its hands. */
export function usePace() {
  beforeEach(async () => {
    app = new Context()
    await app.start()
    clock = freeze()
  })

  afterEach(async () => {
    clock.uninstall()
    await app.stop()
  })
}

export function pace(limits: Partial<Limits>, size = 10_000) {
  sent = []
  state = createPaceState()
  load(limits, size)
}

/** The plugin is loaded again, with other limits. */
export function repace(limits: Partial<Limits>) {
  fork.dispose()
  load(limits)
}

function load(limits: Partial<Limits>, size = 10_000) {
  fork = app.plugin((ctx) => { pacer = new Pacer(ctx, { ...free, ...limits }, size, state) })
}

/** Takes a slot, keeps it for as long as a request takes, gives it back. Whoever does not wait for that may be turned away unheard. */
export function send(userId: string, latency = 0, used = true, signal?: AbortSignal) {
  const done = take(userId, latency, used, signal)
  done.catch(() => {})
  return done
}

async function take(userId: string, latency: number, used: boolean, signal?: AbortSignal) {
  const release = await pacer.acquire(userId, signal)
  const item = { userId, start: Date.now(), end: Infinity, used }
  sent.push(item)
  const end = () => {
    item.end = Date.now()
    release(used)
  }
  if (latency) setTimeout(end, latency)
  else end()
}

export const refused = (promise: Promise<unknown>) => promise.then(() => 'sent', (error: PushError) => {
  expect(error).to.be.instanceOf(PushError)
  return error.reason as string
})

const settle = () => new Promise(resolve => turn(resolve))

/** Lets time pass, timer by timer. */
export async function pass(ms: number) {
  await settle()
  const end = Date.now() + ms
  const sentinel = setTimeout(() => {}, ms)
  while (Date.now() < end) {
    clock.next()
    await settle()
  }
  clearTimeout(sentinel)
  // what is due at the same moment
  clock.tick(0)
  await settle()
}

export const users = () => sent.map(({ userId }) => userId)
